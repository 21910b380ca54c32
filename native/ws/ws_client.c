#include "ws/ws_client.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "ws/ws_link.h"

#include <libwebsockets.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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
	const char *place = client->place;

	if (client->timed_out) {
		error_set(err, ERROR_TIMEOUT,
			"no answer from %s within %lld s; is it switched on, and is the port open in its firewall?",
			place, (long long)(client->connect_wait_ms + 999) / 1000);
	} else if (conn->http_status == HTTP_STATUS_NOT_FOUND) {
		error_set(err, ERROR_NOT_FOUND,
			"%s answers with HTTP 404 to '%s'; it is no CapyDeploy agent, so check the port",
			place, client->path);
	} else if (conn->http_status == HTTP_STATUS_FORBIDDEN) {
		error_set(err, ERROR_BLOCKED,
			"%s refuses this program with HTTP 403; allow its origin in the agent's settings",
			place);
	} else if (conn->http_status != 0 && conn->http_status != 101) {
		error_set(err, ERROR_IO,
			"%s answers with HTTP %u instead of a WebSocket; check the port", place,
			conn->http_status);
	} else {
		error_set(err, ERROR_IO,
			"cannot connect to %s (%s); is the agent running there, and is the port right?",
			place,
			conn->reason[0] != '\0' ? conn->reason : "the connection was closed");
	}
}

static void on_gone(void *user, struct ws_conn *conn)
{
	struct ws_client *client = user;
	struct error err = { 0 };

	client->conn = NULL;
	loop_timer_stop(client->connect_timer);
	if (!conn->opened) {
		describe_failure(client, conn, &err);
		client->failed(client->owner, &err); /* may destroy the client */
	}
}

static const struct ws_side client_side = { .gone = on_gone };

static void on_connect_timer(void *user)
{
	struct ws_client *client = user;

	if (client->conn != NULL && !client->conn->opened) {
		client->timed_out = true;
		ws_conn_kill(client->conn, WS_CLOSE_LINK_BROKE, "time is up");
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
	struct lws_client_connect_info info = {
		.context = lws_loop_context(lws_loop),
		.vhost = lws_loop_vhost(lws_loop),
		.address = options->address != NULL ? options->address : options->host,
		.port = options->port,
		.path = options->path,
		.local_protocol_name = ws_link_protocols()[0].name,
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
	};
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
	info.host = client->place;
	info.opaque_user_data = client->conn;
	info.pwsi = &client->conn->wsi;
	loop_timer_set(client->connect_timer, options->connect_wait_ms);
	if (lws_client_connect_via_info(&info) == NULL) {
		ws_conn_end_later(client->conn); /* failed() tells why */
	}
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
