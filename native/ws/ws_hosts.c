#include "ws/ws_hosts.h"

#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define HOSTS_MAX 1024
#define FORGET_MS (10 * 60 * 1000)

struct ws_hosts {
	struct ws_host items[HOSTS_MAX];
	unsigned count;
	struct peer_key trusted[WS_HOSTS_TRUSTED_MAX]; /* the latest first */
	unsigned trusted_count;
};

struct ws_hosts *ws_hosts_create(void)
{
	return xcalloc(1, sizeof(struct ws_hosts));
}

void ws_hosts_destroy(struct ws_hosts *hosts)
{
	free(hosts);
}

struct ws_host *ws_hosts_find(struct ws_hosts *hosts, const struct peer_key *key)
{
	for (unsigned i = 0; i < hosts->count; i++) {
		if (peer_key_equal(&hosts->items[i].key, key)) {
			return &hosts->items[i];
		}
	}
	return NULL;
}

/* A place for another host: a new one, or that of the host not seen for the longest time. */
static struct ws_host *find_place(struct ws_hosts *hosts)
{
	struct ws_host *oldest = NULL;

	if (hosts->count < HOSTS_MAX) {
		return &hosts->items[hosts->count++];
	}
	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		struct ws_host *host = &hosts->items[i];

		if (host->waiting_count == 0 &&
			(oldest == NULL || host->seen_ms < oldest->seen_ms)) {
			oldest = host;
		}
	}
	return oldest;
}

struct ws_host *ws_hosts_meet(struct ws_hosts *hosts, const struct peer_key *key, int64_t now_ms)
{
	struct ws_host *host = ws_hosts_find(hosts, key);
	bool is_known =
		host != NULL && (host->waiting_count > 0 || now_ms - host->seen_ms <= FORGET_MS);

	if (host == NULL) {
		host = find_place(hosts);
	}
	if (host != NULL && !is_known) {
		*host = (struct ws_host){ .key = *key, .known_since_ms = now_ms };
	}
	if (host != NULL) {
		host->seen_ms = now_ms;
	}
	return host;
}

void ws_hosts_trust(struct ws_hosts *hosts, const struct peer_key *exact)
{
	unsigned at = 0;

	while (at < hosts->trusted_count && !peer_key_equal(&hosts->trusted[at], exact)) {
		at++;
	}
	if (at == hosts->trusted_count && at < WS_HOSTS_TRUSTED_MAX) {
		hosts->trusted_count++;
	} else if (at == hosts->trusted_count) {
		at--; /* the one that was trusted longest ago makes room */
	}
	memmove(hosts->trusted + 1, hosts->trusted, at * sizeof(hosts->trusted[0]));
	hosts->trusted[0] = *exact;
}

bool ws_hosts_is_trusted(const struct ws_hosts *hosts, const struct peer_key *exact)
{
	for (unsigned i = 0; i < hosts->trusted_count; i++) {
		if (peer_key_equal(&hosts->trusted[i], exact)) {
			return true;
		}
	}
	return false;
}
