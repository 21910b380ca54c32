#include "upload/upload_takeover.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIST_VERSION 1
#define LIST_MAX_BYTES (256 * 1024 * 1024)
#define NO_FILE SIZE_MAX

struct listed_file {
	char *path;
	int64_t size_bytes;
	char *sha256; /* "": not known */
};

struct file_list {
	int64_t version;
	char *digest;
	struct listed_file *files; /* as the manifest's */
	size_t files_count;
};

static const struct json_field listed_file_fields[] = {
	JSON_FIELD(struct listed_file, path, "path", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct listed_file, size_bytes, "size", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct listed_file, sha256, "sha256", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

static const struct json_field file_list_fields[] = {
	JSON_FIELD(struct file_list, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct file_list, digest, "digest", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct file_list, files, "files", listed_file_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static void file_list_finish(struct file_list *list)
{
	json_finish(list, file_list_fields);
}

bool upload_takeover_write_list(
	const struct upload_manifest *manifest, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(free_ptr)
	struct listed_file *files = xcalloc(manifest->files_count + 1, sizeof(*files));
	struct file_list list = { .version = LIST_VERSION,
		.digest = (char *)manifest->digest,
		.files = files,
		.files_count = manifest->files_count };

	for (size_t i = 0; i < manifest->files_count; i++) {
		files[i] = (struct listed_file){ .path = manifest->files[i].path,
			.size_bytes = manifest->files[i].size_bytes,
			.sha256 = manifest->files[i].sha256 };
	}
	json_write(&text, file_list_fields, &list);
	return atomic_file_write_at(dir_fd, UPLOAD_STAGING_LIST, text.data, text.length, 0600, err);
}

/* --- Finding --- */

struct search {
	struct upload_content *heir;
	struct file_list list;
	size_t *heir_index; /* of each file of the list; NO_FILE: the heir does not want it */
};

static bool read_list(struct file_list *list, int dir_fd, const char *digest, struct error *why)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	return atomic_file_read_at(dir_fd, UPLOAD_STAGING_LIST, LIST_MAX_BYTES, &text, why) &&
	       json_read_text(list, file_list_fields, strbuf_text(&text), text.length, NULL) &&
	       list->version == LIST_VERSION && strcmp(list->digest, digest) == 0;
}

/* The same file in the heir, of which it has nothing yet. */
static size_t find_in_heir(const struct upload_content *heir, const struct listed_file *file)
{
	const struct upload_manifest_file *wanted;
	size_t index;

	if (!json_is_given(file->sha256) || !path_is_plain_relative(file->path) ||
		!upload_manifest_find(heir->manifest, file->path, &index)) {
		return NO_FILE;
	}
	wanted = &heir->manifest->files[index];
	return wanted->sha256 != NULL && strcmp(wanted->sha256, file->sha256) == 0 &&
			       wanted->size_bytes == file->size_bytes &&
			       byte_ranges_end(&heir->files[index].ranges) == 0
		       ? index
		       : NO_FILE;
}

static void visit_record(void *user, const struct upload_journal_record *record)
{
	struct search *search = user;
	struct upload_content *heir = search->heir;
	size_t index;

	if (record->kind != UPLOAD_JOURNAL_RANGE || record->file >= search->list.files_count) {
		return;
	}
	index = search->heir_index[record->file];
	if (index == NO_FILE || record->start < 0 || record->start >= record->end ||
		record->end > heir->manifest->files[index].size_bytes ||
		heir->island_count >= UPLOAD_ISLAND_LIMIT) {
		return;
	}
	upload_content_add(heir, index, record->start, record->end);
}

/* Is it this program's file, with all that the journal says? */
static bool is_there(
	const struct upload_takeover *takeover, const struct upload_content *heir, size_t index)
{
	const struct upload_manifest_file *file = &heir->manifest->files[index];
	struct stat stat;

	return beneath_stat(takeover->files_fd, file->path, &stat, NULL) && S_ISREG(stat.st_mode) &&
	       stat.st_nlink == 1 && stat.st_size <= file->size_bytes &&
	       stat.st_size >= byte_ranges_end(&heir->files[index].ranges);
}

static int64_t held_bytes(const struct upload_content_file *file)
{
	int64_t bytes = 0;

	for (uint32_t n = 0; n < byte_ranges_count(&file->ranges); n++) {
		struct byte_range range = byte_ranges_at(&file->ranges, n);

		bytes += range.end - range.start;
	}
	return bytes;
}

static void drop(struct upload_content *heir, size_t index)
{
	upload_content_drop(heir, index, 0, byte_ranges_end(&heir->files[index].ranges));
}

/* Those of which something is held. */
static void keep_found(struct upload_takeover *takeover, const struct search *search)
{
	struct upload_content *heir = search->heir;

	takeover->files = xcalloc(search->list.files_count + 1, sizeof(*takeover->files));
	for (size_t i = 0; i < search->list.files_count; i++) {
		size_t index = search->heir_index[i];

		if (index == NO_FILE || byte_ranges_end(&heir->files[index].ranges) == 0) {
			continue;
		}
		if (is_there(takeover, heir, index)) {
			takeover->files[takeover->files_count++] = index;
			takeover->bytes += held_bytes(&heir->files[index]);
		} else {
			drop(heir, index);
		}
	}
}

static bool is_ascending(const struct file_list *list)
{
	for (size_t i = 1; i < list->files_count; i++) {
		if (path_compare(list->files[i - 1].path, list->files[i].path) >= 0) {
			return false;
		}
	}
	return true;
}

/* What is not there, or damaged, gives nothing; what cannot be read now is not given up. */
static bool is_unread(const struct error *why)
{
	return why->kind != ERROR_NONE && why->kind != ERROR_NOT_FOUND &&
	       why->kind != ERROR_INVALID && why->kind != ERROR_TOO_LARGE;
}

bool upload_takeover_find(struct upload_takeover *takeover, struct upload_content *heir,
	const char *root, const char *library, const char *upload_id, const char *digest,
	struct error *err)
{
	AUTO(strbuf_finish) struct strbuf journal = { 0 };
	struct search search = { .heir = heir };
	struct error why = { 0 };

	*takeover = (struct upload_takeover){ .dir_fd = -1, .files_fd = -1 };
	takeover->dir_fd = upload_staging_open(root, library, upload_id, &why);
	if (takeover->dir_fd < 0) {
		return !is_unread(&why) || error_pass(err, &why);
	}
	takeover->files_fd = beneath_open(
		takeover->dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, &why);
	if (takeover->files_fd >= 0 && read_list(&search.list, takeover->dir_fd, digest, &why) &&
		is_ascending(&search.list) &&
		upload_journal_read(takeover->dir_fd, &journal, &why)) {
		search.heir_index =
			xcalloc(search.list.files_count + 1, sizeof(*search.heir_index));
		for (size_t i = 0; i < search.list.files_count; i++) {
			search.heir_index[i] = find_in_heir(heir, &search.list.files[i]);
		}
		upload_journal_parse(
			strbuf_text(&journal), journal.length, digest, visit_record, &search);
		keep_found(takeover, &search);
	}
	free(search.heir_index);
	file_list_finish(&search.list);
	return !is_unread(&why) || error_pass(err, &why);
}

/* --- Moving --- */

static bool move_file(const struct upload_takeover *takeover, const char *path, int files_fd)
{
	AUTO(close_fd) int from_fd = beneath_open_parent(takeover->files_fd, path, false, NULL);
	AUTO(close_fd) int to_fd = beneath_open_parent(files_fd, path, true, NULL);
	const char *name = path_base(path);

	return from_fd >= 0 && to_fd >= 0 && renameat(from_fd, name, to_fd, name) == 0;
}

struct moved {
	const struct upload_takeover *takeover;
	const struct upload_content *heir;
};

static const char *moved_path_at(const void *user, size_t index)
{
	const struct moved *moved = user;

	return moved->heir->manifest->files[moved->takeover->files[index]].path;
}

bool upload_takeover_move(
	struct upload_takeover *takeover, struct upload_content *heir, int files_fd)
{
	struct moved moved = { .takeover = takeover, .heir = heir };
	size_t count = takeover->files_count;
	bool whole = true;

	takeover->files_count = 0;
	for (size_t i = 0; i < count; i++) {
		size_t index = takeover->files[i];

		if (heir->files[index].unchanged) {
			continue; /* it is installed already, and the giver's is of no use */
		}
		if (move_file(takeover, heir->manifest->files[index].path, files_fd)) {
			takeover->files[takeover->files_count++] = index;
		} else {
			drop(heir, index);
			whole = false;
		}
	}
	/* If that fails, a power cut may lose names: their files are sent again. */
	if (beneath_sync_folders(files_fd, moved_path_at, takeover->files_count, &moved, NULL)) {
		for (size_t i = 0; i < takeover->files_count; i++) {
			heir->files[takeover->files[i]].named = true;
		}
	}
	return whole;
}

void upload_takeover_finish(struct upload_takeover *takeover)
{
	close_fd(&takeover->files_fd);
	close_fd(&takeover->dir_fd);
	free(takeover->files);
	*takeover = (struct upload_takeover){ .dir_fd = -1, .files_fd = -1 };
}
