#pragma once

#include "core/list.h"

#include <stdbool.h>

struct error;
struct loop;
struct lws_context;
struct lws_loop;
struct lws_protocols;
struct lws_vhost;

/*
 * The one place where libwebsockets and core/loop meet: owns the lws context, adopts loop_fd()
 * into it on a vhost that does not listen, and runs both. Pitfalls of libwebsockets: ws/README.md.
 */
struct lws_loop *lws_loop_create(struct loop *loop, struct error *err);
void lws_loop_destroy(struct lws_loop *lws_loop);
void lws_loop_run(struct lws_loop *lws_loop); /* until loop_stop(loop) */

/* The rest is for this folder only; what is returned is borrowed. */

/* One read of a socket, and so what a message arrives in. */
#define LWS_LOOP_READ_BYTES (256 * 1024)

struct lws_context *lws_loop_context(struct lws_loop *lws_loop);
struct loop *lws_loop_core(struct lws_loop *lws_loop);
/*
 * The vhost that every WebSocket lives on; it does not listen. Created for the first one; protocols
 * must always be the same. NULL: out of memory.
 */
struct lws_vhost *lws_loop_vhost(struct lws_loop *lws_loop, const struct lws_protocols *protocols);

/*
 * Work that must run outside of lws' callbacks, embedded in the struct it works on. Runs once,
 * before lws looks at a socket again; scheduling it again before that changes nothing.
 */
struct lws_loop_task {
	void (*run)(struct lws_loop_task *task);
	STAILQ_ENTRY(lws_loop_task) link;
	bool waiting;
};

void lws_loop_later(struct lws_loop *lws_loop, struct lws_loop_task *task);

/* Counts the sockets that lws must serve; without any, lws is not called at all. */
void lws_loop_hold(struct lws_loop *lws_loop);
void lws_loop_release(struct lws_loop *lws_loop);
