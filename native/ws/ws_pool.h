#pragma once

struct loop;
struct loop_timer;
struct strbuf;

/*
 * Spare buffers for large messages: their pages stay mapped while messages keep coming, and go
 * back to the system once none has come for a while, so that an idle process is small again.
 */
#define WS_POOL_SPARES_MAX 12
#define WS_POOL_SPARE_MAX_BYTES (2 * 1024 * 1024) /* a larger buffer is freed at once … */
#define WS_POOL_SPARE_MIN_BYTES (64 * 1024)	  /* … and so is one that malloc() keeps warm */
#define WS_POOL_KEEP_MS 5000

struct ws_pool;

struct ws_pool *ws_pool_create(struct loop *loop);
void ws_pool_destroy(struct ws_pool *pool); /* NULL is fine */
/* An empty buffer, with memory if there is a spare. */
void ws_pool_take(struct ws_pool *pool, struct strbuf *buffer);
/* Empties buffer, always. */
void ws_pool_give(struct ws_pool *pool, struct strbuf *buffer);
