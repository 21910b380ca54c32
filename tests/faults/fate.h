#pragma once

#include "control.h"

#include <stdbool.h>

/*
 * What becomes of a call. Asking counts it, so each call is asked about once. function: its name,
 * for control.what. FAILS has set errno.
 */
enum fate {
	GOES_ON,
	IS_SHORT, /* of calls with a length: half of it */
	FAILS,
};

/* About a file or folder: fd, or path, below fd unless it is absolute. Others than ours go on. */
enum fate file_call(enum call_class call, const char *function, int fd, const char *path);
enum fate other_call(enum call_class call, const char *function);

/* May be asked before anything else in the process has run. */
bool no_memory(const char *function);
