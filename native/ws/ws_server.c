#include "ws/ws_server.h"

#include "core/list.h"
#include "core/peer_key.h"
#include "core/strvec.h"
#include "core/tcp_socket.h"
#include "core/xalloc.h"
#include "ws/lws_loop.h"
#include "ws/ws_link.h"
#include "ws/ws_listener.h"

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

struct peer {
	struct ws_server *server;
	struct ws_conn *conn;
	struct peer_key key;
	TAILQ_ENTRY(peer) link;
};

struct ws_server {
	struct lws_loop *lws_loop;
	struct ws_server_options options;
	struct ws_listener *listener;
	TAILQ_HEAD(, peer) peers; /* the oldest first */
};

/* --- Guests --- */

static bool is_counted(const struct peer *peer)
{
	return ws_conn_standing(peer->conn) != WS_ADMITTED && !ws_conn_is_killed(peer->conn);
}

static unsigned count_guests(const struct ws_server *server, const struct peer *like)
{
	const struct peer *peer;
	unsigned count = 0;

	TAILQ_FOREACH (peer, &server->peers, link) {
		count += is_counted(peer) &&
			 (like == NULL || peer_key_equal(&peer->key, &like->key));
	}
	return count;
}

/* The oldest guest of the address that holds most; with an address given, that one's oldest. */
static struct peer *find_victim(struct ws_server *server, const struct peer *like)
{
	struct peer *peer, *victim = NULL;
	unsigned most = 0;

	TAILQ_FOREACH (peer, &server->peers, link) {
		unsigned count;

		if (!is_counted(peer) || ws_conn_standing(peer->conn) != WS_GUEST ||
			(like != NULL && !peer_key_equal(&peer->key, &like->key))) {
			continue;
		}
		count = count_guests(server, peer);
		if (count > most) {
			most = count;
			victim = peer;
		}
	}
	return victim;
}

/* newcomer is in the list already. */
static void make_room(struct ws_server *server, struct peer *newcomer)
{
	const struct ws_server_options *options = &server->options;
	const struct peer *like = NULL;
	struct peer *victim;

	if (count_guests(server, newcomer) > options->guest_count_per_address) {
		like = newcomer;
	} else if (count_guests(server, NULL) <= options->guest_count_max) {
		return;
	}
	victim = find_victim(server, like);
	ws_conn_kill(victim->conn, WS_CLOSE_TRY_LATER, "too many connections");
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

static void on_gone(void *user, struct ws_conn *conn)
{
	struct peer *peer = user;

	TAILQ_REMOVE(&peer->server->peers, peer, link);
	free(peer);
}

static const struct ws_side server_side = { .admit = admit, .gone = on_gone };

/* --- Accepting --- */

static void add_peer(struct ws_server *server, int fd, const struct sockaddr *address)
{
	struct peer *peer = xcalloc(1, sizeof(*peer));
	struct ws_conn *conn = ws_conn_create(server->lws_loop, &server->options.limits,
		server->options.events, server->options.owner, &server_side, peer);
	char text[TCP_SOCKET_ADDRESS_BYTES];

	peer->server = server;
	peer->conn = conn;
	tcp_socket_address(address, text);
	ws_conn_set_address(conn, text);
	peer->key = peer_key_of(text);
	TAILQ_INSERT_TAIL(&server->peers, peer, link);
	make_room(server, peer);
	if (ws_conn_is_killed(conn)) {
		close(fd);
		return;
	}
	ws_conn_set_deadline(conn, server->options.guest_wait_ms);
	ws_conn_adopt_take(conn, fd);
}

static void on_accepted(void *user, int fd, const struct sockaddr *address)
{
	int on = 1, unsent_bytes = UNSENT_BYTES;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof(unsent_bytes));
	add_peer(user, fd, address);
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
	free(server);
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
