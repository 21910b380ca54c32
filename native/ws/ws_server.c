#include "ws/ws_server.h"

#include "core/list.h"
#include "core/loop.h"
#include "core/peer_key.h"
#include "core/strvec.h"
#include "core/tcp_socket.h"
#include "core/xalloc.h"
#include "ws/lws_loop.h"
#include "ws/ws_hosts.h"
#include "ws/ws_link.h"
#include "ws/ws_listener.h"
#include "ws/ws_porch.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_FORBIDDEN 403
#define HTTP_NOT_FOUND 404
/* Limit of unsent bytes in the kernel, where progress events can no longer be replaced. */
#define UNSENT_BYTES (128 * 1024)

/*
 * How long a newcomer has to speak before it may be evicted, and one whose host had that long the
 * last time and said nothing.
 */
#define TENURE_MS 200
#define SILENT_TENURE_MS 20
#define TRUSTED_TENURE_MS 3000
/* Between two strangers that are let in; while a Hub is connected they can only be refused. */
#define PACE_MS 4
#define BUSY_PACE_MS 20
/* While a Hub is connected: a flood wakes us a hundred times a second, and not for each of its own.
 */
#define BUSY_REST_MS 10

struct peer {
	struct ws_server *server;
	struct ws_conn *conn;
	struct peer_key key, exact;
	int64_t came_ms;
	int64_t settled_ms; /* it may be evicted from then on */
	TAILQ_ENTRY(peer) link;
};

struct ws_server {
	struct lws_loop *lws_loop;
	struct ws_server_options options;
	struct ws_listener *listener;
	struct ws_hosts *hosts;
	struct ws_porch *porch;
	TAILQ_HEAD(, peer) peers; /* the oldest first */
};

/* --- Guests --- */

static bool is_counted(const struct peer *peer)
{
	return ws_conn_standing(peer->conn) != WS_ADMITTED && !ws_conn_is_killed(peer->conn);
}

/* key NULL: of all addresses. */
static unsigned count_guests(const struct ws_server *server, const struct peer_key *key)
{
	const struct peer *peer;
	unsigned count = 0;

	TAILQ_FOREACH (peer, &server->peers, link) {
		count += is_counted(peer) && (key == NULL || peer_key_equal(&peer->key, key));
	}
	return count;
}

/* ms until it may be evicted for this visitor. */
static int64_t tenure_left_ms(
	const struct peer *peer, const struct ws_visitor *visitor, int64_t now_ms)
{
	bool is_own = peer_key_equal(&peer->exact, &visitor->exact);

	if (ws_conn_standing(peer->conn) == WS_REFUSED || is_own ||
		(visitor->is_trusted && !ws_conn_is_trusted(peer->conn)) ||
		now_ms >= peer->settled_ms) {
		return 0;
	}
	return peer->settled_ms - now_ms;
}

struct eviction {
	struct peer *victim; /* NULL: nobody may be evicted now … */
	int64_t wait_ms;     /* … but in so many ms */
};

/* Those that have had their answer go first, then the oldest of the address that holds most. */
static struct eviction find_victim(
	struct ws_server *server, const struct ws_visitor *visitor, const struct peer_key *key)
{
	struct eviction eviction = { .wait_ms = TENURE_MS };
	int64_t now_ms = loop_now_ms();
	struct peer *peer;
	unsigned most = 0;

	TAILQ_FOREACH (peer, &server->peers, link) {
		enum ws_standing standing = ws_conn_standing(peer->conn);
		int64_t left_ms = tenure_left_ms(peer, visitor, now_ms);
		unsigned count;

		if (!is_counted(peer) || standing == WS_HELD ||
			(key != NULL && !peer_key_equal(&peer->key, key))) {
			continue;
		}
		if (left_ms > 0) {
			eviction.wait_ms = left_ms < eviction.wait_ms ? left_ms : eviction.wait_ms;
			continue;
		}
		count = standing == WS_REFUSED ? UINT_MAX : count_guests(server, &peer->key);
		if (count > most) {
			most = count;
			eviction.victim = peer;
		}
	}
	return eviction;
}

static int64_t ask_for_place(void *user, const struct ws_visitor *visitor)
{
	struct ws_server *server = user;
	const struct ws_server_options *options = &server->options;
	const struct peer_key *key = NULL;
	struct eviction eviction;

	if (count_guests(server, &visitor->key) >= options->guest_count_per_address) {
		key = &visitor->key;
	} else if (count_guests(server, NULL) < options->guest_count_max) {
		return 0;
	}
	eviction = find_victim(server, visitor, key);
	if (eviction.victim == NULL) {
		return eviction.wait_ms;
	}
	ws_conn_kill(eviction.victim->conn, WS_CLOSE_TRY_LATER, "too many connections");
	return 0;
}

/* --- The request --- */

static bool is_origin_allowed(const struct ws_server *server, const char *origin)
{
	return origin == NULL || (server->options.allowed_origins != NULL && *origin != '\0' &&
					 strvec_contains(server->options.allowed_origins, origin));
}

static unsigned admit(void *user, const struct ws_request *request)
{
	const struct peer *peer = user;

	if (strcmp(request->path, peer->server->options.path) != 0) {
		return HTTP_NOT_FOUND;
	}
	return is_origin_allowed(peer->server, request->origin) ? 0 : HTTP_FORBIDDEN;
}

