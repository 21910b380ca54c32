#include "upload/commit_fill.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/libraries.h"
#include "upload/chunk_writer.h"
#include "upload/commit_record.h"
#include "upload/update_plan.h"
#include "upload/upload.h"
#include "upload/upload_content.h"
#include "upload/upload_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* Limit on reading files whose time alone has changed, since the Hub is waiting for its answer. */
#define HASH_BUDGET_MS (10 * 1000)

/* What has to be known of a record's files. */
struct filling {
	const struct commit_fill *fill;
	struct commit_record *record;
	struct update_plan plan;
	char **received; /* per file: the SHA-256 of what arrived without one; NULL: not known */
	int files_fd;	 /* the staged files; −1: not opened */
	int64_t deadline_ms;
};

static void filling_finish(struct filling *fill)
{
	for (size_t i = 0; fill->received != NULL && i < fill->plan.files_count; i++) {
		free(fill->received[i]);
	}
	free(fill->received);
	close_fd(&fill->files_fd);
	update_plan_finish(&fill->plan);
}

/* As it arrived; or read from staging, if that is needed and there is time. */
static const char *received_sha256(void *user, size_t index, bool needed)
{
	struct filling *fill = user;
	const struct upload_content *content = fill->fill->upload->content;
	const struct upload_content_file *state = &content->files[index];
	char **received = &fill->received[index];
	char hex[SHA256_HEX_BYTES];

	if (*received != NULL || state->unchanged) {
		return *received;
	}
	if (state->hash != NULL && state->hash->done) {
		sha256_to_hex(state->hash->digest, hex);
		*received = xstrdup(hex);
	} else if (needed && update_plan_hash(fill->files_fd, content->manifest->files[index].path,
				     fill->deadline_ms, hex)) {
		*received = xstrdup(hex);
	}
	return *received;
}

static void fill_head(const struct commit_fill *fill, struct commit_record *record)
{
	const struct upload *upload = fill->upload;
	const struct upload_manifest *manifest = upload->content->manifest;

	record->build = xstrdup(upload->head.upload_id);
	record->replaces = game_generation(fill->known);
	record->hub_id = xstrdup(upload->head.hub_id);
	record->game_name = xstrdup(upload->head.game_name);
	record->dir = xstrdup(upload->head.dir);
	record->executable =
		xstrdup(fill->executable != NULL ? fill->executable : manifest->executable);
	record->previous_executable = fill->known != NULL ? xstrdup(fill->known->executable) : NULL;
	record->pending = xstrdup_or_null(fill->pending);
	record->size_bytes = manifest->total_bytes;
	record->installed_at = upload_now_ms() / 1000;
	strvec_copy(&record->empty, &manifest->folders);
}

static void copy_known(struct installed_file *entry, const struct installed_file *known)
{
	entry->size_bytes = known->size_bytes;
	entry->mtime_s = known->mtime_s;
	entry->mtime_ns = known->mtime_ns;
	entry->sha256 = xstrdup_or_null(known->sha256);
	entry->program = known->program;
}

/* One that stays in place. */
static void fill_kept(struct filling *fill, size_t index, struct installed_file *entry)
{
	const struct upload_content *content = fill->fill->upload->content;
	const struct upload_content_file *state = &content->files[index];
	const struct upload_manifest_file *announced = &content->manifest->files[index];
	const struct update_file *planned = &fill->plan.files[index];

	entry->kept = true;
	entry->leftover = state->named || state->ranges.prefix > 0 || state->ranges.count > 0;
	if (planned->action == UPDATE_STAYS) {
		entry->stays = true;
		copy_known(entry, planned->known);
		return;
	}
	entry->size_bytes = planned->stat.st_size;
	entry->mtime_s = planned->stat.st_mtim.tv_sec;
	entry->mtime_ns = planned->stat.st_mtim.tv_nsec;
	entry->sha256 = xstrdup_or_null(announced->sha256 != NULL	? announced->sha256
					: fill->received[index] != NULL ? fill->received[index]
					: planned->known != NULL	? planned->known->sha256
									: NULL);
	entry->program = planned->known != NULL && planned->known->program;
}

