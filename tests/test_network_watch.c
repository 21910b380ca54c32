#include "core/cleanup.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "discovery/network_watch.h"
#include "own_network.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A network of this process alone, whose loopback interface is the one that changes. */
static struct loop *loop;
static struct network_watch *watch;
static unsigned changes;

static void on_changed(void *user)
{
	changes++;
	loop_stop(loop);
}

static void set_up(void)
{
	ck_assert(own_network_enter());
	loop = loop_create();
	changes = 0;
	watch = network_watch_create(loop, on_changed, NULL);
	ck_assert_ptr_nonnull(watch);
}

static void tear_down(void)
{
	network_watch_destroy(watch);
	loop_destroy(loop);
}

static void set_loopback(unsigned long request, const struct ifreq *what)
{
	AUTO(close_fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq order = *what;

	strcpy(order.ifr_name, "lo");
	ck_assert_int_eq(ioctl(fd, request, &order), 0);
}

static void set_up_or_down(bool up)
{
	set_loopback(SIOCSIFFLAGS, &(struct ifreq){ .ifr_flags = up ? IFF_UP : 0 });
}

static void set_address(const char *text)
{
	struct ifreq order = { 0 };
	struct sockaddr_in address = { .sin_family = AF_INET };

	ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
	memcpy(&order.ifr_addr, &address, sizeof(address));
	set_loopback(SIOCSIFADDR, &order);
}

static void expect_one_more(void)
{
	unsigned before = changes;

	loop_run(loop);
	ck_assert_uint_eq(changes, before + 1);
}

START_TEST(addresses_are_those_that_others_reach)
{
	struct strvec addresses = { 0 };

	set_up_or_down(true);
	network_watch_addresses(&addresses);
	ck_assert_uint_eq(addresses.count, 0); /* a loopback alone */
	ck_assert_int_eq(system("ip link add one type veth peer name two && "
				"ip addr add 10.77.0.1/24 dev one && "
				"ip addr add 2001:db8::1/64 dev one nodad && "
				"ip link set one up && ip link set two up"),
		0);
	network_watch_addresses(&addresses);
	ck_assert_uint_eq(addresses.count, 2);
	ck_assert_str_eq(addresses.items[0], "10.77.0.1");
	ck_assert_str_eq(addresses.items[1], "2001:db8::1");
	strvec_finish(&addresses);
}
END_TEST

START_TEST(links_and_addresses_are_news)
{
	set_up_or_down(true);
	expect_one_more();
	set_address("10.9.8.7");
	expect_one_more();
	set_address("10.9.8.6");
	expect_one_more();
	set_up_or_down(false);
	expect_one_more();
}
END_TEST

static void on_waited(void *user)
{
	loop_stop(loop);
}

/* A change undone before it is looked at is no change. */
START_TEST(the_same_network_is_no_news)
{
	struct loop_timer *timer = loop_timer_create(loop, on_waited, NULL);

	set_up_or_down(true);
	set_address("10.9.8.7");
	expect_one_more();
	set_address("10.9.8.6");
	set_address("10.9.8.7");
	loop_timer_set(timer, 300); /* longer than it takes to settle */
	loop_run(loop);
	ck_assert_uint_eq(changes, 1);
	loop_timer_destroy(timer);
}
END_TEST

static bool can_have_own_network(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		_exit(own_network_enter() ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
	TCase *tests = tcase_create("network_watch");

	if (!can_have_own_network()) {
		puts("skipped: no network namespaces here");
		return 0;
	}
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, addresses_are_those_that_others_reach);
	tcase_add_test(tests, links_and_addresses_are_news);
	tcase_add_test(tests, the_same_network_is_no_news);
	return run_tcase(tests);
}
