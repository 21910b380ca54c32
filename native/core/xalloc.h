#pragma once

#include <stddef.h>

/*
 * Small internal allocations: they end the program with a sentence (core/fatal.h) instead of
 * failing. Sizes that a peer chooses are capped by the caller first, and large ones (a message, a
 * list) are asked for with calloc() or strbuf_try_reserve(), so that they can be refused. The
 * caller frees with free().
 */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *pointer, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrdup_or_null(const char *text); /* NULL stays NULL */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
