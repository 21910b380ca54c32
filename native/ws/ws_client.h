#pragma once

#include "ws/ws_conn.h"

#include <stdint.h>

struct error;
struct lws_loop;
struct ws_client;

struct ws_client_options {
	const char *host;    /* name or numeric address; a name is looked up, which blocks */
	const char *address; /* NULL, or numeric: where host is, so that nothing blocks */
	uint16_t port;
	const char *path;
	int64_t connect_wait_ms;
	struct ws_limits limits;
	const struct ws_events *events;
	void *owner;
	/* The connection could not be made; called instead of opened/closed, never from create. */
	void (*failed)(void *owner, const struct error *err);
};

/* Starts to connect. Strings and events are copied or used before it returns, except events. */
struct ws_client *ws_client_create(
	struct lws_loop *lws_loop, const struct ws_client_options *options, struct error *err);
void ws_client_destroy(struct ws_client *client); /* NULL is fine; no further call is made */
