#pragma once

#include "core/xalloc.h"
#include "library/libraries.h"

#include <check.h>
#include <stdlib.h>

/* Libraries for a test whose subject they are not. */
static inline bool libraries_fixture_count(
	void *user, const char *id, const char *root, struct library_held *held, bool *seen)
{
	return true;
}

/* One library in path, absolute or "~…", looked at. */
static inline struct libraries *libraries_fixture_start(
	struct loop *loop, const char *state_dir, const char *home, const char *path)
{
	char *notice = NULL;
	struct libraries *libraries = libraries_create(
		&(struct libraries_options){
			.loop = loop,
			.state_dir = state_dir,
			.home = home,
			.library_path = path,
			.count = libraries_fixture_count,
		},
		&notice);

	ck_assert_msg(notice == NULL, "%s", notice);
	libraries_start(libraries);
	return libraries;
}
