#include "core/cleanup.h"
#include "core/loop.h"
#include "core/random.h"
#include "core/sd_notify.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager: a real datagram socket, at a path or in the abstract name space. */
static char folder[FOLDER_BYTES];
static int manager_fd;
static struct loop *loop;

static void listen_as_manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(address.sun_path, name, strlen(name));
	if (*name == '@') {
		address.sun_path[0] = '\0';
	}
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager_fd, (struct sockaddr *)&address, bytes), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void set_up(void)
{
	char name[sizeof(folder) + 10];

	folder_make(folder);
	snprintf(name, sizeof(name), "%s/notify", folder);
	listen_as_manager(name);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	loop = loop_create();
}

static void tear_down(void)
{
	loop_destroy(loop);
	close(manager_fd);
	folder_remove(folder);
}

static void expect(const char *text)
{
	char bytes[256];
	ssize_t length = recv(manager_fd, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);

	bytes[length > 0 ? length : 0] = '\0';
	ck_assert_str_eq(bytes, text);
}

static void set_watchdog(const char *usec, pid_t pid)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", pid);
	ck_assert_int_eq(setenv("WATCHDOG_USEC", usec, 1), 0);
	ck_assert_int_eq(setenv("WATCHDOG_PID", text, 1), 0);
}

START_TEST(news_arrives)
{
	struct sd_notify *notify = sd_notify_create(loop);

	ck_assert_ptr_nonnull(notify);
	sd_notify_status(notify, "waiting");
	sd_notify_ready(notify);
	sd_notify_status(notify, "two\nREADY=0");
	sd_notify_stopping(notify);
	expect("STATUS=waiting");
	expect("READY=1");
	expect("STATUS=two");
	expect("STOPPING=1");
	expect("");
	sd_notify_destroy(notify);
}
END_TEST

START_TEST(an_abstract_socket_is_reached)
{
	/* All on this machine share these names, whatever their process ids are. */
	AUTO(free_ptr) char *number = random_hex(16);
	AUTO(free_ptr) char *name = xasprintf("@test_notify/%s", number);
	struct sd_notify *notify;

	close(manager_fd);
	listen_as_manager(name);
	notify = sd_notify_create(loop);
	sd_notify_ready(notify);
	expect("READY=1");
	sd_notify_destroy(notify);
}
END_TEST

START_TEST(children_do_not_speak_for_us)
{
	struct sd_notify *notify;

	set_watchdog("1000000", getpid());
	notify = sd_notify_create(loop);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
	sd_notify_destroy(notify);
}
END_TEST

static const char *const no_addresses[] = { "", "/", "@", "relative/notify", "vsock:2:1234",
	("/0123456789012345678901234567890123456789012345678901234567890123456789"
	 "012345678901234567890123456789012345678901234567890123456789") };

START_TEST(without_a_manager_nothing_happens)
{
	struct sd_notify *notify;

	ck_assert_int_eq(setenv("NOTIFY_SOCKET", no_addresses[_i], 1), 0);
	notify = sd_notify_create(loop);
	ck_assert_ptr_null(notify);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	sd_notify_ready(notify);
	sd_notify_status(notify, "nobody listens");
	sd_notify_stopping(notify);
	sd_notify_destroy(notify);
	expect("");
}
END_TEST

START_TEST(a_manager_that_went_does_no_harm)
{
	struct sd_notify *notify = sd_notify_create(loop);

	close(manager_fd);
	sd_notify_ready(notify);
	sd_notify_destroy(notify);
}
END_TEST

static void on_sign(void *user, uint32_t events)
{
	unsigned *left = user;

	expect("WATCHDOG=1");
	if (--*left == 0) {
		loop_stop(loop);
	}
}

/* Twice per period: three of them within one and a half periods came in time. */
START_TEST(life_signs_come_twice_within_the_time)
{
	unsigned left = 3;
	struct sd_notify *notify;
	struct loop_watch *watch;
	int64_t began_ms = loop_now_ms();

	set_watchdog("200000", getpid());
	notify = sd_notify_create(loop);
	watch = loop_watch_add(loop, manager_fd, LOOP_READ, on_sign, &left);
	loop_run(loop);
	ck_assert_int_ge(loop_now_ms() - began_ms, 2 * 100); /* not more often */
	loop_watch_remove(watch);
	sd_notify_destroy(notify);
}
END_TEST

static void on_waited(void *user)
{
	loop_stop(loop);
}

static void expect_no_sign(void)
{
	struct sd_notify *notify = sd_notify_create(loop);
	struct loop_timer *timer = loop_timer_create(loop, on_waited, NULL);

	ck_assert_ptr_nonnull(notify);
	loop_timer_set(timer, 0); /* after the first sign, were there one */
	loop_run(loop);
	expect("");
	loop_timer_destroy(timer);
	sd_notify_destroy(notify);
}

START_TEST(life_signs_are_for_the_process_that_is_meant)
{
	set_watchdog("200000", getppid());
	expect_no_sign();
}
END_TEST

static const char *const no_times[] = { "", "0", "-5", "soon", "12 s" };

START_TEST(a_time_that_is_none_asks_for_no_signs)
{
	set_watchdog(no_times[_i], getpid());
	expect_no_sign();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("notify");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, news_arrives);
	tcase_add_test(tests, an_abstract_socket_is_reached);
	tcase_add_test(tests, children_do_not_speak_for_us);
	tcase_add_loop_test(tests, without_a_manager_nothing_happens, 0,
		sizeof(no_addresses) / sizeof(no_addresses[0]));
	tcase_add_test(tests, a_manager_that_went_does_no_harm);
	tcase_add_test(tests, life_signs_come_twice_within_the_time);
	tcase_add_test(tests, life_signs_are_for_the_process_that_is_meant);
	tcase_add_loop_test(tests, a_time_that_is_none_asks_for_no_signs, 0,
		sizeof(no_times) / sizeof(no_times[0]));
	return run_tcase(tests);
}
