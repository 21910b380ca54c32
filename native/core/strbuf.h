#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing byte buffer, always NUL-terminated once it holds anything.
 *
 * Invariants: data is NULL or points STRBUF_HEADROOM bytes into an allocation, so that a frame
 * header can be written in front of the bytes without a copy (ws/ does); length excludes the NUL;
 * the bytes may themselves hold NULs. Growth ends the program when memory runs out: cap what a peer
 *sends before appending it.
 *
 *	AUTO(strbuf_finish) struct strbuf text = { 0 };
 *	strbuf_appendf(&text, "%s:%d", host, port);
 */
#define STRBUF_HEADROOM 32

struct strbuf {
	char *data;
	size_t length;
	size_t capacity; /* bytes usable at data, the NUL not counted */
};

void strbuf_finish(struct strbuf *buf);			  /* frees; empty and usable again */
void strbuf_reset(struct strbuf *buf);			  /* length 0, memory kept */
void strbuf_reserve(struct strbuf *buf, size_t capacity); /* total, not additional */
/* The same for a size that a peer or a file chooses. False: there is not so much memory. */
bool strbuf_try_reserve(struct strbuf *buf, size_t capacity);
void strbuf_append(struct strbuf *buf, const void *data, size_t length);
void strbuf_append_text(struct strbuf *buf, const char *text);
void strbuf_append_char(struct strbuf *buf, char character);
void strbuf_appendf(struct strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds length bytes of undefined content and returns where they start. */
void *strbuf_extend(struct strbuf *buf, size_t length);
/* Frees to's bytes, moves from's bytes there, and leaves from empty. */
void strbuf_move(struct strbuf *to, struct strbuf *from);
/* Moves the first complete line, without its line feed, to line (replaced); false: none yet. */
bool strbuf_take_line(struct strbuf *buf, struct strbuf *line);
/* Borrowed; "" if empty. */
const char *strbuf_text(const struct strbuf *buf);
/* A malloc'ed copy of the text for free(); empties the buf. */
char *strbuf_detach(struct strbuf *buf);
