#pragma once

struct error;
struct host_lookup;
struct loop;
struct strvec;

/*
 * Finds the numeric addresses of a host. The C library's resolver may take ten seconds and cannot
 * be cancelled, so it runs on a thread that is abandoned if the answer is no longer needed.
 *
 * found is called once, never from within create. addresses: in the order to try them, with
 * %interface for link-local IPv6; borrowed. err: NULL, or NOT_FOUND; then there are none. A numeric
 * host is its own address and needs no thread.
 */
struct host_lookup *host_lookup_create(struct loop *loop, const char *host,
	void (*found)(void *user, const struct strvec *addresses, const struct error *err),
	void *user);
/* Never waits; no further call is made. From within found too. NULL is fine. */
void host_lookup_destroy(struct host_lookup *lookup);
