#pragma once

#include <stdbool.h>

struct error;
struct loop;
struct lws_loop;
struct lws_context;

/*
 * The one place where libwebsockets and core/loop meet: owns the lws context, adopts loop_fd()
 * into it on a vhost that does not listen, and runs both. Source of the traps: net/README.md.
 */
struct lws_loop *lws_loop_create(struct loop *loop, struct error *err);
void lws_loop_destroy(struct lws_loop *lws_loop);
void lws_loop_run(struct lws_loop *lws_loop); /* until loop_stop(loop) */
/* For ws_server.c and ws_client.c only; borrowed. */
struct lws_context *lws_loop_context(struct lws_loop *lws_loop);
struct loop *lws_loop_core(struct lws_loop *lws_loop);
