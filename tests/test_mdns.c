/*
 * Publisher and browser without avahi-daemon, on a network of their own; with one, and against
 * another implementation: tests/e2e/mdns_test.py.
 */
#include "discovery/mdns.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "discovery/mdns_child.h"
#include "own_network.h"
#include "proto/proto_mdns.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TYPE "_capydeploy._tcp"
#define PATIENCE_S 60 /* bounds a hang */

static struct loop *loop;
static struct mdns *mdns;
static struct mdns_browser *browser;

static struct {
	enum mdns_state state;
	unsigned found_count, removed_count, settled_count;
	char address[64];
	uint16_t port;
	struct strvec txt;
} seen;

static void on_state(void *user, enum mdns_state state)
{
	seen.state = state;
}

static void on_found(void *user, const struct mdns_found *found)
{
	ck_assert_str_eq(found->name, "1a2b3c4d");
	ck_assert_str_eq(found->host, "capydeck-1a2b3c4d.local");
	seen.found_count++;
	seen.port = found->port;
	snprintf(seen.address, sizeof(seen.address), "%s", found->address);
	strvec_copy(&seen.txt, found->txt);
}

static void on_removed(void *user, const char *name)
{
	ck_assert_str_eq(name, "1a2b3c4d");
	seen.removed_count++;
}

static void on_settled(void *user)
{
	seen.settled_count++;
}

static void on_failed(void *user, const struct error *err)
{
	ck_abort_msg("%s", err->message);
}

static const struct mdns_browser_events events = {
	.found = on_found,
	.removed = on_removed,
	.settled = on_settled,
	.failed = on_failed,
};

static void setup(void)
{
	memset(&seen, 0, sizeof(seen));
	loop = loop_create();
}

static void teardown(void)
{
	mdns_browser_destroy(browser);
	mdns_destroy(mdns);
	browser = NULL;
	mdns = NULL;
	strvec_finish(&seen.txt);
	loop_destroy(loop);
}

static void publish(int64_t refresh_ms)
{
	struct strvec txt = { 0 };
	struct mdns_options options = {
		.type = TYPE,
		.name = "1a2b3c4d",
		.host = "capydeck-1a2b3c4d",
		.port = 9999,
		.txt = &txt,
		.refresh_ms = refresh_ms,
	};

	strvec_push(&txt, "id=1a2b3c4d");
	strvec_push(&txt, "name=Größe 10");
	mdns = mdns_create(loop, &options, on_state, NULL);
	strvec_finish(&txt);
}

static void wake_up(void *user)
{
	loop_timer_set(*(struct loop_timer **)user, 20);
	loop_stop(loop);
}

/* Runs the loop until done() says so; Check's own timeout ends a hang. */
static void run_until(bool (*done)(void))
{
	struct loop_timer *timer = NULL;

	timer = loop_timer_create(loop, wake_up, &timer);
	loop_timer_set(timer, 0);
	while (!done()) {
		loop_run(loop);
	}
	loop_timer_destroy(timer);
}

static bool is_embedded(void)
{
	return seen.state == MDNS_EMBEDDED;
}

static bool is_found(void)
{
	return seen.found_count > 0;
}

static bool is_renamed(void)
{
	return strvec_contains(&seen.txt, "name=Deck 2");
}

static bool is_removed(void)
{
	return seen.removed_count > 0;
}

static bool is_settled(void)
{
	return seen.settled_count > 0;
}

START_TEST(found_updated_and_removed)
{
	struct strvec txt = { 0 };

	publish(0);
	ck_assert_int_eq(mdns_state(mdns), MDNS_STARTING);
	browser = mdns_browser_create(loop, TYPE, &events, NULL);
	run_until(is_found);
	ck_assert_int_eq(seen.port, 9999);
	ck_assert_str_eq(seen.address, "10.77.0.1");
	ck_assert_uint_eq(seen.txt.count, 3);
	ck_assert_str_eq(seen.txt.items[0], "id=1a2b3c4d");
	ck_assert_str_eq(seen.txt.items[1], "name=Größe 10");
	ck_assert_int_eq(strncmp(seen.txt.items[2], "seq=", 4), 0);
	run_until(is_embedded);
	ck_assert_ptr_nonnull(strstr(mdns_detail(mdns), "by capydeck-mdns"));

	strvec_push(&txt, "name=Deck 2");
	mdns_update(mdns, &txt);
	strvec_finish(&txt);
	run_until(is_renamed);

	mdns_destroy(mdns);
	mdns = NULL;
	run_until(is_removed);
}
END_TEST

static bool is_refreshed(void)
{
	static char first[32];

	if (seen.txt.count == 3 && first[0] == '\0') {
		snprintf(first, sizeof(first), "%s", seen.txt.items[2]);
	}
	return seen.txt.count == 3 && strcmp(first, seen.txt.items[2]) != 0;
}

