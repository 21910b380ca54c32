/* The payload of init_upload: what becomes a manifest keeps inside the game's folder. */
#include "upload/upload_manifest.h"

#include "core/error.h"
#include "proto/proto_upload.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	if (path[0] == '\0' || path[0] == '/' || strchr(path, '\\') != NULL ||
		strstr(path, "//") != NULL || strcmp(path, "..") == 0 ||
		strncmp(path, "../", 3) == 0 || strstr(path, "/../") != NULL ||
		(strlen(path) >= 3 && strcmp(path + strlen(path) - 3, "/..") == 0)) {
		abort();
	}
}

static void check_manifest(const struct upload_manifest *manifest)
{
	int64_t total = 0;

	for (size_t i = 0; i < manifest->files_count; i++) {
		const struct upload_manifest_file *file = &manifest->files[i];
		size_t index;

		check_path(file->path);
		if (file->size_bytes < 0 || !upload_manifest_find(manifest, file->path, &index) ||
			index != i) {
			abort();
		}
		total += file->size_bytes;
	}
	if (manifest->executable[0] != '\0') {
		check_path(manifest->executable);
	}
	if (total != manifest->total_bytes) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct init_upload request = { 0 };
	struct upload_manifest *manifest = NULL;
	struct error err = { 0 };

	if (json_read_text(&request, init_upload_fields, (const char *)data, size, &err)) {
		manifest = upload_manifest_create(&request, &err);
		if (manifest != NULL && upload_manifest_check(manifest, &err)) {
			check_manifest(manifest);
		} else if (err.kind != ERROR_INVALID) {
			abort();
		}
	}
	upload_manifest_destroy(manifest);
	json_finish(&request, init_upload_fields);
	return 0;
}
