#pragma once

#include <stddef.h>

/*
 * For what the program cannot run without. Each says why in one sentence on stderr, where the log
 * is too, and ends the process at once: everything on the disk is whole at any moment, and the next
 * start goes on from there.
 */

/* "<program>: out of memory (<bytes> more were needed); …", SIGABRT. */
void fatal_memory(size_t bytes) __attribute__((noreturn, cold));
/* "<program>: <why>", SIGABRT. */
void fatal(const char *why) __attribute__((noreturn, cold));
/* "<program>: cannot <what>: <errno>", exit code 1. E.g. no descriptor is left. */
void fatal_errno(const char *what) __attribute__((noreturn, cold));
