#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What fuzz targets share. A target checks what must hold for any input with fuzz_require(), which
 * stays in builds without assertions.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_require(bool holds)
{
	if (!holds) {
		__builtin_trap();
	}
}

/*
 * This process's own folder, empty when it is asked for; in memory where the machine has a
 * /dev/shm, and removed at the end.
 */
const char *fuzz_folder(void);
void fuzz_write_file(const char *path, const void *data, size_t size);
/* Calls change() while a folder is where path's file is: what is written meanwhile cannot be kept.
 */
void fuzz_block(const char *path, void (*change)(void *user), void *user);

/*
 * Inputs of targets that talk for a while are lines, so that a seed can be read and written by
 * hand. The line is borrowed and has no line feed.
 */
struct fuzz_lines {
	const char *at;
	size_t left;
};

static inline struct fuzz_lines fuzz_lines_of(const uint8_t *data, size_t size)
{
	return (struct fuzz_lines){ .at = (const char *)data, .left = size };
}

bool fuzz_next_line(struct fuzz_lines *lines, const char **line, size_t *length);

/* CLOCK_MONOTONIC jumps, and timers of the loop made last expire that were due by then. */
void fuzz_clock_skip(int64_t ms);

/*
 * From now on connect() to any address succeeds, with a socket of this process at the
 * other end, which answer() may write to. true: it has said all, and ends its side; false: it stays
 * silent. Some thousand connections a second would use up the ports of a real network.
 */
void fuzz_connect_to(bool (*answer)(int fd));
/* The other ends of all of them go away. */
void fuzz_hang_up(void);
