#pragma once

#include "core/peer_key.h"

#include <stdbool.h>
#include <stdint.h>

struct ws_hosts;

/*
 * What is remembered of the hosts that connect, so that one that connects a thousand times cannot
 * keep another from connecting once. Memory is fixed: a host that has not been seen for the longest
 * time makes room, and one that stays away for ten minutes is new again. Times are loop_now_ms().
 */
struct ws_host {
	struct peer_key key;
	int64_t known_since_ms;
	int64_t seen_ms;
	int64_t turn_ms; /* when one of its connections was last let in, or given up; 0: never */
	bool was_silent; /* the last one that was let in had its time and said nothing */
	unsigned waiting_count; /* its connections that wait; while there are any, it stays */
};

struct ws_hosts *ws_hosts_create(void);
void ws_hosts_destroy(struct ws_hosts *hosts); /* NULL is fine */

/* It is here now. NULL: every host that is remembered has connections that wait. */
struct ws_host *ws_hosts_meet(struct ws_hosts *hosts, const struct peer_key *key, int64_t now_ms);
struct ws_host *ws_hosts_find(struct ws_hosts *hosts, const struct peer_key *key);

/*
 * A machine that has shown a valid token, or that the owner has chosen, by its exact address: it
 * goes first. The last WS_HOSTS_TRUSTED_MAX are remembered, however many others come.
 */
#define WS_HOSTS_TRUSTED_MAX 16
void ws_hosts_trust(struct ws_hosts *hosts, const struct peer_key *exact);
bool ws_hosts_is_trusted(const struct ws_hosts *hosts, const struct peer_key *exact);
