#include "core/state_file.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Another process may be writing the file, but not for this long. */
#define LEFTOVER_AGE_S (60 * 60)

/* One reading of a file. */
struct reading {
	const struct state_file *file;
	const char *path;
	struct strbuf text;
	size_t dropped_count; /* entries that did not fit */
	struct error reason;  /* of the first of them */
};

static void fill_texts(void *object, const struct json_field *fields)
{
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		char **text = (char **)((char *)object + field->offset);

		switch (field->type) {
		case JSON_STRING:
		case JSON_SECRET:
		case JSON_DIGITS:
			if (*text == NULL) {
				*text = field->owned ? xstrdup("") : (char *)"";
			}
			break;
		case JSON_OBJECT:
			fill_texts(text, field->fields);
			break;
		case JSON_ARRAY:
			for (size_t i = 0; i < *(size_t *)((char *)object + field->count_offset);
				i++) {
				fill_texts(*text + i * field->element_bytes, field->fields);
			}
			break;
		case JSON_RAW:
		case JSON_STRINGS:
		case JSON_TAGS:
		case JSON_MAP:
		case JSON_UINT32:
		case JSON_INT64:
		case JSON_DOUBLE:
		case JSON_BOOL:
		case JSON_TREE:
			break;
		}
	}
}

static bool read_entry(const struct reading *reading, const struct json_field *list, void *entry,
	const cJSON *item, struct error *err)
{
	const struct state_file *file = reading->file;

	if (!json_is_object(item)) {
		return error_set(err, ERROR_INVALID, "expected an object");
	}
	if (!json_read(entry, list->fields, item, err)) {
		return false;
	}
	if (file->fill_texts) {
		fill_texts(entry, list->fields);
	}
	return file->check_entry == NULL || file->check_entry(list->key, entry, err);
}

static void note_dropped(struct reading *reading, const struct json_field *list, size_t index,
	const struct error *why)
{
	if (reading->dropped_count++ == 0) {
		error_set_because(
			&reading->reason, why, "%s[%zu]: %s", list->key, index, why->message);
	}
}

/* Entries are independent of each other: one that does not fit costs none of the others. */
static bool read_list(struct reading *reading, const struct json_field *list, void *object,
	const cJSON *value, struct error *err)
{
	char **items = (char **)((char *)object + list->offset);
	size_t *count = (size_t *)((char *)object + list->count_offset);
	size_t index = 0, room = 0;

	if (value == NULL) {
		return (list->flags & JSON_REQUIRED) == 0 ||
		       error_set(err, ERROR_INVALID, "'%s' is missing", list->key);
	}
	if (!json_is_array(value)) {
		return error_set(err, ERROR_INVALID, "'%s' must be a list", list->key);
	}
	for (const cJSON *item = json_first(value); item != NULL; item = json_next(item)) {
		room++;
	}
	*items = room > 0 ? xcalloc(room, list->element_bytes) : NULL;
	for (const cJSON *item = json_first(value); item != NULL; item = json_next(item)) {
		char *entry = *items + *count * list->element_bytes;
		struct error why = { 0 };

		if (read_entry(reading, list, entry, item, &why)) {
			(*count)++;
		} else {
			json_finish(entry, list->fields);
			memset(entry, 0, list->element_bytes);
			note_dropped(reading, list, index, &why);
		}
		index++;
	}
	return true;
}

/* The fields that are not lists; caller frees. */
static struct json_field *plain_fields(const struct json_field *fields)
{
	struct json_field *plain;
	size_t count = 0;

	for (const struct json_field *field = fields; field->key != NULL; field++) {
		count++;
	}
	plain = xcalloc(count + 1, sizeof(*plain)); /* ends in zeros: JSON_FIELDS_END */
	count = 0;
	for (const struct json_field *field = fields; field->key != NULL; field++) {
		if (field->type != JSON_ARRAY) {
			plain[count++] = *field;
		}
	}
	return plain;
}

static bool read_object(struct reading *reading, void *object, struct error *err)
{
	const struct state_file *file = reading->file;
	AUTO(json_free_ptr) cJSON *json = json_parse(reading->text.data, reading->text.length, err);
	AUTO(free_ptr) struct json_field *plain = plain_fields(file->fields);

	if (json == NULL || !json_read(object, plain, json, err)) {
		return false;
	}
	if (file->fill_texts) {
		fill_texts(object, plain);
	}
	for (const struct json_field *field = file->fields; field->key != NULL; field++) {
		if (field->type == JSON_ARRAY &&
			!read_list(reading, field, object, json_member(json, field->key), err)) {
			return false;
		}
	}
	return file->check == NULL || file->check(object, err);
}

static void set_notice(char **notice, char *sentence_take)
{
	if (notice != NULL && *notice == NULL) {
		*notice = sentence_take;
	} else {
		free(sentence_take);
	}
}

/* The file becomes what could be read of it; a copy keeps the rest. Errors: IO. */
static bool set_entries_aside(
	struct reading *reading, const void *object, char **notice, struct error *err)
{
	const struct state_file *file = reading->file;
	AUTO(free_ptr) char *kept_as = NULL;
	AUTO(free_ptr)
	char *sentence = xasprintf("%zu %s of %s in %s could not be read (%s)",
		reading->dropped_count, reading->dropped_count == 1 ? "entry" : "entries",
		file->what, reading->path, reading->reason.message);
	struct error why = { 0 };

