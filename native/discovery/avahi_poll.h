#pragma once

#include <avahi-common/watch.h>

struct loop;

/*
 * Runs Avahi's libraries on core/loop: fills api, which the caller keeps in place, with functions
 * that make watches and timers of that loop.
 *
 * Every watch owns a duplicate of its descriptor, because epoll knows a descriptor once and libdbus
 * watches one twice (for reading and for writing). Nothing to tear down: Avahi frees its watches
 * and timeouts with the client or server that made them.
 */
void avahi_poll_init(AvahiPoll *api, struct loop *loop);
