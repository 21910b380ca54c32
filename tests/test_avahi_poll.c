#include "discovery/avahi_poll.h"

#include "core/loop.h"
#include "suite.h"

#include <avahi-common/timeval.h>
#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static AvahiPoll api;
static int ends[2];

static void setup(void)
{
	loop = loop_create();
	avahi_poll_init(&api, loop);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static void teardown(void)
{
	close(ends[0]);
	close(ends[1]);
	loop_destroy(loop);
}

struct heard {
	unsigned count;
	int fd;
	AvahiWatchEvent events;
	AvahiWatchEvent asked; /* what watch_get_events() said inside the callback */
};

static void on_event(AvahiWatch *watch, int fd, AvahiWatchEvent events, void *user)
{
	struct heard *heard = user;

	heard->count++;
	heard->fd = fd;
	heard->events = events;
	heard->asked = api.watch_get_events(watch);
	loop_stop(loop);
}

/* As libdbus does it. */
START_TEST(two_watches_share_a_descriptor)
{
	struct heard in = { 0 }, out = { 0 };
	AvahiWatch *reader = api.watch_new(&api, ends[0], AVAHI_WATCH_IN, on_event, &in);
	AvahiWatch *writer = api.watch_new(&api, ends[0], 0, on_event, &out);

	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	loop_run(loop);
	ck_assert_uint_eq(in.count, 1);
	ck_assert_int_eq(in.fd, ends[0]);
	ck_assert_int_eq(in.events, AVAHI_WATCH_IN);
	ck_assert_int_eq(in.asked, AVAHI_WATCH_IN);
	ck_assert_uint_eq(out.count, 0);

	api.watch_update(reader, 0);
	api.watch_update(writer, AVAHI_WATCH_OUT);
	loop_run(loop);
	ck_assert_uint_eq(in.count, 1);
	ck_assert_uint_eq(out.count, 1);
	ck_assert_int_eq(out.events, AVAHI_WATCH_OUT);

	api.watch_free(reader);
	loop_run(loop);
	ck_assert_uint_eq(out.count, 2);
	api.watch_free(writer);
}
END_TEST

START_TEST(hangup_also_reads)
{
	struct heard in = { 0 };
	AvahiWatch *reader = api.watch_new(&api, ends[0], AVAHI_WATCH_IN, on_event, &in);

	shutdown(ends[1], SHUT_RDWR);
	loop_run(loop);
	ck_assert_int_eq(in.events & AVAHI_WATCH_HUP, AVAHI_WATCH_HUP);
	ck_assert_int_eq(in.events & AVAHI_WATCH_IN, AVAHI_WATCH_IN);
	api.watch_free(reader);
}
END_TEST

static void free_on_event(AvahiWatch *watch, int fd, AvahiWatchEvent events, void *user)
{
	api.watch_free(watch);
	loop_stop(loop);
}

START_TEST(watch_frees_itself)
{
	ck_assert_ptr_nonnull(api.watch_new(&api, ends[0], AVAHI_WATCH_OUT, free_on_event, NULL));
	loop_run(loop);
}
END_TEST

START_TEST(bad_descriptor_is_reported)
{
	ck_assert_ptr_null(api.watch_new(&api, -1, AVAHI_WATCH_IN, on_event, NULL));
}
END_TEST

static unsigned expired_count;

static void on_timeout(AvahiTimeout *timeout, void *user)
{
	struct timeval *again = user;

	expired_count++;
	if (expired_count < 3) {
		api.timeout_update(timeout, again);
	} else {
		api.timeout_free(timeout);
		loop_stop(loop);
	}
}

static void on_wrong_timeout(AvahiTimeout *timeout, void *user)
{
	ck_abort_msg("a stopped timeout expired");
}

START_TEST(timeouts_are_absolute)
{
	struct timeval past = { .tv_sec = 1 }, soon;
	AvahiTimeout *unset = api.timeout_new(&api, NULL, on_wrong_timeout, NULL);
	AvahiTimeout *stopped = api.timeout_new(&api, &past, on_wrong_timeout, NULL);
	AvahiTimeout *far;

	avahi_elapse_time(&soon, 3600 * 1000, 0);
	far = api.timeout_new(&api, &soon, on_wrong_timeout, NULL);
	api.timeout_update(stopped, NULL);
	expired_count = 0;
	avahi_elapse_time(&soon, 5, 0);
	api.timeout_new(&api, &past, on_timeout, &soon);
	loop_run(loop);
	ck_assert_uint_eq(expired_count, 3);
	api.timeout_free(unset);
	api.timeout_free(stopped);
	api.timeout_free(far);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("avahi_poll");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, two_watches_share_a_descriptor);
	tcase_add_test(tcase, hangup_also_reads);
	tcase_add_test(tcase, watch_frees_itself);
	tcase_add_test(tcase, bad_descriptor_is_reported);
	tcase_add_test(tcase, timeouts_are_absolute);
	return run_tcase(tcase);
}
