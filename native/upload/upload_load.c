#include "upload/upload_load.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/shown.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "proto/proto_constants.h"
#include "upload/staging_files.h"
#include "upload/update_plan.h"
#include "upload/upload_content.h"
#include "upload/upload_fit.h"
#include "upload/upload_journal.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"
#include "upload/upload_takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPARE_BYTES (64 * 1024 * 1024)
/* Limit on hashing, since the Hub is waiting for its answer. The rest is sent again. */
#define HASH_BUDGET_MS (REQUEST_TIMEOUT_MS / 2)

/* --- Journal --- */

static void visit_record(void *user, const struct upload_journal_record *record)
{
	struct upload_content *content = user;

	if (record->kind != UPLOAD_JOURNAL_RANGE || record->file >= content->files_count ||
		record->start < 0 || record->start >= record->end ||
		record->end > content->manifest->files[record->file].size_bytes ||
		content->island_count >= UPLOAD_ISLAND_LIMIT) {
		return;
	}
	upload_content_add(content, record->file, record->start, record->end);
}

/* Something that this program has not put there: its name is needed for what is sent again. */
static bool is_foreign(const struct stat *stat, int64_t size_bytes)
{
	return !S_ISREG(stat->st_mode) || stat->st_nlink != 1 || stat->st_size > size_bytes;
}

/* Also one that nothing is held of: something may be in its way. Errors: IO: it cannot be looked at
 * or removed now. */
static bool check_staged_file(
	struct upload_content *content, size_t index, int files_fd, struct error *err)
{
	const struct upload_manifest_file *listed = &content->manifest->files[index];
	int64_t end = byte_ranges_end(&content->files[index].ranges);
	struct error why = { 0 };
	struct stat stat;

	if (!beneath_stat(files_fd, listed->path, &stat, &why)) {
		upload_content_drop(content, index, 0, end);
		return why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
	}
	if (is_foreign(&stat, listed->size_bytes)) {
		upload_content_drop(content, index, 0, end);
		return beneath_remove_tree(files_fd, listed->path, err);
	}
	if (stat.st_size < end) {
		upload_content_drop(content, index, 0, end);
	}
	return true;
}

/*
 * The journal never claims what is not there, but someone may have cleaned up the folder. Errors:
 * INVALID: what is there is not that folder any more; IO: a file cannot be looked at now, and what
 * is held of it is unknown.
 */
static bool check_staged(struct upload_content *content, int files_fd, struct error *err)
{
	for (size_t i = 0; i < content->files_count; i++) {
		struct upload_content_file *file = &content->files[i];
		struct error why = { 0 };

		file->named = byte_ranges_end(&file->ranges) > 0;
		if (!check_staged_file(content, i, files_fd, &why)) {
			return why.kind == ERROR_INVALID
				       ? error_pass(err, &why)
				       : error_set_because(err, &why,
						 "what was received of '%s' cannot be read now: %s; try "
						 "again",
						 content->manifest->game_name, why.message);
		}
	}
	return true;
}

/* Withdraws the tail of data without a hash, to be compared when the Hub sends it again. */
static void doubt_tails(struct upload_content *content)
{
	for (size_t i = 0; i < content->files_count; i++) {
		struct upload_content_file *file = &content->files[i];
		int64_t prefix = file->ranges.prefix, end = byte_ranges_end(&file->ranges);
		int64_t from =
			prefix > CHUNK_SIZE_BYTES
				? (prefix - CHUNK_SIZE_BYTES) / CHUNK_SIZE_BYTES * CHUNK_SIZE_BYTES
				: 0;

		if (content->manifest->files[i].sha256 == NULL && end > 0) {
			upload_content_drop(content, i, from, end);
			file->compare_from = from;
			file->compare_to = prefix;
		}
	}
}

/* -1: there is none, or something else in its place; or see load->error. */
static int open_held(struct upload_load *load, struct upload_content *content)
{
	struct error err = { 0 };
	int files_fd = -1;

	content->dir_fd =
		upload_staging_open(load->root, load->library, load->head->upload_id, &err);
	if (content->dir_fd >= 0) {
		files_fd = beneath_open(
			content->dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, &err);
	}
	if (files_fd < 0 && err.kind != ERROR_NOT_FOUND &&
		(err.kind != ERROR_INVALID || content->dir_fd < 0)) {
		load->error = err;
	}
	return files_fd;
}

static bool is_damaged(const struct error *err)
{
	return err->kind == ERROR_INVALID || err->kind == ERROR_TOO_LARGE;
}

