#include "upload/commit_record.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "upload/upload_journal.h"
#include "upload/upload_staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_VERSION 2
#define RECORD_VERSION_ONE_WAY 1
#define RECORD_MAX_BYTES (256 * 1024 * 1024)

static const struct json_field commit_record_fields[] = {
	JSON_FIELD(struct commit_record, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, build, "build", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, replaces, "replaces", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, game_name, "gameName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, executable, "executable", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, previous_executable, "previousExecutable", JSON_STRING,
		JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, size_bytes, "sizeBytes", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, installed_at, "installedAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct commit_record, pending, "pending", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, exchange, "exchange", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, made, "made", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, folders, "folders", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, empty, "empty", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, empty_made, "emptyMade", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD_ARRAY(
		struct commit_record, files, "files", installed_file_fields, JSON_REQUIRED),
	JSON_FIELD_ARRAY(
		struct commit_record, removed, "removed", installed_file_fields, JSON_OMIT_EMPTY),
	JSON_FIELD(struct commit_record, cleared, "cleared", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

/* --- Reading --- */

static bool check_texts(const struct strvec *paths, struct error *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (!path_is_plain_relative(paths->items[i])) {
			return error_set(
				err, ERROR_INVALID, "'%s' is not a valid path", paths->items[i]);
		}
	}
	return true;
}

static bool check_files(const struct installed_file *files, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!installed_file_check(&files[i], err)) {
			return false;
		}
	}
	return true;
}

static bool check_paths(const struct commit_record *record, struct error *err)
{
	for (size_t i = 0; i < record->folders.count; i++) {
		const char *folder = record->folders.items[i];

		if (strcmp(folder, ".") != 0 && !path_is_plain_relative(folder)) {
			return error_set(err, ERROR_INVALID, "'%s' is not a valid path", folder);
		}
	}
	return check_files(record->files, record->files_count, err) &&
	       check_files(record->removed, record->removed_count, err) &&
	       check_texts(&record->made, err) && check_texts(&record->empty, err) &&
	       check_texts(&record->empty_made, err) && check_texts(&record->cleared, err);
}

static bool check_record(const struct commit_record *record, struct error *err)
{
	if (record->version != RECORD_VERSION && record->version != RECORD_VERSION_ONE_WAY) {
		return error_set(err, ERROR_INVALID, "its version is not %d", RECORD_VERSION);
	}
	if (record->hub_id[0] == '\0' || record->game_name[0] == '\0' ||
		!path_is_plain(record->dir) || record->size_bytes < 0 || record->installed_at < 0 ||
		(record->executable[0] != '\0' && !path_is_plain_relative(record->executable)) ||
		(record->version == RECORD_VERSION && !json_is_given(record->build))) {
		return error_set(err, ERROR_INVALID, "it has invalid values");
	}
	return check_paths(record, err);
}

static enum commit_state read_as(struct commit_record *record, int dir_fd, const char *name,
	enum commit_state state, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (atomic_file_read_at(dir_fd, name, RECORD_MAX_BYTES, &text, err) &&
		json_read_text(record, commit_record_fields, text.data, text.length, err) &&
		check_record(record, err)) {
		return state;
	}
	switch (err->kind) {
	case ERROR_NOT_FOUND:
		return COMMIT_NONE;
	case ERROR_INVALID:
	case ERROR_TOO_LARGE:
		return COMMIT_DAMAGED;
	default:
		return COMMIT_UNREADABLE; /* also for want of memory */
	}
}

enum commit_state commit_record_read(struct commit_record *record, int dir_fd, struct error *err)
{
	struct error why = { 0 };
	enum commit_state state =
		read_as(record, dir_fd, UPLOAD_STAGING_COMMIT, COMMIT_MOVING, &why);

	if (state == COMMIT_NONE) {
		state = read_as(record, dir_fd, UPLOAD_STAGING_MOVED, COMMIT_MOVED, &why);
	}
	if (state == COMMIT_NONE) {
		state = read_as(record, dir_fd, UPLOAD_STAGING_PREPARE, COMMIT_PREPARING, &why);
	}
	if (state == COMMIT_DAMAGED) {
		error_set(err, ERROR_INVALID,
			"what is known of its interrupted installation is damaged: %s",
			why.message);
	} else if (state == COMMIT_UNREADABLE) {
		error_set(err, ERROR_IO,
			"what is known of its interrupted installation cannot be read now: %s",
			why.message);
	}
	return state;
}

/* --- Writing --- */

bool commit_record_write(const struct commit_record *record, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct commit_record written = *record;

	written.version = RECORD_VERSION;
	json_write(&text, commit_record_fields, &written);
	return atomic_file_write_at(
		dir_fd, UPLOAD_STAGING_PREPARE, text.data, text.length, 0600, err);
}

bool commit_record_promise(int dir_fd, bool *stands, struct error *err)
{
	*stands = false;
	if (renameat(dir_fd, UPLOAD_STAGING_PREPARE, dir_fd, UPLOAD_STAGING_COMMIT) != 0) {
		return error_set_errno(err, "cannot note that the installation begins");
	}
	if (sync_folder(dir_fd)) {
		*stands = true;
		return true;
	}
	error_set_errno(err, "cannot note that the installation begins");
	/* Withdrawn only if that is durable. */
	*stands = renameat(dir_fd, UPLOAD_STAGING_COMMIT, dir_fd, UPLOAD_STAGING_PREPARE) != 0 ||
		  !sync_folder(dir_fd);
	return false;
}

