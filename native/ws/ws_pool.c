#include "ws/ws_pool.h"

#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <malloc.h>
#include <stdlib.h>

struct ws_pool {
	struct loop_timer *timer;
	bool in_use; /* large messages have come since memory was given back */
	int64_t last_use_ms;
	size_t count;
	struct strbuf spares[WS_POOL_SPARES_MAX];
};

static void free_spares(struct ws_pool *pool)
{
	if (!pool->in_use) {
		return;
	}
	pool->in_use = false;
	while (pool->count > 0) {
		strbuf_finish(&pool->spares[--pool->count]);
	}
	malloc_trim(0); /* what a large text was parsed into lies in small chunks */
}

static void on_timer(void *user)
{
	struct ws_pool *pool = user;
	int64_t left_ms = pool->last_use_ms + WS_POOL_KEEP_MS - loop_now_ms();

	if (left_ms > 0) {
		loop_timer_set(pool->timer, left_ms);
		return;
	}
	free_spares(pool);
}

struct ws_pool *ws_pool_create(struct loop *loop)
{
	struct ws_pool *pool = xcalloc(1, sizeof(*pool));

	pool->timer = loop_timer_create(loop, on_timer, pool);
	return pool;
}

void ws_pool_destroy(struct ws_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	free_spares(pool);
	loop_timer_destroy(pool->timer);
	free(pool);
}

void ws_pool_take(struct ws_pool *pool, struct strbuf *buffer)
{
	strbuf_finish(buffer);
	if (pool->count > 0) {
		strbuf_move(buffer, &pool->spares[--pool->count]);
	}
}

void ws_pool_give(struct ws_pool *pool, struct strbuf *buffer)
{
	if (buffer->capacity < WS_POOL_SPARE_MIN_BYTES) {
		strbuf_finish(buffer);
		return;
	}
	pool->in_use = true;
	pool->last_use_ms = loop_now_ms();
	if (!loop_timer_running(pool->timer)) {
		loop_timer_set(pool->timer, WS_POOL_KEEP_MS);
	}
	if (buffer->capacity > WS_POOL_SPARE_MAX_BYTES || pool->count == WS_POOL_SPARES_MAX) {
		strbuf_finish(buffer);
		return;
	}
	strbuf_reset(buffer);
	strbuf_move(&pool->spares[pool->count++], buffer);
}