static void set_pace(struct ws_server *server)
{
	const struct peer *peer;
	bool is_busy = false;

	TAILQ_FOREACH (peer, &server->peers, link) {
		is_busy = is_busy || ws_conn_standing(peer->conn) == WS_ADMITTED;
	}
	ws_porch_set_pace(server->porch, is_busy ? BUSY_PACE_MS : PACE_MS);
	if (server->listener != NULL) {
		ws_listener_set_rest(server->listener, is_busy ? BUSY_REST_MS : 0);
	}
}

static void on_stands(void *user, enum ws_standing standing)
{
	struct peer *peer = user;

	if (standing == WS_ADMITTED) {
		ws_porch_trust(peer->server->porch, &peer->exact);
	}
	set_pace(peer->server);
	ws_porch_look(peer->server->porch); /* it may have become free to evict */
}

static void on_gone(void *user, struct ws_conn *conn)
{
	struct peer *peer = user;
	struct ws_server *server = peer->server;
	struct ws_host *host = ws_hosts_find(server->hosts, &peer->key);

	if (host != NULL) {
		/* Less time proves nothing: next time it has the whole. */
		host->was_silent =
			!ws_conn_has_spoken(conn) && loop_now_ms() - peer->came_ms >= TENURE_MS;
	}
	TAILQ_REMOVE(&server->peers, peer, link);
	free(peer);
	set_pace(server);
	ws_porch_look(server->porch);
}

static const struct ws_side server_side = {
	.admit = admit,
	.stands = on_stands,
	.gone = on_gone,
};

/* --- Accepting --- */

static int64_t tenure_ms(const struct ws_visitor *visitor)
{
	if (visitor->is_trusted) {
		return TRUSTED_TENURE_MS;
	}
	return visitor->was_silent ? SILENT_TENURE_MS : TENURE_MS;
}

static void on_come_in(void *user, int fd, const struct ws_visitor *visitor)
{
	struct ws_server *server = user;
	struct peer *peer = xcalloc(1, sizeof(*peer));
	int on = 1, unsent_bytes = UNSENT_BYTES;
	char text[TCP_SOCKET_ADDRESS_BYTES];

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof(unsent_bytes));
	peer->server = server;
	peer->key = visitor->key;
	peer->exact = visitor->exact;
	peer->came_ms = loop_now_ms();
	peer->settled_ms = peer->came_ms + tenure_ms(visitor);
	peer->conn = ws_conn_create(server->lws_loop, &server->options.limits,
		server->options.events, server->options.owner, &server_side, peer);
	tcp_socket_address(visitor->address, text);
	ws_conn_set_address(peer->conn, text);
	ws_conn_set_history(peer->conn, visitor->known_since_ms, visitor->is_trusted);
	TAILQ_INSERT_TAIL(&server->peers, peer, link);
	ws_conn_set_deadline(peer->conn, visitor->left_ms);
	ws_conn_adopt_take(peer->conn, fd);
}

static void on_accepted(void *user, int fd, const struct sockaddr *address)
{
	struct ws_server *server = user;

	ws_porch_add_take(server->porch, fd, address);
}

static void on_crowded(void *user, unsigned dropped_count)
{
	const struct ws_server *server = user;

	if (server->options.crowded != NULL) {
		server->options.crowded(server->options.user, dropped_count);
	}
}

static void on_listening_changed(void *user)
{
	const struct ws_server *server = user;

	if (server->options.listening_changed != NULL) {
		server->options.listening_changed(server->options.user);
	}
}

static const struct ws_listener_events listener_events = {
	.accepted = on_accepted,
	.changed = on_listening_changed,
};

struct ws_server *ws_server_create(
	struct lws_loop *lws_loop, const struct ws_server_options *options)
{
	struct ws_server *server = xcalloc(1, sizeof(*server));

	TAILQ_INIT(&server->peers);
	server->lws_loop = lws_loop;
	server->options = *options;
	server->hosts = ws_hosts_create();
	server->porch = ws_porch_create(&(struct ws_porch_options){
		.loop = lws_loop_core(lws_loop),
		.hosts = server->hosts,
		.count_max = options->waiting_count_max,
		.wait_ms = options->guest_wait_ms,
		.ask = ask_for_place,
		.come_in = on_come_in,
		.crowded = on_crowded,
		.user = server,
	});
	set_pace(server);
	server->listener = ws_listener_create(
		lws_loop_core(lws_loop), options->port, &listener_events, server);
	return server;
}

void ws_server_destroy(struct ws_server *server)
{
	if (server == NULL) {
		return;
	}
	ws_listener_destroy(server->listener);
	while (!TAILQ_EMPTY(&server->peers)) {
		struct peer *peer = TAILQ_FIRST(&server->peers);

		TAILQ_REMOVE(&server->peers, peer, link);
		ws_conn_leave(peer->conn, WS_CLOSE_GOING_AWAY, "the agent is stopping", true);
		free(peer);
	}
	ws_porch_destroy(server->porch);
	ws_hosts_destroy(server->hosts);
	free(server);
}

void ws_server_trust(struct ws_server *server, const char *address)
{
	const struct peer_key exact = peer_key_exact_of(address);

	ws_porch_trust(server->porch, &exact);
}

bool ws_server_move(struct ws_server *server, uint16_t port, struct error *err)
{
	return ws_listener_move(server->listener, port, err);
}

uint16_t ws_server_port(const struct ws_server *server)
{
	return ws_listener_port(server->listener);
}

const char *ws_server_problem(const struct ws_server *server)
{
	return ws_listener_problem(server->listener);
}
