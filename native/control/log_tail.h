#pragma once

#include "core/strvec.h"

#include <stddef.h>

struct log_tail;
struct loop;

/*
 * The latest lines of the log, for `ctl log`. Lines come from any thread through a pipe, so that a
 * logging thread neither waits nor touches data of the loop.
 */
#define LOG_TAIL_LINES 500

/* line is called on the loop for every new line. */
struct log_tail *log_tail_create(
	struct loop *loop, void (*line)(void *user, const char *line), void *user);
void log_tail_destroy(struct log_tail *tail); /* NULL is fine */
/* Appends the latest count lines, oldest first. */
void log_tail_copy(const struct log_tail *tail, size_t count, struct strvec *lines);