START_TEST(refresh_changes_the_record)
{
	publish(1000);
	browser = mdns_browser_create(loop, TYPE, &events, NULL);
	run_until(is_refreshed);
}
END_TEST

START_TEST(nothing_settles_too)
{
	browser = mdns_browser_create(loop, TYPE, &events, NULL);
	run_until(is_settled);
	ck_assert_uint_eq(seen.settled_count, 1);
	ck_assert_uint_eq(seen.found_count, 0);
}
END_TEST

static void destroy_publisher(void *user, enum mdns_state state)
{
	mdns_destroy(mdns);
	mdns = NULL;
	seen.state = MDNS_EMBEDDED;
}

static void destroy_on_found(void *user, const struct mdns_found *found)
{
	mdns_browser_destroy(browser);
	browser = NULL;
	seen.found_count++;
}

START_TEST(destroyed_by_their_listeners)
{
	struct mdns_browser_events ending = events;
	struct strvec txt = { 0 };
	struct mdns_options options = {
		.type = TYPE,
		.name = "1a2b3c4d",
		.host = "capydeck-1a2b3c4d",
		.port = 9999,
		.txt = &txt,
	};

	publish(0);
	ending.found = destroy_on_found;
	browser = mdns_browser_create(loop, TYPE, &ending, NULL);
	run_until(is_found);
	mdns_destroy(mdns);
	seen.state = MDNS_STARTING;
	mdns = mdns_create(loop, &options, destroy_publisher, NULL);
	run_until(is_embedded);
	ck_assert_ptr_null(mdns);
}
END_TEST

START_TEST(destroyed_before_they_start)
{
	publish(0);
	browser = mdns_browser_create(loop, TYPE, &events, NULL);
}
END_TEST

static pid_t child_pid(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

static bool has_failed(void)
{
	return seen.state == MDNS_FAILED;
}

START_TEST(killed_child_is_replaced)
{
	publish(0);
	run_until(is_embedded);
	kill(child_pid(), SIGKILL);
	run_until(has_failed);
	ck_assert_msg(strstr(mdns_detail(mdns), "capydeck-mdns was killed by signal 9") != NULL,
		"%s", mdns_detail(mdns));
	run_until(is_embedded);
}
END_TEST

START_TEST(stopped_child_does_not_keep_us)
{
	publish(0);
	run_until(is_embedded);
	kill(child_pid(), SIGSTOP);
	mdns_destroy(mdns);
	mdns = NULL;
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

static char *ending;

static void on_child_reported(void *user, const struct mdns_report *report)
{
	ck_abort_msg("%s", report->event); /* nothing was asked for, but to answer */
}

static void on_child_ended(void *user, const struct error *why)
{
	ending = strdup(why->message);
}

static bool has_ended(void)
{
	return ending != NULL;
}

static int64_t lives_until_ms;

static bool has_lived(void)
{
	return loop_now_ms() >= lives_until_ms;
}

START_TEST(stopped_child_is_noticed)
{
	static const struct mdns_child_events child_events = {
		.reported = on_child_reported,
		.ended = on_child_ended,
	};
	struct mdns_child *child = mdns_child_create(loop, 500, &child_events, NULL, NULL);

	/* While it runs it answers, well beyond the time after which it would be killed. */
	lives_until_ms = loop_now_ms() + 2500;
	run_until(has_lived);
	ck_assert_ptr_null(ending);
	kill(child_pid(), SIGSTOP);
	run_until(has_ended);
	ck_assert_str_eq(ending, "capydeck-mdns does not answer");
	mdns_child_destroy(child);
	free(ending);
	ending = NULL;
}
END_TEST

static bool enter_own_network(void)
{
	return own_network_enter() &&
	       system("ip link set lo up && ip link add mdns0 type veth peer name mdns1 && "
		      "ip addr add 10.77.0.1/24 dev mdns0 && ip link set mdns0 up && "
		      "ip link set mdns1 addrgenmode none up") == 0;
}

int main(void)
{
	TCase *tcase = tcase_create("mdns");

	if (!enter_own_network()) {
		printf("skipped: cannot make a network namespace here\n");
		return 0;
	}
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	tcase_set_timeout(tcase, PATIENCE_S);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, found_updated_and_removed);
	tcase_add_test(tcase, refresh_changes_the_record);
	tcase_add_test(tcase, nothing_settles_too);
	tcase_add_test(tcase, destroyed_by_their_listeners);
	tcase_add_test(tcase, destroyed_before_they_start);
	tcase_add_test(tcase, killed_child_is_replaced);
	tcase_add_test(tcase, stopped_child_does_not_keep_us);
	tcase_add_test(tcase, stopped_child_is_noticed);
	return run_tcase(tcase);
}
