#include "library/installed_manifest.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_VERSION 1
#define MANIFEST_MAX_BYTES (64 * 1024 * 1024)

const struct json_field installed_file_fields[] = {
	JSON_FIELD(struct installed_file, path, "path", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct installed_file, size_bytes, "size", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct installed_file, mtime_s, "mtime", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct installed_file, mtime_ns, "mtimeNs", JSON_INT64, 0),
	JSON_FIELD(struct installed_file, sha256, "sha256", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, program, "program", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, kept, "kept", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, stays, "stays", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, added, "added", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, player, "player", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, was_bytes, "wasSize", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, was_mtime_s, "wasMtime", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(struct installed_file, was_mtime_ns, "wasMtimeNs", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

static const struct json_field installed_manifest_fields[] = {
	JSON_FIELD(struct installed_manifest, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct installed_manifest, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_ARRAY(
		struct installed_manifest, files, "files", installed_file_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static char *file_of(const char *state_dir, const char *dir)
{
	char hex[SHA256_HEX_BYTES];

	sha256_of(dir, strlen(dir), hex);
	return xasprintf("%s/manifests/%s.json", state_dir, hex);
}

static int compare_installed(const void *a, const void *b)
{
	const struct installed_file *left = a, *right = b;

	return path_compare(left->path, right->path);
}

static bool check_manifest(const void *object, struct error *err)
{
	const struct installed_manifest *manifest = object;

	return manifest->version == MANIFEST_VERSION ||
	       error_set(err, ERROR_INVALID, "its version is not %d", MANIFEST_VERSION);
}

static bool check_file_entry(const char *key, const void *entry, struct error *err)
{
	return installed_file_check(entry, err);
}

static const struct state_file manifest_file = {
	.what = "the list of a game's installed files",
	.loss = "what the next update replaces in the game's folder is kept as if it were the "
		"player's",
	.max_bytes = MANIFEST_MAX_BYTES,
	.fields = installed_manifest_fields,
	.object_bytes = sizeof(struct installed_manifest),
	.check = check_manifest,
	.check_entry = check_file_entry,
};

static int compare_path(const void *path, const void *file)
{
	return path_compare(path, ((const struct installed_file *)file)->path);
}

/* bsearch() must not depend on the order in the file. */
static void sort_files(struct installed_manifest *manifest)
{
	if (manifest->files_count > 0) {
		qsort(manifest->files, manifest->files_count, sizeof(*manifest->files),
			compare_installed);
	}
}

bool installed_manifest_read_at(
	struct installed_manifest *manifest, int dir_fd, const char *name, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	*manifest = (struct installed_manifest){ 0 };
	if (!atomic_file_read_at(dir_fd, name, MANIFEST_MAX_BYTES, &text, err) ||
		!json_read_text(manifest, installed_manifest_fields, text.data, text.length, err) ||
		!check_manifest(manifest, err)) {
		return false;
	}
	for (size_t i = 0; i < manifest->files_count; i++) {
		if (!installed_file_check(&manifest->files[i], err)) {
			return false;
		}
	}
	sort_files(manifest);
	return true;
}

bool installed_manifest_write_at(
	const struct installed_manifest *manifest, int dir_fd, const char *name, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct installed_manifest written = *manifest;

	written.version = MANIFEST_VERSION;
	json_write(&text, installed_manifest_fields, &written);
	return atomic_file_write_at(dir_fd, name, text.data, text.length, 0600, err);
}

bool installed_manifest_read(struct installed_manifest *manifest, const char *state_dir,
	const char *dir, char **notice, struct error *err)
{
	AUTO(free_ptr) char *path = file_of(state_dir, dir);

	*manifest = (struct installed_manifest){ 0 };
	if (!state_file_read(&manifest_file, path, manifest, notice, err)) {
		return false;
	}
	if (manifest->dir == NULL || strcmp(manifest->dir, dir) != 0) {
		installed_manifest_finish(manifest); /* empty, or another folder's */
		return true;
	}
	sort_files(manifest);
	return true;
}

void installed_manifest_finish(struct installed_manifest *manifest)
{
	json_finish(manifest, installed_manifest_fields);
	*manifest = (struct installed_manifest){ 0 };
}

static bool write_to(const char *path, const char *dir, const struct installed_file *files,
	size_t count, struct error *err)
{
	AUTO(free_ptr) char *dir_copy = xstrdup(dir);
	AUTO(free_ptr) struct installed_file *known = xcalloc(count, sizeof(*known));
	struct installed_manifest manifest = {
		.version = MANIFEST_VERSION, .dir = dir_copy, .files = known, .files_count = count
	};

	for (size_t i = 0; i < count; i++) {
		known[i] = (struct installed_file){ .path = files[i].path,
			.size_bytes = files[i].size_bytes,
			.mtime_s = files[i].mtime_s,
			.mtime_ns = files[i].mtime_ns,
			.sha256 = files[i].sha256,
			.program = files[i].program };
	}
	return state_file_write(&manifest_file, path, &manifest, err);
}

bool installed_manifest_write(const char *state_dir, const char *dir,
	const struct installed_file *files, size_t count, struct error *err)
{
	AUTO(free_ptr) char *path = file_of(state_dir, dir);

	return write_to(path, dir, files, count, err);
}

bool installed_manifest_copy(
	const char *state_dir, const char *dir, const char *new_dir, struct error *err)
{
	AUTO(installed_manifest_finish) struct installed_manifest known = { 0 };

	return installed_manifest_read(&known, state_dir, dir, NULL, err) &&
	       (known.files_count == 0 || installed_manifest_write(state_dir, new_dir, known.files,
						  known.files_count, err));
}

void installed_manifest_forget(const char *state_dir, const char *dir)
{
	AUTO(free_ptr) char *path = file_of(state_dir, dir);

	unlink(path);
}

/* Caller frees. */
static char *next_of(const char *path, const char *build)
{
	return xasprintf("%s.next-%s", path, build);
}

bool installed_manifest_prepare(const char *state_dir, const char *dir, const char *build,
	const struct installed_file *files, size_t count, struct error *err)
{
	AUTO(free_ptr) char *path = file_of(state_dir, dir);
	AUTO(free_ptr) char *next = next_of(path, build);

	return write_to(next, dir, files, count, err);
}

bool installed_manifest_adopt(const char *state_dir, const char *dir, const char *build,
	const struct installed_file *files, size_t count, struct error *err)
{
	AUTO(free_ptr) char *path = file_of(state_dir, dir);
	AUTO(free_ptr) char *next = next_of(path, build);
	AUTO(free_ptr) char *folder = path_parent(path);

	if (rename(next, path) == 0) {
		return sync_dir(folder, err);
	}
	return errno == ENOENT ? write_to(path, dir, files, count, err)
			       : error_set_errno(err, "cannot replace '%s'", path);
}

void installed_manifest_drop(const char *state_dir, const char *dir, const char *build)
{
	AUTO(free_ptr) char *path = file_of(state_dir, dir);
	AUTO(free_ptr) char *next = next_of(path, build);

	unlink(next);
}

struct installed_file *installed_manifest_find(
	const struct installed_manifest *manifest, const char *path)
{
	return manifest->files_count == 0 ? NULL
					  : bsearch(path, manifest->files, manifest->files_count,
						    sizeof(*manifest->files), compare_path);
}

bool installed_file_check(const struct installed_file *file, struct error *err)
{
	if (!path_is_plain_relative(file->path)) {
		return error_set(err, ERROR_INVALID, "'%s' is not a valid file path", file->path);
	}
	if (file->size_bytes < 0 || file->mtime_ns < -1 || file->mtime_ns > 999999999 ||
		(file->sha256 != NULL && !sha256_is_hex(file->sha256))) {
		return error_set(err, ERROR_INVALID, "'%s' has invalid values", file->path);
	}
	return true;
}

bool installed_file_is_untouched(const struct installed_file *file, const struct stat *stat)
{
	return S_ISREG(stat->st_mode) && stat->st_size == file->size_bytes &&
	       stat->st_mtim.tv_sec == file->mtime_s && stat->st_mtim.tv_nsec == file->mtime_ns;
}
