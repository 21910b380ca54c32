#include "ws/ws_client.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/tcp_socket.h"
#include "core/xalloc.h"
#include "ws/lws_loop.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HTTP_SWITCHING_PROTOCOLS 101
#define HTTP_FORBIDDEN 403
#define HTTP_NOT_FOUND 404

struct ws_client {
	struct ws_conn *conn; /* NULL once it has ended */
	struct loop_timer *connect_timer;
	bool timed_out;
	char *place; /* host:port, as in a URL */
	char *path;
	int64_t connect_wait_ms;
	void *owner;
	void (*failed)(void *owner, const struct error *err);
};

static void describe_failure(
	const struct ws_client *client, const struct ws_conn *conn, struct error *err)
{
	const char *place = client->place, *reason = ws_conn_end_reason(conn);
	unsigned status = ws_conn_http_status(conn);

	if (client->timed_out) {
		error_set(err, ERROR_TIMEOUT,
			"no answer from %s within %lld s; is it switched on, and is the port open in its firewall?",
			place, (long long)(client->connect_wait_ms + 999) / 1000);
	} else if (status == HTTP_NOT_FOUND) {
		error_set(err, ERROR_NOT_FOUND,
			"%s answers with HTTP 404 to '%s'; it is not a CapyDeploy agent; check the port",
			place, client->path);
	} else if (status == HTTP_FORBIDDEN) {
		error_set(err, ERROR_BLOCKED,
			"%s refuses this program with HTTP 403; allow its origin in the agent's settings",
			place);
	} else if (status != 0 && status != HTTP_SWITCHING_PROTOCOLS) {
		error_set(err, ERROR_IO,
			"%s answers with HTTP %u instead of a WebSocket; check the port", place,
			status);
	} else {
		error_set(err, ERROR_IO,
			"cannot connect to %s (%s); is the agent running there, and is the port right?",
			place, reason[0] != '\0' ? reason : "the connection was closed");
	}
}

static void on_gone(void *user, struct ws_conn *conn)
{
	struct ws_client *client = user;
	struct error err = { 0 };

	client->conn = NULL;
	loop_timer_stop(client->connect_timer);
	if (!ws_conn_was_opened(conn)) {
		describe_failure(client, conn, &err);
		client->failed(client->owner, &err); /* may destroy the client */
	}
}

static const struct ws_side client_side = { .gone = on_gone };

static void on_connect_timer(void *user)
{
	struct ws_client *client = user;

	if (client->conn != NULL && !ws_conn_was_opened(client->conn)) {
		client->timed_out = true;
		ws_conn_kill(client->conn, WS_CLOSE_LINK_BROKE, "timed out");
	}
}

/* lws would say no more than that it failed. */
static bool check_host(const char *host, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int result = getaddrinfo(host, NULL, &hints, &found);

	if (result != 0) {
		return error_set(err, ERROR_NOT_FOUND,
			"cannot find '%s' (%s); check the name, or give its numeric address", host,
			gai_strerror(result));
	}
	freeaddrinfo(found);
	return true;
}

struct ws_client *ws_client_create(
	struct lws_loop *lws_loop, const struct ws_client_options *options, struct error *err)
{
	struct ws_client *client;

	if (options->address == NULL && !check_host(options->host, err)) {
		return NULL;
	}
	client = xcalloc(1, sizeof(*client));
	client->owner = options->owner;
	client->failed = options->failed;
	client->connect_wait_ms = options->connect_wait_ms;
	client->path = xstrdup(options->path);
	client->place = tcp_socket_host_port(options->host, options->port);
	client->connect_timer =
		loop_timer_create(lws_loop_core(lws_loop), on_connect_timer, client);
	client->conn = ws_conn_create(
		lws_loop, &options->limits, options->events, options->owner, &client_side, client);
	ws_conn_set_standing(client->conn, WS_ADMITTED);
	loop_timer_set(client->connect_timer, options->connect_wait_ms);
	/* If it fails, failed() gives the reason. */
	ws_conn_connect(client->conn, options->address != NULL ? options->address : options->host,
		options->port, options->path, client->place);
	return client;
}

void ws_client_destroy(struct ws_client *client)
{
	if (client == NULL) {
		return;
	}
	if (client->conn != NULL) {
		ws_conn_leave(client->conn, WS_CLOSE_GOING_AWAY, "", false);
	}
	loop_timer_destroy(client->connect_timer);
	free(client->place);
	free(client->path);
	free(client);
}
