#include "ws/ws_server.h"

#include "core/peer_key.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "ws/ws_link.h"
#include "ws/ws_listener.h"

#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What may lie unsent in the kernel: there a progress event can no longer be replaced. */
#define UNSENT_BYTES (128 * 1024)

struct peer {
	struct ws_server *server;
	struct ws_conn *conn;
	struct peer_key key;
	struct peer *next; /* the newer one */
};

struct ws_server {
	struct lws_loop *lws_loop;
	struct ws_server_options options;
	struct ws_listener *listener;
	struct peer *peers; /* the oldest first */
};

/* Strangers */

static bool is_counted(const struct peer *peer)
{
	return peer->conn->standing != WS_ADMITTED && !peer->conn->killed;
}

static unsigned count_guests(const struct ws_server *server, const struct peer *like)
{
	unsigned count = 0;

	for (const struct peer *peer = server->peers; peer != NULL; peer = peer->next) {
		count += is_counted(peer) &&
			 (like == NULL || peer_key_equal(&peer->key, &like->key));
	}
	return count;
}

/* The oldest guest of the address that holds most; with one given, its oldest. */
static struct peer *find_victim(struct ws_server *server, const struct peer *like)
{
	struct peer *victim = NULL;
	unsigned most = 0;

	for (struct peer *peer = server->peers; peer != NULL; peer = peer->next) {
		unsigned count;

		if (!is_counted(peer) || peer->conn->standing != WS_GUEST ||
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
	ws_conn_kill(victim->conn, WS_CLOSE_TRY_LATER, "too many strangers");
}

/* The request */

static bool is_path(const struct ws_server *server, struct lws *wsi)
{
	char path[128];

	return lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0 &&
	       strcmp(path, server->options.path) == 0;
}

static bool is_origin_allowed(const struct ws_server *server, struct lws *wsi)
{
	char origin[256];

	if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0) {
		return true; /* no browser */
	}
	return lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) > 0 &&
	       server->options.allowed_origins != NULL &&
	       strvec_contains(server->options.allowed_origins, origin);
}

static unsigned admit(void *user, struct lws *wsi)
{
	const struct peer *peer = user;

	if (!is_path(peer->server, wsi)) {
		return HTTP_STATUS_NOT_FOUND;
	}
	return is_origin_allowed(peer->server, wsi) ? 0 : HTTP_STATUS_FORBIDDEN;
}

static void on_gone(void *user, struct ws_conn *conn)
{
	struct peer *peer = user;
	struct peer **link = &peer->server->peers;

	while (*link != peer) {
		link = &(*link)->next;
	}
	*link = peer->next;
	free(peer);
}

static const struct ws_side server_side = { .admit = admit, .gone = on_gone };

/* Accepting */

static void add_peer(struct ws_server *server, int fd, const struct sockaddr *address)
{
	struct peer *peer = xcalloc(1, sizeof(*peer)), **link = &server->peers;
	struct ws_conn *conn = ws_conn_create(server->lws_loop, &server->options.limits,
		server->options.events, server->options.owner, &server_side, peer);
	lws_adopt_desc_t adoption = {
		.vh = lws_loop_vhost(server->lws_loop),
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
		.fd = { .sockfd = fd },
		.opaque = conn,
	};

	peer->server = server;
	peer->conn = conn;
	tcp_socket_address(address, conn->address);
	peer->key = peer_key_of(conn->address);
	while (*link != NULL) {
		link = &(*link)->next;
	}
	*link = peer;
	make_room(server, peer);
	if (conn->killed) {
		close(fd);
		return;
	}
	ws_conn_set_deadline(conn, server->options.guest_wait_ms);
	conn->wsi = lws_adopt_descriptor_vhost_via_info(&adoption);
	if (conn->wsi == NULL) {
		ws_conn_end_later(conn); /* lws has closed fd */
	}
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
	while (server->peers != NULL) {
		struct peer *peer = server->peers;

		server->peers = peer->next;
		ws_conn_leave(peer->conn, WS_CLOSE_GOING_AWAY, "the agent stops", true);
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
