#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_field;

/*
 * What a program remembers: one JSON object in a file of its own, mode 0600, described by a table
 * of fields. A damaged file never stops the program and is never lost.
 *
 * Everything is checked when it is read, so that the code that uses it need not:
 *
 *	static const struct state_file hubs_state = {
 *		.what = "the list of paired Hubs", .loss = "every Hub has to pair again",
 *		.max_bytes = …, .fields = hub_file_fields, .object_bytes = sizeof(struct hub_file),
 *		.fill_texts = true,
 *		.check = check_version, .check_entry = check_hub,
 *	};
 *
 * The object's lists (JSON_ARRAY among .fields) hold independent entries: one of a wrong type,
 * without a required field, or refused by check_entry() is dropped, and the others serve.
 */
struct state_file {
	const char *what; /* "the list of paired Hubs": is part of the notice */
	const char *loss; /* "every Hub has to pair again": ends it; NULL: nothing to add */
	size_t max_bytes;
	const struct json_field *fields;
	size_t object_bytes; /* size of the struct that the fields describe */
	bool fill_texts;     /* strings that are absent or null are read as "", not NULL */
	/* What the fields cannot say, e.g. the version; NULL: nothing. Refuses the whole file. */
	bool (*check)(const void *object, struct error *err);
	/* The same for one entry of the list of that key; refuses the entry. */
	bool (*check_entry)(const char *key, const void *entry, struct error *err);
};

/*
 * Fills a zeroed object. Three answers:
 * - absent: true, the object stays zeroed.
 * - damaged: true. The file, or a copy of it when only entries are dropped, is set aside
 *   (core/atomic_file.h), and *notice (NULL before; caller frees) says so in one sentence; an
 *   earlier notice is kept. Damaged as a whole: the object stays zeroed.
 * - cannot be read now, or not set aside: false (IO), nothing was touched, the object stays zeroed.
 *   The caller must not write before a later read has succeeded, or the content is lost.
 */
bool state_file_read(const struct state_file *file, const char *path, void *object, char **notice,
	struct error *err);
/*
 * Errors: IO (also for a file that cannot be opened for reading), NO_SPACE (also for more than
 * max_bytes); the file is then as it was.
 */
bool state_file_write(
	const struct state_file *file, const char *path, const void *object, struct error *err);
