#pragma once

#include "core/beneath.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A throw-away folder of a test, in $CHECK_DIR or /tmp. */
#define FOLDER_BYTES 32

static inline void folder_make(char path[FOLDER_BYTES])
{
	const char *base = getenv("CHECK_DIR");
	int length = snprintf(
		path, FOLDER_BYTES, "%s/capydeck-test-XXXXXX", base != NULL ? base : "/tmp");

	ck_assert_int_lt(length, FOLDER_BYTES);
	ck_assert_ptr_nonnull(mkdtemp(path));
}

/* With all that is in it. */
static inline void folder_remove(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(beneath_remove_tree(fd, ".", NULL));
	close(fd);
	ck_assert_int_eq(rmdir(path), 0);
}
