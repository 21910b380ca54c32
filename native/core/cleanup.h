#pragma once

#include <stdlib.h>
#include <unistd.h>

/*
 * Scoped teardown: AUTO(f) calls f(&variable) when the variable leaves its scope.
 *
 *	AUTO(free_ptr) char *path = paths_file(…);
 *	AUTO(close_fd) int fd = open(…);
 *	AUTO(init_upload_finish) struct init_upload request = { 0 };
 *
 * "unused" because clang 14 does not count a cleanup as a use.
 */
#define AUTO(function) __attribute__((cleanup(function), unused))

/* Passes on ownership of a scoped value: yields it and leaves NULL (or −1) behind. */
#define TAKE_PTR(variable)                                                                         \
	({                                                                                         \
		__typeof__(variable) taken_ = (variable);                                          \
		(variable) = NULL;                                                                 \
		taken_;                                                                            \
	})
#define TAKE_FD(variable)                                                                          \
	({                                                                                         \
		int taken_ = (variable);                                                           \
		(variable) = -1;                                                                   \
		taken_;                                                                            \
	})

static inline void free_ptr(void *pointer)
{
	free(*(void **)pointer);
}

static inline void close_fd(const int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
}