void commit_record_note_moved(int dir_fd)
{
	if (renameat(dir_fd, UPLOAD_STAGING_COMMIT, dir_fd, UPLOAD_STAGING_MOVED) == 0) {
		sync_folder(dir_fd);
	}
}

static const char *const record_names[] = { UPLOAD_STAGING_COMMIT, UPLOAD_STAGING_MOVED,
	UPLOAD_STAGING_PREPARE };

#define RECORD_NAME_COUNT (sizeof(record_names) / sizeof(*record_names))

bool commit_record_is_there(int dir_fd, bool *there, struct error *err)
{
	*there = false;
	for (size_t i = 0; i < RECORD_NAME_COUNT && !*there; i++) {
		struct stat stat;

		*there = fstatat(dir_fd, record_names[i], &stat, AT_SYMLINK_NOFOLLOW) == 0;
		if (!*there && errno != ENOENT) {
			return error_set_errno(
				err, "cannot look for an interrupted installation of it");
		}
	}
	return true;
}

bool commit_record_remove(int dir_fd, struct error *err)
{
	for (size_t i = 0; i < RECORD_NAME_COUNT; i++) {
		struct error why = { 0 };

		/* Somebody may have put a folder there. */
		if (!beneath_remove_tree(dir_fd, record_names[i], &why)) {
			return error_set_because(err, &why,
				"cannot note the end of the installation: %s", why.message);
		}
	}
	return sync_folder(dir_fd) ||
	       error_set_errno(err, "cannot note the end of the installation");
}

bool commit_record_set_aside(int dir_fd, struct error *err)
{
	/* The journal first: as long as the record is there it is looked at again. */
	if (!upload_journal_set_aside(dir_fd, err)) {
		return false;
	}
	for (size_t i = 0; i < RECORD_NAME_COUNT; i++) {
		AUTO(free_ptr) char *kept_as = xasprintf("%s.corrupt", record_names[i]);

		if (renameat(dir_fd, record_names[i], dir_fd, kept_as) != 0 && errno != ENOENT) {
			return error_set_errno(err,
				"cannot set aside what is known of the interrupted installation");
		}
	}
	return sync_folder(dir_fd) ||
	       error_set_errno(
		       err, "cannot set aside what is known of the interrupted installation");
}

void commit_record_finish(struct commit_record *record)
{
	json_finish(record, commit_record_fields);
}

/* --- Its moves --- */

static bool holds(const char *folder, const char *path)
{
	size_t length = strlen(folder);

	return strcmp(folder, ".") == 0 ||
	       (strncmp(path, folder, length) == 0 && path[length] == '/');
}

bool commit_record_next(const struct commit_record *record, struct commit_step *step)
{
	size_t at = step->end;

	while (at < record->files_count && record->files[at].kept) {
		at++;
	}
	if (at == record->files_count) {
		return false;
	}
	step->first = at;
	step->end = at + 1;
	step->file = &record->files[at];
	step->path = step->file->path;
	if (step->folder < record->folders.count &&
		holds(record->folders.items[step->folder], step->path)) {
		step->file = NULL;
		step->path = record->folders.items[step->folder++];
		while (step->end < record->files_count &&
			holds(step->path, record->files[step->end].path)) {
			step->end++;
		}
	}
	return true;
}

static int compare_removed(const void *path, const void *file)
{
	return path_compare(path, ((const struct installed_file *)file)->path);
}

bool commit_record_removes(const struct commit_record *record, const char *path)
{
	return record->removed_count > 0 &&
	       bsearch(path, record->removed, record->removed_count, sizeof(*record->removed),
		       compare_removed) != NULL;
}

/* --- The registry --- */

bool commit_record_register(const struct commit_record *record, struct game_registry *registry,
	const char *library, struct error *err)
{
	const struct game *known = game_registry_find(registry, record->dir);
	AUTO(free_ptr) char *own_library = xstrdup(library);
	struct game game = { .dir = record->dir,
		.library = own_library,
		.name = record->game_name,
		.hub_id = record->hub_id,
		.executable = record->executable,
		.build = record->build,
		.app_id = known != NULL ? known->app_id : 0,
		.user_id = known != NULL ? known->user_id : NULL,
		.shortcut = known != NULL ? known->shortcut : NULL,
		.size_bytes = record->size_bytes,
		.file_count = (int64_t)record->files_count,
		.installed_at = record->installed_at,
		.pending = record->pending != NULL ? record->pending
			   : known != NULL	   ? known->pending
						   : NULL };

	return game_registry_put(registry, &game, err);
}

bool commit_record_is_over(const struct commit_record *record, const struct game *known)
{
	AUTO(free_ptr) char *generation = game_generation(known);

	if (known == NULL) {
		/* Deleted since; or the list was lost, and the game is still there. */
		return json_is_given(record->replaces) && path_is_gone(record->dir);
	}
	if (record->version == RECORD_VERSION_ONE_WAY) {
		return known->installed_at > record->installed_at;
	}
	return strcmp(generation, record->replaces != NULL ? record->replaces : "") != 0;
}
