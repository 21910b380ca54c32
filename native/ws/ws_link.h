#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lws;
struct lws_loop;
struct ws_frame;

/*
 * One WebSocket of libwebsockets: besides lws_loop, the only file that uses the library. It
 * translates and decides nothing. Its owner embeds it and outlives it: the link ends inside lws
 * (`gone`), and what was asked of it there must be answered before the owner is freed.
 */
struct ws_link {
	struct lws_loop *lws_loop;
	struct lws *wsi; /* NULL before and after lws has it */
	const struct ws_link_events *events;
	void *user;
	size_t leaving_bytes; /* of a frame that lws holds, partly sent */
	bool is_reading;
	unsigned http_status; /* of a client's upgrade; 0: no answer */
};

/* What a client asks for before the upgrade; borrowed. */
struct ws_request {
	const char *path;   /* "": longer than any that is served */
	const char *origin; /* NULL: none, so no browser; "": longer than any that is allowed */
};

/* All are called inside lws: only what this header says may be asked of it there. */
struct ws_link_events {
	/* May this be upgraded? 0; the HTTP status to refuse it with; or, to drop it silently … */
	unsigned (*admit)(void *user, const struct ws_request *request);
#define WS_LINK_DROP 1u
	/* The upgrade is done; return false to drop the connection. */
	bool (*opened)(void *user);
	/* rest: bytes of this frame that are announced but have not come; final: the message's end.
	 */
	void (*received)(
		void *user, bool binary, bool final, size_t rest, const char *data, size_t length);
	void (*peer_closed)(void *user, unsigned code, const char *reason, size_t length);
	/* Nothing is buffered: write, or close. Return false to end the link now. */
	bool (*writeable)(void *user);
	/* Why lws ended it, or could not connect. code: 0, or that of its own close frame. */
	void (*failed)(void *user, unsigned code, const char *reason, size_t length);
	void (*gone)(void *user);
};

void ws_link_init(struct ws_link *link, struct lws_loop *lws_loop,
	const struct ws_link_events *events, void *user);
/* Takes a connection that was accepted. False: lws refused it, and fd is closed. */
bool ws_link_adopt_take(struct ws_link *link, int fd);
/* Starts to connect. host_header: "host:port". False: failed() gave the reason. */
bool ws_link_connect(struct ws_link *link, const char *host, uint16_t port, const char *path,
	const char *host_header);

int ws_link_fd(const struct ws_link *link); /* borrowed; only while it is linked */
/* Asks for writeable(). */
void ws_link_want_write(const struct ws_link *link);
void ws_link_read(struct ws_link *link, bool on);
/* Drops it without a close frame; not from within lws, and nothing may come between. */
void ws_link_kill(const struct ws_link *link);
/* From outside of writeable(): a close frame at once, if nothing is in its way. */
void ws_link_say_goodbye(const struct ws_link *link, unsigned code, const char *reason);

/* From writeable() only; false: the link is broken. */

bool ws_link_ping(const struct ws_link *link);
/* Empties frame. What lws could not send at once it keeps: see ws_link_is_full(). */
bool ws_link_write(struct ws_link *link, struct ws_frame *frame);
bool ws_link_is_full(const struct ws_link *link);
/* Corked frames leave in one segment, which costs both sides less than several small ones. */
void ws_link_cork(const struct ws_link *link, bool corked);
/* The close frame goes out when writeable() then returns false. */
void ws_link_close(const struct ws_link *link, unsigned code, const char *reason);
