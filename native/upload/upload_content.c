#include "upload/upload_content.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/xalloc.h"
#include "upload/chunk_writer.h"
#include "upload/staging_files.h"
#include "upload/upload_manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct upload_content *upload_content_create(struct upload_manifest *manifest_take)
{
	struct upload_content *content = xcalloc(1, sizeof(*content));

	content->manifest = manifest_take;
	content->files_count = manifest_take->files_count;
	content->last_file = content->files_count;
	content->files = xcalloc(manifest_take->files_count, sizeof(*content->files));
	content->dir_fd = -1;
	return content;
}

void upload_content_destroy(struct upload_content *content)
{
	if (content == NULL) {
		return;
	}
	for (size_t i = 0; i < content->files_count; i++) {
		byte_ranges_finish(&content->files[i].ranges);
		if (content->files[i].hash != NULL) {
			chunk_hash_finish(content->files[i].hash);
			free(content->files[i].hash);
		}
	}
	staging_files_destroy(content->staging);
	close_fd(&content->dir_fd);
	upload_manifest_destroy(content->manifest);
	free(content->files);
	free(content->dirty);
	free(content);
}

bool upload_content_find(struct upload_content *content, const char *path, size_t *index)
{
	if (path != NULL && content->last_file < content->files_count &&
		strcmp(path, content->manifest->files[content->last_file].path) == 0) {
		*index = content->last_file;
		return true;
	}
	return upload_manifest_find(content->manifest, path, index);
}

struct chunk_hash *upload_content_hash(struct upload_content *content, size_t file, int64_t offset)
{
	struct upload_content_file *state = &content->files[file];

	if (state->hash == NULL && offset == 0 && content->manifest->files[file].sha256 == NULL) {
		state->hash = xcalloc(1, sizeof(*state->hash));
		state->hash->size_bytes = content->manifest->files[file].size_bytes;
	}
	return state->hash;
}

int64_t upload_content_add(struct upload_content *content, size_t file, int64_t start, int64_t end)
{
	struct byte_ranges *ranges = &content->files[file].ranges;
	int64_t added;

	content->island_count -= ranges->count;
	added = byte_ranges_add(ranges, start, end);
	content->island_count += ranges->count;
	content->held_bytes += added;
	return added;
}

void upload_content_soil(struct upload_content *content, size_t file, int64_t start, int64_t end)
{
	struct upload_dirty *last =
		content->dirty_count > 0 ? &content->dirty[content->dirty_count - 1] : NULL;

	content->dirty_bytes += end - start;
	if (last != NULL && last->file == file && last->end == start) {
		last->end = end;
		return;
	}
	if (content->dirty_count == content->dirty_capacity) {
		content->dirty_capacity =
			content->dirty_capacity == 0 ? 64 : 2 * content->dirty_capacity;
		content->dirty =
			xrealloc(content->dirty, content->dirty_capacity, sizeof(*content->dirty));
	}
	content->dirty[content->dirty_count++] =
		(struct upload_dirty){ .file = file, .start = start, .end = end };
}

void upload_content_drop(struct upload_content *content, size_t file, int64_t start, int64_t end)
{
	struct byte_ranges *ranges = &content->files[file].ranges;

	content->island_count -= ranges->count;
	content->held_bytes -= byte_ranges_remove(ranges, start, end);
	content->island_count += ranges->count;
}

void upload_content_set_unchanged(struct upload_content *content, size_t file, bool unchanged)
{
	int64_t size_bytes = content->manifest->files[file].size_bytes;
	struct upload_content_file *state = &content->files[file];

	if (state->unchanged == unchanged) {
		return;
	}
	upload_content_drop(content, file, 0, size_bytes);
	state->compare_from = state->compare_to = 0;
	state->unchanged = unchanged;
	content->held_bytes += unchanged ? size_bytes : -size_bytes;
}

bool upload_content_check_whole(const struct upload_content *content, struct error *err)
{
	for (size_t i = 0; i < content->files_count; i++) {
		const struct upload_manifest_file *file = &content->manifest->files[i];

		if (!content->files[i].unchanged &&
			content->files[i].ranges.prefix < file->size_bytes) {
			return error_set(err, ERROR_INVALID,
				"'%s' is not complete: bytes are missing from offset %" PRId64
				" on, of %" PRId64 "; send them and complete again",
				file->path, content->files[i].ranges.prefix, file->size_bytes);
		}
	}
	return true;
}

void upload_content_resume_from(const struct upload_content *content, struct json_map *resume_from)
{
	size_t count = content->files_count;

	resume_from->items = xcalloc(count, sizeof(*resume_from->items));
	for (size_t i = 0; i < count; i++) {
		const struct upload_manifest_file *file = &content->manifest->files[i];
		int64_t held = content->files[i].unchanged ? file->size_bytes
							   : content->files[i].ranges.prefix;

		if (held > 0) {
			resume_from->items[resume_from->count++] =
				(struct json_map_entry){ .key = file->path, .value = held };
		}
	}
}
