#include "ws/ws_server.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/peer_key.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "ws/port_holder.h"
#include "ws/ws_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Accepted in one go; those that were evicted for them end before the next. */
#define ACCEPTS_A_TURN 8
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
	uint16_t port;
	int listen_fd;
	int spare_fd; /* given up to accept, and drop, where no descriptor is left */
	struct loop_watch *watch;
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

static void add_peer(struct ws_server *server, int fd, const struct sockaddr_storage *address)
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
	tcp_socket_address((const void *)address, conn->address);
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

static int accept_one(struct ws_server *server, struct sockaddr_storage *address)
{
	socklen_t size = sizeof(*address);

	return accept4(server->listen_fd, (void *)address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Otherwise the connection that cannot be taken would keep the loop busy. */
static void drop_one(struct ws_server *server)
{
	struct sockaddr_storage address;
	int fd;

	close(server->spare_fd);
	fd = accept_one(server, &address);
	if (fd >= 0) {
		close(fd);
	}
	server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_connection(void *user, uint32_t events)
{
	struct ws_server *server = user;
	struct sockaddr_storage address;

	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept_one(server, &address), on = 1, unsent_bytes = UNSENT_BYTES;

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE) {
				drop_one(server);
			}
			return; /* whatever else it was: about one connection, or there is none */
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof(unsent_bytes));
		add_peer(server, fd, &address);
	}
}

/* Listening */

static bool fail_taken(uint16_t port, struct error *err)
{
	struct port_holder holder;

	if (port_holder_find(port, &holder)) {
		return error_set(err, ERROR_CONFLICT,
			"port %u is taken by '%s' (pid %d); stop it or set another port with --port",
			port, holder.name, (int)holder.pid);
	}
	return error_set(err, ERROR_CONFLICT,
		"port %u is taken by a process of another user; stop it or set another port with --port",
		port);
}

/* IPv6 that takes IPv4 as well, or IPv4 alone where the system has no IPv6. */
static int open_socket(struct sockaddr_storage *address, socklen_t *size, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;

	if (fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) {
		*size = sizeof(v6);
		memcpy(address, &v6, sizeof(v6));
		return fd;
	}
	close_fd(&fd);
	*size = sizeof(v4);
	memcpy(address, &v4, sizeof(v4));
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* A socket that listens, or −1. */
static int listen_on(uint16_t port, struct error *err)
{
	struct sockaddr_storage address = { 0 };
	AUTO(close_fd) int fd = -1;
	socklen_t size;
	int on = 1;

	fd = open_socket(&address, &size, port);
	if (fd < 0) {
		error_set_errno(err, "cannot open a socket for port %u", port);
		return -1;
	}
	/* On Linux this forgives what a crash left behind, but no second listener. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const void *)&address, size) == 0 && listen(fd, SOMAXCONN) == 0) {
		return TAKE_FD(fd);
	}
	if (errno == EADDRINUSE) {
		fail_taken(port, err);
	} else {
		error_set_errno(err, "cannot listen on port %u", port);
	}
	return -1;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(fd, (void *)&address, &size);
	/* The port stands at the same place in both families' addresses. */
	return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

bool ws_server_move(struct ws_server *server, uint16_t port, struct error *err)
{
	int fd = listen_on(port, err);

	if (fd < 0) {
		return false;
	}
	loop_watch_remove(server->watch);
	close_fd(&server->listen_fd);
	server->listen_fd = fd;
	server->port = port_of(fd);
	server->watch = loop_watch_add(
		lws_loop_core(server->lws_loop), fd, LOOP_READ, on_connection, server);
	return true;
}

struct ws_server *ws_server_create(
	struct lws_loop *lws_loop, const struct ws_server_options *options, struct error *err)
{
	struct ws_server *server = xcalloc(1, sizeof(*server));

	server->lws_loop = lws_loop;
	server->options = *options;
	server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	server->listen_fd = -1;
	if (!ws_server_move(server, options->port, err)) {
		ws_server_destroy(server);
		return NULL;
	}
	return server;
}

void ws_server_destroy(struct ws_server *server)
{
	if (server == NULL) {
		return;
	}
	loop_watch_remove(server->watch);
	close_fd(&server->listen_fd);
	close_fd(&server->spare_fd);
	while (server->peers != NULL) {
		struct peer *peer = server->peers;

		server->peers = peer->next;
		ws_conn_leave(peer->conn, WS_CLOSE_GOING_AWAY, "the agent stops", true);
		free(peer);
	}
	free(server);
}

uint16_t ws_server_port(const struct ws_server *server)
{
	return server->port;
}
