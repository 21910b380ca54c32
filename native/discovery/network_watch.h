#pragma once

struct loop;
struct network_watch;
struct strvec;

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

/*
 * Appends this machine's addresses that others can reach, numeric, IPv4 first: no loopback, no
 * link-local IPv6. None without a network.
 */
void network_watch_addresses(struct strvec *addresses);
