#pragma once

#include "core/beneath.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A throw-away folder of a test. */
#define FOLDER_BYTES 32

static inline void folder_make(char path[FOLDER_BYTES])
{
	strcpy(path, "/tmp/capydeck-test-XXXXXX");
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
