#include "core/fatal.h"

#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Allocates nothing. */
static void say(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t written = write(STDERR_FILENO, text, left);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return;
		}
		text += written;
		left -= (size_t)written;
	}
}

void fatal(const char *why)
{
	say(program_invocation_short_name);
	say(": ");
	say(why);
	say("\n");
	abort();
}

void fatal_memory(size_t bytes)
{
	char why[128];

	snprintf(why, sizeof(why),
		"out of memory (%zu more bytes were needed); close other programs and start it again",
		bytes);
	fatal(why);
}

void fatal_errno(const char *what)
{
	struct error err = { 0 };

	error_set_errno(&err, "%s: cannot %s", program_invocation_short_name, what);
	say(err.message);
	say("\n");
	_exit(EXIT_FAILURE);
}
