#pragma once

struct loop;
struct network_watch;

/*
 * Tells that this host's network may be another: an address or a link came or went, or the host
 * woke up (the kernel says so, as for a clock that was set). A moment after the last of the
 * kernel's messages, of which each change brings a handful; those about the same network, such as a
 * router's refreshed prefix, are no news.
 *
 * NULL where the kernel cannot be asked (errno).
 */
struct network_watch *network_watch_create(
	struct loop *loop, void (*changed)(void *user), void *user);
void network_watch_destroy(struct network_watch *watch); /* NULL is fine */