static bool fill_moved(
	struct filling *fill, size_t index, struct installed_file *entry, struct error *err)
{
	const struct upload_content *content = fill->fill->upload->content;
	const struct upload_manifest_file *announced = &content->manifest->files[index];
	const struct update_file *planned = &fill->plan.files[index];

	if (content->files[index].unchanged) {
		return error_set(err, ERROR_INVALID,
			"'%s' in '%s' has changed since it was found to be up to date; start the "
			"upload again",
			announced->path, fill->fill->upload->head.dir);
	}
	entry->size_bytes = announced->size_bytes;
	entry->mtime_s = entry->mtime_ns = -1;
	entry->sha256 = xstrdup_or_null(
		announced->sha256 != NULL ? announced->sha256 : received_sha256(fill, index, true));
	entry->player = planned->action == UPDATE_REPLACED_KEPT;
	entry->added = !planned->there;
	if (planned->there) {
		entry->was_bytes = planned->stat.st_size;
		entry->was_mtime_s = planned->stat.st_mtim.tv_sec;
		entry->was_mtime_ns = planned->stat.st_mtim.tv_nsec;
	}
	return true;
}

static bool fill_files(struct filling *fill, struct error *err)
{
	struct commit_record *record = fill->record;
	const struct upload_manifest *manifest = fill->fill->upload->content->manifest;

	record->files = xcalloc(manifest->files_count, sizeof(*record->files));
	record->files_count = manifest->files_count;
	for (size_t i = 0; i < manifest->files_count; i++) {
		struct installed_file *entry = &record->files[i];
		enum update_action action = fill->plan.files[i].action;

		entry->path = xstrdup(manifest->files[i].path);
		if (action == UPDATE_SAME || action == UPDATE_STAYS) {
			fill_kept(fill, i, entry);
		} else if (!fill_moved(fill, i, entry, err)) {
			return false;
		}
	}
	return true;
}

static void fill_removed(struct filling *fill)
{
	struct commit_record *record = fill->record;

	record->removed = xcalloc(fill->plan.gone_count, sizeof(*record->removed));
	for (size_t i = 0; i < fill->plan.gone_count; i++) {
		const struct update_gone *gone = &fill->plan.gone[i];

		if (gone->action == UPDATE_REMOVED) {
			struct installed_file *entry = &record->removed[record->removed_count++];

			copy_known(entry, gone->known);
			entry->path = xstrdup(gone->known->path);
		}
	}
}

/* What is done with each file is decided now: the game may have been played since init_upload. */
static bool make_plan(
	struct filling *fill, const struct installed_manifest *installed, struct error *err)
{
	const struct upload *upload = fill->fill->upload;
	AUTO(close_fd)
	int game_fd = open(upload->head.dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct update_plan_input input = { .manifest = upload->content->manifest,
		.installed = installed,
		.game_fd = game_fd,
		.dir = upload->head.dir,
		.library = upload->root,
		.executable = upload->content->manifest->executable,
		.deadline_ms = fill->deadline_ms,
		.received_sha256 = received_sha256,
		.user = fill };

	if (game_fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
		return error_set_errno(err, "cannot open the folder '%s'", upload->head.dir);
	}
	return update_plan_make(&fill->plan, &input, err);
}

bool commit_fill_record(
	const struct commit_fill *fill, struct commit_record *record, struct error *err)
{
	const struct upload *upload = fill->upload;
	AUTO(installed_manifest_finish) struct installed_manifest installed = { 0 };
	AUTO(filling_finish)
	struct filling filling = { .fill = fill,
		.record = record,
		.files_fd = beneath_open(
			fill->dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, NULL),
		.received = xcalloc(upload->content->files_count, sizeof(*filling.received)),
		.deadline_ms = loop_now_ms() + HASH_BUDGET_MS };

	if (!installed_manifest_read(
		    &installed, upload->store->state_dir, upload->head.dir, NULL, err) ||
		!make_plan(&filling, &installed, err) ||
		(installed.files_count > 0 &&
			!installed_manifest_write_at(&installed, fill->dir_fd, KEPT_BEFORE, err))) {
		return false;
	}
	update_plan_changes(&filling.plan, upload->content->manifest, fill->changes);
	fill_head(fill, record);
	fill_removed(&filling);
	return fill_files(&filling, err);
}
