#define LOG_MODULE "uploads"

#include "upload/uploads_scan.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/install_dir.h"
#include "upload/commit_record.h"
#include "upload/upload.h"
#include "upload/upload_commit.h"
#include "upload/upload_journal.h"
#include "upload/upload_staging.h"
#include "upload/uploads.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_known(const struct uploads *uploads, const char *root, const char *upload_id)
{
	for (const struct upload *upload = uploads->first; upload != NULL; upload = upload->next) {
		if (strcmp(upload->root, root) == 0 &&
			strcmp(upload->head.upload_id, upload_id) == 0) {
			return true;
		}
	}
	return false;
}

static bool exists(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A commit that a crash interrupted goes on where it was. */
static bool finish_commit(struct uploads *uploads, const char *root, int dir_fd, struct error *err)
{
	AUTO(commit_record_finish) struct commit_record record = { 0 };
	struct upload_commit commit = {
		.root = root, .state_dir = uploads->state_dir, .dir_fd = dir_fd, .record = &record
	};

	if (!commit_record_read(&record, dir_fd, err) || !upload_commit_apply(&commit, err) ||
		!commit_record_register(&record, uploads->registry, err)) {
		return false;
	}
	log_info("'%s' is installed in '%s'; the agent had been interrupted", record.game_name,
		record.dir);
	return true;
}

/* False: there is nothing to keep. */
static bool take_up(
	struct uploads *uploads, struct upload *upload, const char *upload_id, int dir_fd)
{
	struct upload_journal_state state = { 0 };
	struct error err = { 0 };
	struct stat stat;

	if (exists(dir_fd, UPLOAD_STAGING_COMMIT)) {
		if (finish_commit(uploads, upload->root, dir_fd, &err)) {
			return false;
		}
		log_error("an interrupted installation in '%s' cannot be finished: %s",
			upload->root, err.message);
		upload->committed = err.kind != ERROR_NOT_FOUND;
		if (!upload->committed) {
			commit_record_remove(dir_fd); /* its Hub has to send what is gone */
		}
	}
	if (!upload_head_read(&upload->head, dir_fd, &err) ||
		strcmp(upload->head.upload_id, upload_id) != 0) {
		/* What nobody can read is of no use, unless it is half an installation. */
		return upload->committed;
	}
	if (fstat(dir_fd, &stat) == 0) {
		state.at_ms = stat.st_mtim.tv_sec * INT64_C(1000);
	}
	upload_journal_last_state(dir_fd, &state);
	upload->updated_at_ms = state.at_ms;
	upload->paused_bytes = state.held_bytes;
	upload->cancelled = state.cancelled;
	upload->state = upload->committed ? UPLOAD_COMPLETING : UPLOAD_PAUSED;
	upload->listed = true;
	return true;
}

static void scan_one(struct uploads *uploads, const char *root, const char *upload_id)
{
	struct error err = { 0 };
	AUTO(close_fd) int dir_fd = upload_staging_open(root, upload_id, &err);
	struct upload *upload;

	if (dir_fd < 0) {
		log_warning("'%s' below '%s': %s", upload_id, root, err.message);
		return;
	}
	upload = upload_create(uploads);
	upload->root = xstrdup(root);
	if (take_up(uploads, upload, upload_id, dir_fd)) {
		if (upload->listed) {
			uploads_add(uploads, upload);
			return;
		}
	} else if (!upload_staging_remove(root, upload_id, &err)) {
		log_warning("'%s' below '%s' cannot be removed: %s", upload_id, root, err.message);
	}
	upload_destroy(upload);
}

static void scan_library(struct uploads *uploads, const char *library)
{
	AUTO(free_ptr) char *expanded = path_expand_home(library, uploads->home);
	AUTO(free_ptr) char *root = install_dir_resolve(expanded);
	AUTO(strvec_finish) struct strvec ids = { 0 };

	if (root == NULL) {
		log_warning("the library folder '%s' is not an absolute path", library);
		return;
	}
	upload_staging_list(root, &ids);
	for (size_t i = 0; i < ids.count; i++) {
		if (!is_known(uploads, root, ids.items[i])) {
			scan_one(uploads, root, ids.items[i]);
		}
	}
}

void uploads_scan(struct uploads *uploads)
{
	scan_library(uploads, uploads->library_dir);
	for (size_t i = 0; i < uploads->library_extra.count; i++) {
		scan_library(uploads, uploads->library_extra.items[i]);
	}
	uploads_arm_expiry(uploads);
}
