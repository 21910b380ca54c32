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
 * - damaged, i.e. read whole but not ours: true. The file, or a copy of it when only entries are
 *   dropped, is set aside (core/atomic_file.h), and *notice (NULL before; caller frees) says so in
 *   one sentence; an earlier notice is kept. Damaged as a whole: the object stays zeroed.
 * - cannot be read now (the disk, a limit, memory), or not set aside: false (IO), nothing was
 *   touched, the object stays zeroed. The caller must not write before a later read has succeeded,
 *   or the content is lost: struct state_link sees to that.
 */
bool state_file_read(const struct state_file *file, const char *path, void *object, char **notice,
	struct error *err);
/*
 * Errors: IO (also for a file that cannot be opened for reading), NO_SPACE (also for more than
 * max_bytes); the file is then as it was.
 */
bool state_file_write(
	const struct state_file *file, const char *path, const void *object, struct error *err);

/*
 * A state file and the object that has its content while the program runs, also for a file that
 * cannot be read at first: it is read again whenever the content is needed, and is not written
 * before. Zeroed by state_link_finish(); the object stays its owner's.
 */
struct state_link {
	const struct state_file *file;
	char *path;
	void *object; /* zeroed until the file is read */
	bool is_read;
	char *notice; /* what a reading had to say; NULL: nothing, or it was taken */
	/* Once, after the file was read: completes the object. NULL: nothing to do. */
	void (*complete)(void *object);
	/* Once, when a later reading succeeds: the content is there now. NULL: no listener. */
	void (*arrived)(void *user);
	void *user;
};

/* Reads the file if it can be read. */
void state_link_init(struct state_link *link, const struct state_file *file, const char *path,
	void *object, void (*complete)(void *object));
void state_link_finish(struct state_link *link);
/* Is the content there? Reads the file if it is not. Errors: IO, with a sentence for the user. */
bool state_link_ready(struct state_link *link, struct error *err);
/* Writes the object. Errors: as state_file_write()'s, IO (the content is not there). */
bool state_link_write(struct state_link *link, struct error *err);
/* A message for the user, e.g. that a file was set aside; caller frees. NULL: none. */
char *state_link_take_notice(struct state_link *link);
