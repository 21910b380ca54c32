#include "discovery/avahi_poll.h"

#include "core/loop.h"
#include "core/xalloc.h"

#include <avahi-common/timeval.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct AvahiWatch {
	struct loop_watch *watch;
	int fd;	    /* Avahi's own, passed to the callback */
	int own_fd; /* the duplicate that is watched */
	AvahiWatchEvent wanted;
	AvahiWatchEvent happened; /* at the last callback */
	AvahiWatchCallback callback;
	void *user;
};

struct AvahiTimeout {
	struct loop_timer *timer;
	AvahiTimeoutCallback callback;
	void *user;
};

static uint32_t to_loop_events(AvahiWatchEvent events)
{
	return ((events & AVAHI_WATCH_IN) ? LOOP_READ : 0) |
	       ((events & AVAHI_WATCH_OUT) ? LOOP_WRITE : 0);
}

static void on_ready(void *user, uint32_t events)
{
	AvahiWatch *watch = user;
	unsigned happened = 0;

	if (events & LOOP_READ) {
		happened |= AVAHI_WATCH_IN;
	}
	if (events & LOOP_WRITE) {
		happened |= AVAHI_WATCH_OUT;
	}
	if (events & LOOP_HANGUP) {
		/* avahi-core asserts that its sockets are readable; the read collects the error. */
		happened |= AVAHI_WATCH_HUP | (watch->wanted & AVAHI_WATCH_IN);
	}
	watch->happened = (AvahiWatchEvent)happened;
	watch->callback(watch, watch->fd, watch->happened, watch->user);
}

static AvahiWatch *watch_new(const AvahiPoll *api, int fd, AvahiWatchEvent events,
	AvahiWatchCallback callback, void *user)
{
	AvahiWatch *watch;
	int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own_fd < 0) {
		return NULL; /* out of descriptors; Avahi reports it */
	}
	watch = xcalloc(1, sizeof(*watch));
	watch->fd = fd;
	watch->own_fd = own_fd;
	watch->wanted = events;
	watch->callback = callback;
	watch->user = user;
	watch->watch =
		loop_watch_add(api->userdata, own_fd, to_loop_events(events), on_ready, watch);
	return watch;
}

static void watch_update(AvahiWatch *watch, AvahiWatchEvent events)
{
	watch->wanted = events;
	loop_watch_set(watch->watch, to_loop_events(events));
}

static AvahiWatchEvent watch_get_events(AvahiWatch *watch)
{
	return watch->happened;
}

static void watch_free(AvahiWatch *watch)
{
	loop_watch_remove(watch->watch);
	close(watch->own_fd);
	free(watch);
}

static void on_expired(void *user)
{
	AvahiTimeout *timeout = user;

	timeout->callback(timeout, timeout->user);
}

static void timeout_update(AvahiTimeout *timeout, const struct timeval *when)
{
	AvahiUsec left_us;

	if (when == NULL) {
		loop_timer_stop(timeout->timer);
		return;
	}
	left_us = -avahi_age(when);
	/* Rounded up: Avahi re-arms at once if it is called too early. */
	loop_timer_set(timeout->timer, left_us > 0 ? (left_us + 999) / 1000 : 0);
}

static AvahiTimeout *timeout_new(
	const AvahiPoll *api, const struct timeval *when, AvahiTimeoutCallback callback, void *user)
{
	AvahiTimeout *timeout = xcalloc(1, sizeof(*timeout));

	timeout->timer = loop_timer_create(api->userdata, on_expired, timeout);
	timeout->callback = callback;
	timeout->user = user;
	timeout_update(timeout, when);
	return timeout;
}

static void timeout_free(AvahiTimeout *timeout)
{
	loop_timer_destroy(timeout->timer);
	free(timeout);
}

void avahi_poll_init(AvahiPoll *api, struct loop *loop)
{
	*api = (AvahiPoll){
		.userdata = loop,
		.watch_new = watch_new,
		.watch_update = watch_update,
		.watch_get_events = watch_get_events,
		.watch_free = watch_free,
		.timeout_new = timeout_new,
		.timeout_update = timeout_update,
		.timeout_free = timeout_free,
	};
}