/* Without a journal nothing is held; one that cannot be read now is not replaced. */
static bool read_journal(struct upload_load *load, struct upload_content *content)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };

	if (upload_journal_read(content->dir_fd, &text, &why)) {
		if (upload_journal_parse(strbuf_text(&text), text.length, content->manifest->digest,
			    visit_record, content)) {
			return true;
		}
		error_set(&why, ERROR_INVALID, "it is not that of this upload");
	}
	if (why.kind == ERROR_NOT_FOUND) {
		return true;
	}
	if (!is_damaged(&why)) {
		return error_set_because(&load->error, &why,
			"what was received of '%s' cannot be read now: %s; try again",
			content->manifest->game_name, why.message);
	}
	load->notice = xasprintf("the journal of the upload of '%s' is damaged (%s), so that "
				 "everything must be sent again; it is kept as journal.corrupt",
		content->manifest->game_name, why.message);
	return upload_journal_set_aside(content->dir_fd, &load->error);
}

/* Nothing of it can be used: the folder is made again. */
static bool start_over(struct upload_load *load, struct upload_content *content)
{
	bool ok = content->dir_fd < 0 ||
		  beneath_remove_tree(content->dir_fd, UPLOAD_STAGING_FILES, &load->error);

	for (size_t i = 0; i < content->files_count; i++) {
		upload_content_drop(content, i, 0, byte_ranges_end(&content->files[i].ranges));
	}
	load->resume = false;
	close_fd(&content->dir_fd);
	content->dir_fd = -1;
	return ok;
}

static bool read_held(struct upload_load *load, struct upload_content *content)
{
	AUTO(close_fd) int files_fd = open_held(load, content);
	struct error why = { 0 };

	if (files_fd < 0) {
		return load->error.kind == ERROR_NONE && start_over(load, content);
	}
	if (!read_journal(load, content)) {
		return false;
	}
	if (!check_staged(content, files_fd, &why)) {
		return why.kind == ERROR_INVALID ? start_over(load, content)
						 : error_pass(&load->error, &why);
	}
	doubt_tails(content);
	return true;
}

/* --- What is already installed --- */

/* -1: it does not exist, or is no folder; or see load->error. */
static int open_game(struct upload_load *load)
{
	int fd = open(load->head->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
		error_set_errno(&load->error, "cannot open the folder '%s'", load->head->dir);
	}
	return fd;
}

/*
 * What is as it is to be, or stays, is not asked for. Without the list of what was installed
 * everything might be the player's: while it cannot be read nothing is updated.
 */
static bool find_unchanged(struct upload_load *load, struct upload_content *content)
{
	AUTO(close_fd) int game_fd = open_game(load);
	AUTO(installed_manifest_finish) struct installed_manifest installed = { 0 };
	AUTO(update_plan_finish) struct update_plan plan = { 0 };
	struct update_plan_input input = { .manifest = content->manifest,
		.installed = &installed,
		.game_fd = game_fd,
		.dir = load->head->dir,
		.library = load->root,
		.executable = content->manifest->executable,
		.deadline_ms = loop_now_ms() + HASH_BUDGET_MS };
	struct error why = { 0 };

	if (game_fd < 0) {
		return load->error.kind == ERROR_NONE;
	}
	if (!installed_manifest_read(
		    &installed, load->state_dir, load->head->dir, &load->notice, &why)) {
		return error_set(&load->error, why.kind,
			"the list of the files of '%s' cannot be read now, so that it is not known "
			"which are the player's: %s; try again",
			load->head->game_name, why.message);
	}
	if (!update_plan_make(&plan, &input, &load->error)) {
		return false;
	}
	for (size_t i = 0; i < plan.files_count; i++) {
		if (plan.files[i].action == UPDATE_SAME || plan.files[i].action == UPDATE_STAYS) {
			upload_content_set_unchanged(content, i, true);
		}
	}
	if (plan.refreshed) {
		/* If it fails the next upload reads those files again: no harm. */
		installed_manifest_write(load->state_dir, load->head->dir, installed.files,
			installed.files_count, NULL);
	}
	return true;
}

/* --- Room and staging --- */

/* What of the giver is not taken over is discarded as soon as this upload stands. */
static int64_t leftover_bytes(const struct upload_load *load)
{
	int64_t bytes;

	if (load->taken_bytes == 0) {
		return 0;
	}
	bytes = upload_staging_bytes(load->root, load->library, load->giver->upload_id) -
		load->taken_bytes;
	return bytes > 0 ? bytes : 0;
}

/* What is on disk already needs no new space, even if it has to be compared. */
static int64_t staged_bytes(const struct upload_content *content)
{
	int64_t bytes = content->held_bytes;

	for (size_t i = 0; i < content->files_count; i++) {
		bytes += content->files[i].compare_to - content->files[i].compare_from;
	}
	return bytes;
}

static bool check_room(
	struct upload_load *load, const struct upload_content *content, struct error *err)
{
	int64_t needed = content->manifest->total_bytes - staged_bytes(content) + SPARE_BYTES;
	AUTO(close_fd) int root_fd = library_open(load->root, load->library, err);
	int64_t free_bytes;

