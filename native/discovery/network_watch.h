#pragma once

struct loop;
struct network_watch;
struct strvec;

/*
 * Reports that this host's network may have changed: an address or a link came or went, or the host
 * woke up (which the kernel reports like a clock that was set). Each change brings a handful of
 * kernel messages, and the report comes shortly after the last one; messages that change nothing,
 * such as a router's refreshed prefix, are ignored.
 *
 * NULL with errno if the kernel cannot be asked.
 */
struct network_watch *network_watch_create(
	struct loop *loop, void (*changed)(void *user), void *user);
void network_watch_destroy(struct network_watch *watch); /* NULL is fine */

/*
 * Appends this machine's addresses that others can reach, numeric, IPv4 first: no loopback, no
 * link-local IPv6. None without a network.
 */
void network_watch_addresses(struct strvec *addresses);