	if (!atomic_file_copy_aside(
		    reading->path, reading->text.data, reading->text.length, &kept_as, &why)) {
		return error_set(err, ERROR_IO, "%.300s, and no copy could be kept: %s", sentence,
			why.message);
	}
	set_notice(notice, xasprintf("%s; the file is kept as %s, and the other entries stay",
				   sentence, kept_as));
	/* If it fails, the next start does all of this again. */
	state_file_write(file, reading->path, object, NULL);
	return true;
}

static bool set_file_aside(
	struct reading *reading, const struct error *why, char **notice, struct error *err)
{
	const struct state_file *file = reading->file;
	AUTO(free_ptr) char *kept_as = NULL;
	struct error aside = { 0 };

	if (!atomic_file_set_aside(reading->path, &kept_as, &aside)) {
		return error_set(err, ERROR_IO, "%s in %s could not be read (%s) or set aside (%s)",
			file->what, reading->path, why->message, aside.message);
	}
	set_notice(notice,
		xasprintf("%s in %s could not be read (%s); it is kept as %s%s%s", file->what,
			reading->path, why->message, kept_as, file->loss != NULL ? ", and " : "",
			file->loss != NULL ? file->loss : ""));
	return true;
}

static void reading_finish(struct reading *reading)
{
	strbuf_finish(&reading->text);
}

static bool unreadable(const struct state_file *file, const struct error *why, struct error *err)
{
	return error_set(err, ERROR_IO, "%s cannot be read now: %s", file->what, why->message);
}

static void empty(const struct state_file *file, void *object)
{
	json_finish(object, file->fields);
	memset(object, 0, file->object_bytes);
}

bool state_file_read(const struct state_file *file, const char *path, void *object, char **notice,
	struct error *err)
{
	AUTO(reading_finish) struct reading reading = { .file = file, .path = path };
	struct error why = { 0 };

	atomic_file_sweep(path, LEFTOVER_AGE_S);
	if (!atomic_file_read(path, file->max_bytes, &reading.text, &why)) {
		if (why.kind == ERROR_TOO_LARGE) { /* we never wrote that */
			return set_file_aside(&reading, &why, notice, err);
		}
		return why.kind == ERROR_NOT_FOUND || unreadable(file, &why, err);
	}
	if (read_object(&reading, object, &why)) {
		if (reading.dropped_count == 0 ||
			set_entries_aside(&reading, object, notice, err)) {
			return true;
		}
		empty(file, object);
		return false;
	}
	empty(file, object);
	return why.kind == ERROR_IO ? unreadable(file, &why, err) /* no memory for it */
				    : set_file_aside(&reading, &why, notice, err);
}

/* A file that cannot be read may hold everything that is remembered. */
static bool is_replaceable(const char *path)
{
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 || (errno == ENOENT && path_is_gone(path));
}

bool state_file_write(
	const struct state_file *file, const char *path, const void *object, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	json_write(&text, file->fields, object);
	strbuf_append_char(&text, '\n');
	/* Reading would refuse it and set it aside, and everything in it would be lost. */
	if (text.length > file->max_bytes) {
		return error_set(err, ERROR_NO_SPACE,
			"%s in %s would be %zu bytes; the limit is %zu", file->what, path,
			text.length, file->max_bytes);
	}
	if (!is_replaceable(path)) {
		return error_set_errno(err,
			"%s cannot be read, so it is not replaced: cannot open '%s'", file->what,
			path);
	}
	return atomic_file_write(path, text.data, text.length, 0600, err);
}

/* --- A file and its object --- */

static bool read_link(struct state_link *link, struct error *err)
{
	if (!state_file_read(link->file, link->path, link->object, &link->notice, err)) {
		return false;
	}
	link->is_read = true;
	if (link->complete != NULL) {
		link->complete(link->object);
	}
	return true;
}

void state_link_init(struct state_link *link, const struct state_file *file, const char *path,
	void *object, void (*complete)(void *object))
{
	*link = (struct state_link){
		.file = file, .path = xstrdup(path), .object = object, .complete = complete
	};
	read_link(link, NULL);
}

void state_link_finish(struct state_link *link)
{
	free(link->path);
	free(link->notice);
	*link = (struct state_link){ 0 };
}

bool state_link_ready(struct state_link *link, struct error *err)
{
	struct error why = { 0 };

	if (link->is_read) {
		return true;
	}
	if (!read_link(link, &why)) {
		return error_set(err, ERROR_IO, "%s; the agent keeps trying", why.message);
	}
	if (link->arrived != NULL) {
		link->arrived(link->user);
	}
	return true;
}

bool state_link_write(struct state_link *link, struct error *err)
{
	return state_link_ready(link, err) &&
	       state_file_write(link->file, link->path, link->object, err);
}

char *state_link_take_notice(struct state_link *link)
{
	return TAKE_PTR(link->notice);
}