	if (root_fd < 0 || !library_free_bytes(root_fd, &free_bytes, err)) {
		return false;
	}
	free_bytes += leftover_bytes(load);
	if (free_bytes < needed && free_bytes + kept_files_previous_bytes(root_fd) >= needed) {
		/* Previous builds go first; what is the player's does not. */
		kept_files_drop_previous(root_fd, NULL, NULL);
		if (!library_free_bytes(root_fd, &free_bytes, err)) {
			return false;
		}
		free_bytes += leftover_bytes(load);
	}
	if (free_bytes < needed) {
		load->missing_bytes = needed - free_bytes;
		return error_set(err, ERROR_NO_SPACE,
			"%s more are needed on '%s' to install '%s': it takes %s, and %s are free; "
			"free some space, for example in the trash ('capydeck ctl games trash'), "
			"or choose another library",
			size_shown(load->missing_bytes).text, path_shown(load->library_name).text,
			path_shown(content->manifest->game_name).text, size_shown(needed).text,
			size_shown(free_bytes).text);
	}
	return true;
}

/* A journal of only what is held: withdrawn data is held again once compared. */
static bool begin_journal(struct upload_load *load, struct upload_content *content)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct upload_journal_state state = { .at_ms = load->now_ms,
		.held_bytes = content->held_bytes };

	upload_journal_write_head(&text, content->manifest->digest);
	for (size_t i = 0; i < content->files_count; i++) {
		const struct upload_content_file *file = &content->files[i];

		for (uint32_t n = 0; n < byte_ranges_count(&file->ranges); n++) {
			struct byte_range range = byte_ranges_at(&file->ranges, n);

			upload_journal_write_range(&text, i, range.start, range.end);
		}
		if (file->compare_from < file->compare_to) {
			upload_journal_write_range(&text, i, file->compare_from, file->compare_to);
		}
	}
	upload_journal_write_state(&text, &state);
	return upload_journal_replace(content->dir_fd, &text, &load->error);
}

/* Will the game fit: the room, and the names and sizes that the disk can hold? */
static bool check_disk(struct upload_load *load, struct upload_content *content)
{
	struct error no_room = { 0 };
	bool ok = check_room(load, content, &no_room);

	if (!ok && no_room.kind != ERROR_NO_SPACE) {
		load->error = no_room;
		return false;
	}
	/* For what the disk can never hold no room is to be made. */
	if (content->dir_fd < 0) {
		content->dir_fd = upload_staging_create(
			load->root, load->library, load->head->upload_id, &load->error);
	}
	if ((content->dir_fd < 0 || !upload_fit_check(content->manifest, load->root,
					    load->head->dir, content->dir_fd, &load->error)) &&
		(ok || load->error.kind != ERROR_NO_SPACE)) {
		load->missing_bytes = 0;
		return false;
	}
	if (!ok) {
		load->error = no_room;
	}
	return ok;
}

/* A journal that names more than was moved would be believed: it is written again. */
static bool take_over(struct upload_load *load, struct upload_content *content,
	struct upload_takeover *takeover, int files_fd)
{
	return upload_takeover_move(takeover, content, files_fd) || begin_journal(load, content);
}

static bool open_staging(
	struct upload_load *load, struct upload_content *content, struct upload_takeover *takeover)
{
	int files_fd;

	if (!load->resume) {
		/* Without it another build starts from nothing: no harm. */
		upload_takeover_write_list(content->manifest, content->dir_fd, NULL);
	}

	/* The head comes last: a folder without one is not an upload. */
	if (!begin_journal(load, content) ||
		(!load->resume && !upload_head_write(load->head, content->dir_fd, &load->error))) {
		return false;
	}
	files_fd = beneath_open(
		content->dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, &load->error);
	if (files_fd < 0) {
		return false;
	}
	if (!take_over(load, content, takeover, files_fd)) {
		close_fd(&files_fd);
		return false;
	}
	content->staging = staging_files_create(files_fd);
	return true;
}

bool upload_load_run(struct upload_load *load)
{
	struct upload_content *content = upload_content_create(load->manifest);
	AUTO(upload_takeover_finish)
	struct upload_takeover takeover = { .dir_fd = -1, .files_fd = -1 };

	if (load->resume && !read_held(load, content)) {
		goto fail;
	}
	if (load->giver != NULL) {
		struct error why = { 0 };

		if (!upload_takeover_find(&takeover, content, load->root, load->library,
			    load->giver->upload_id, load->giver->manifest_digest, &why)) {
			error_set(&load->error, why.kind,
				"what was received of '%s' cannot be read now: %s; try again",
				load->head->game_name, why.message);
			goto fail;
		}
		load->taken_bytes = takeover.bytes;
	}
	if (!find_unchanged(load, content)) {
		goto fail;
	}
	if (!check_disk(load, content) || !open_staging(load, content, &takeover)) {
		if (!load->resume) {
			upload_staging_remove(
				load->root, load->library, load->head->upload_id, NULL);
		}
		goto fail;
	}
	load->content = content;
	load->manifest = NULL;
	return true;
fail:
	content->manifest = NULL; /* stays the caller's */
	upload_content_destroy(content);
	return false;
}
