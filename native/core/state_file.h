#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_field;

/*
 * What a program remembers: one JSON object in a file of its own, mode 0600, described by a table
 * of fields. A file that is not what it should be never stops the program and is never lost.
 */
struct state_file {
	const char *what; /* "the list of paired Hubs": begins the notice */
	const char *loss; /* "every Hub has to pair again": ends it; NULL: nothing to add */
	size_t max_bytes;
	const struct json_field *fields;
	size_t object_bytes; /* size of the struct that the fields describe */
	/* What the fields cannot say, e.g. the version; NULL: nothing. */
	bool (*check)(const void *object, struct error *err);
};

/*
 * Fills a zeroed object. It stays zeroed where there is no file, and where the file cannot be read
 * or does not pass: that one is set aside (core/atomic_file.h). *notice (NULL before; caller
 * frees) then says so in one sentence; one that stands there already is kept.
 * Errors: IO (it could not be set aside; nothing was touched).
 */
bool state_file_read(const struct state_file *file, const char *path, void *object, char **notice,
	struct error *err);
/* Errors: IO, NO_SPACE (also for more than max_bytes); the file is then as it was. */
bool state_file_write(
	const struct state_file *file, const char *path, const void *object, struct error *err);
