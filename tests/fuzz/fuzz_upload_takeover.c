/*
 * The list of files in an unfinished upload's staging, which somebody else may have written to:
 * whatever it says, only files that are there, and wanted with that size and hash, are taken over.
 */
#include "upload/upload_takeover.h"

#include "core/cleanup.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "proto/proto_upload.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MANIFEST                                                                                   \
	"{\"config\":{\"gameName\":\"G\"},\"totalSize\":12,\"files\":["                            \
	"{\"relativePath\":\"a\",\"size\":8,\"sha256\":\"" DIGEST "\"},"                           \
	"{\"relativePath\":\"b/c\",\"size\":4,\"sha256\":\"" DIGEST "\"}]}"

static struct upload_content *make_heir(void)
{
	struct init_upload request = { 0 };
	struct upload_manifest *manifest;

	fuzz_require(
		json_read_text(&request, init_upload_fields, MANIFEST, strlen(MANIFEST), NULL));
	manifest = upload_manifest_create(&request, NULL);
	fuzz_require(manifest != NULL);
	json_finish(&request, init_upload_fields);
	return upload_content_create(manifest);
}

static void fill_giver(const char *folder, int dir_fd, const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *staging = path_join(folder, ".capydeck/uploads/old");
	AUTO(free_ptr) char *list = path_join(staging, UPLOAD_STAGING_LIST);
	AUTO(free_ptr) char *files = path_join(staging, UPLOAD_STAGING_FILES);
	AUTO(free_ptr) char *a = path_join(files, "a");
	AUTO(free_ptr) char *b = path_join(files, "b");
	AUTO(free_ptr) char *c = path_join(b, "c");
	AUTO(strbuf_finish) struct strbuf journal = { 0 };

	fuzz_write_file(list, data, size);
	fuzz_write_file(a, "aaaa", 4);
	mkdir(b, 0755);
	fuzz_write_file(c, "cccc", 4);
	upload_journal_write_head(&journal, DIGEST);
	for (unsigned i = 0; i < 4; i++) {
		upload_journal_write_range(&journal, i, 0, 2);
		upload_journal_write_range(&journal, i, 2, 4 + i);
	}
	fuzz_require(upload_journal_replace(dir_fd, &journal, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	struct upload_content *heir = make_heir();
	struct upload_takeover takeover;
	int dir_fd = upload_staging_create(folder, "", "old", NULL);
	int64_t held_bytes = 0;

	fuzz_require(dir_fd >= 0);
	fill_giver(folder, dir_fd, data, size);
	upload_takeover_find(&takeover, heir, folder, "", "old", DIGEST, NULL);
	for (size_t i = 0; i < takeover.files_count; i++) {
		fuzz_require(takeover.files[i] < heir->files_count);
		fuzz_require(byte_ranges_end(&heir->files[takeover.files[i]].ranges) <= 4);
	}
	held_bytes = heir->held_bytes;
	fuzz_require(held_bytes == takeover.bytes && held_bytes <= 8);
	if (takeover.files_count > 0) {
		int to_fd = upload_staging_create(folder, "", "new", NULL);

		fuzz_require(upload_takeover_move(&takeover, heir, to_fd));
		fuzz_require(heir->held_bytes == held_bytes);
		fuzz_require(upload_takeover_write_list(heir->manifest, to_fd, NULL));
		close(to_fd);
	}
	upload_takeover_finish(&takeover);
	upload_content_destroy(heir);
	close(dir_fd);
	upload_staging_remove(folder, "", "new", NULL);
	upload_staging_remove(folder, "", "old", NULL);
	return 0;
}
