#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "proto/proto_upload.h"
#include "suite.h"
#include "upload/upload_manifest.h"

#include <check.h>
#include <string.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct upload_manifest *read_manifest(const char *json, struct error *err)
{
	struct init_upload request = { 0 };
	struct upload_manifest *manifest = NULL;

	*err = (struct error){ 0 };
	ck_assert_msg(json_read_text(&request, init_upload_fields, json, strlen(json), err), "%s",
		err->message);
	manifest = upload_manifest_create(&request, err);
	if (manifest != NULL && !upload_manifest_check(manifest, err)) {
		upload_manifest_destroy(manifest);
		manifest = NULL;
	}
	json_finish(&request, init_upload_fields);
	return manifest;
}

START_TEST(test_files_are_normalised_and_sorted)
{
	struct error err;
	struct upload_manifest *manifest = read_manifest(
		"{\"config\":{\"gameName\":\"G\",\"executable\":\".\\\\bin\\\\g.exe\","
		"\"launchOptions\":\"-x\",\"tags\":\"a,b\"},\"totalSize\":6,\"files\":["
		"{\"relativePath\":\"b-c\",\"size\":1},{\"relativePath\":\"b\\\\\\\\z\",\"size\":2},"
		"{\"relativePath\":\"b/./a\",\"size\":3,\"sha256\":\"" HASH "\"},"
		"{\"relativePath\":\"a\",\"size\":0}]}",
		&err);
	size_t index;

	ck_assert_msg(manifest != NULL, "%s", err.message);
	ck_assert_uint_eq(manifest->files_count, 4);
	ck_assert_str_eq(manifest->files[0].path, "a");
	ck_assert_str_eq(manifest->files[1].path, "b/a");
	ck_assert_str_eq(manifest->files[2].path, "b/z");
	ck_assert_str_eq(manifest->files[3].path, "b-c");
	ck_assert_str_eq(manifest->files[1].sha256, HASH);
	ck_assert(!manifest->hashed);
	ck_assert_str_eq(manifest->executable, "bin/g.exe");
	ck_assert_str_eq(manifest->launch_options, "-x");
	ck_assert_uint_eq(manifest->tags.count, 2);
	ck_assert(upload_manifest_find(manifest, "b/z", &index));
	ck_assert_uint_eq(index, 2);
	ck_assert(upload_manifest_find(manifest, "b\\\\z", &index));
	ck_assert_uint_eq(index, 2);
	ck_assert(!upload_manifest_find(manifest, "b", &index));
	ck_assert(!upload_manifest_find(manifest, "", &index));
	ck_assert(!upload_manifest_find(manifest, NULL, &index));
	upload_manifest_destroy(manifest);
}
END_TEST

START_TEST(test_the_executable_is_one_of_the_files)
{
	struct error err;
	struct upload_manifest *manifest = read_manifest(
		"{\"config\":{\"gameName\":\"G\",\"executable\":\"\\\"C:\\\\G\\\\BIN\\\\g.exe\\\" -w\"},"
		"\"totalSize\":1,\"files\":[{\"relativePath\":\"Bin/G.exe\",\"size\":1}]}",
		&err);

	ck_assert_msg(manifest != NULL, "%s", err.message);
	ck_assert_str_eq(manifest->executable, "Bin/G.exe");
	ck_assert_str_eq(manifest->launch_options, "-w");
	upload_manifest_destroy(manifest);
}
END_TEST

static const struct refused {
	const char *files;
	int total;
	const char *named; /* in the error */
} refused[] = {
	{ "{\"relativePath\":\"a\",\"size\":1}", 2, "totalSize is 2" },
	{ "{\"relativePath\":\"a\",\"size\":-1}", -1, "'a'" },
	{ "{\"relativePath\":\"a\",\"size\":9007199254740992},"
	  "{\"relativePath\":\"b\",\"size\":1}",
		1, "'b'" },
	{ "{\"relativePath\":\"a\",\"size\":1},{\"relativePath\":\"./a\",\"size\":1}", 2, "'a'" },
	{ "{\"relativePath\":\"a\",\"size\":0},{\"relativePath\":\"a-b\",\"size\":0},"
	  "{\"relativePath\":\"a/b\",\"size\":0}",
		0, "'a/b'" },
	{ "{\"relativePath\":\"../a\",\"size\":0}", 0, "../a" },
	{ "{\"relativePath\":\"/etc/passwd\",\"size\":0}", 0, "/etc/passwd" },
	{ "{\"relativePath\":\"C:\\\\a\",\"size\":0}", 0, "C:" },
	{ "{\"relativePath\":\"\",\"size\":0}", 0, "" },
	{ "{\"relativePath\":\"a\",\"size\":0,\"sha256\":\"ABC\"}", 0, "'a'" },
	{ "", 0, "'G'" },
};

START_TEST(test_bad_manifests_are_refused)
{
	const struct refused *row = &refused[_i];
	AUTO(free_ptr)
	char *json = xasprintf("{\"config\":{\"gameName\":\"G\"},\"totalSize\":%d,\"files\":[%s]}",
		row->total, row->files);
	struct error err;

	ck_assert_ptr_null(read_manifest(json, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.message, row->named) != NULL, "%s", err.message);
}
END_TEST

static const char *const folders_json =
	"{\"config\":{\"gameName\":\"G\"},\"totalSize\":0,\"files\":["
	"{\"relativePath\":\"a/b/f\",\"size\":0},{\"relativePath\":\"g\",\"size\":0}]%s}";

START_TEST(test_folders_without_files_are_kept)
{
	AUTO(free_ptr)
	char *json = xasprintf(folders_json,
		",\"folders\":[\"saves\\\\slot1\",\"./cache/\",\"saves\",\"a\",\"a/b\",\"a/c\","
		"\"cache\",\"a-d\"]");
	AUTO(free_ptr) char *without = xasprintf(folders_json, "");
	struct error err;
	struct upload_manifest *manifest = read_manifest(json, &err), *other;

	ck_assert_msg(manifest != NULL, "%s", err.message);
	ck_assert_uint_eq(manifest->folders.count, 4);
	ck_assert_str_eq(manifest->folders.items[0], "a/c");
	ck_assert_str_eq(manifest->folders.items[1], "a-d");
	ck_assert_str_eq(manifest->folders.items[2], "cache");
	ck_assert_str_eq(manifest->folders.items[3], "saves/slot1");
	other = read_manifest(without, &err);
	ck_assert_str_ne(manifest->digest, other->digest);
	upload_manifest_destroy(other);
	upload_manifest_destroy(manifest);
}
END_TEST

START_TEST(test_bad_folders_are_refused)
{
	static const char *const folders[] = { "../a", "/a", "", "g", "g/x", "a/b/f/x/y" };
	AUTO(free_ptr) char *list = xasprintf(",\"folders\":[\"%s\"]", folders[_i]);
	AUTO(free_ptr) char *json = xasprintf(folders_json, list);
	struct error err;

	ck_assert_ptr_null(read_manifest(json, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.message, folders[_i]) != NULL, "%s", err.message);
}
END_TEST

/* All at once, so that they can be mended at once. */
START_TEST(test_all_bad_paths_are_told)
{
	struct error err;

	ck_assert_ptr_null(read_manifest(
		"{\"config\":{\"gameName\":\"G\"},\"totalSize\":3,\"files\":["
		"{\"relativePath\":\"../a\",\"size\":1},{\"relativePath\":\"/b\",\"size\":1},"
		"{\"relativePath\":\"c\",\"size\":1},{\"relativePath\":\"./c\",\"size\":1},"
		"{\"relativePath\":\"c/d/e\",\"size\":0}]}",
		&err));
	ck_assert_str_eq(err.message,
		"'G' cannot be installed as it is, for 4 reasons: (1) the path '../a' contains '..'; "
		"(2) the path '/b' is not relative; (3) 'c' is in the manifest twice; (4) 'c' is a file "
		"in the manifest and cannot be the folder of 'c/d/e'; rename them or leave them out");
}
END_TEST

static void digest_of(const char *files, int total, char digest[SHA256_HEX_BYTES])
{
	AUTO(free_ptr)
	char *json = xasprintf(
		"{\"config\":{\"gameName\":\"G\"},\"totalSize\":%d,\"files\":[%s]}", total, files);
	struct error err;
	struct upload_manifest *manifest = read_manifest(json, &err);

	ck_assert_msg(manifest != NULL, "%s", err.message);
	memcpy(digest, manifest->digest, SHA256_HEX_BYTES);
	upload_manifest_destroy(manifest);
}

START_TEST(test_the_digest_tells_manifests_apart)
{
	static const char *const others[] = {
		"{\"relativePath\":\"a\",\"size\":2},{\"relativePath\":\"b\",\"size\":1}",
		"{\"relativePath\":\"a\",\"size\":1},{\"relativePath\":\"c\",\"size\":2}",
		"{\"relativePath\":\"a\",\"size\":1,\"sha256\":\"" HASH
		"\"},{\"relativePath\":\"b\",\"size\":2}",
		"{\"relativePath\":\"a1\",\"size\":1},{\"relativePath\":\"b\",\"size\":2}",
	};
	char digest[SHA256_HEX_BYTES], other[SHA256_HEX_BYTES];

	digest_of("{\"relativePath\":\"a\",\"size\":1},{\"relativePath\":\"b\",\"size\":2}", 3,
		digest);
	digest_of("{\"relativePath\":\"./b\",\"size\":2},{\"relativePath\":\"a\",\"size\":1}", 3,
		other);
	ck_assert_str_eq(digest, other);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		digest_of(others[i], 3, other);
		ck_assert_str_ne(digest, other);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("manifest");

	tcase_add_test(tests, test_files_are_normalised_and_sorted);
	tcase_add_test(tests, test_the_executable_is_one_of_the_files);
	tcase_add_test(tests, test_folders_without_files_are_kept);
	tcase_add_loop_test(tests, test_bad_folders_are_refused, 0, 6);
	tcase_add_loop_test(tests, test_bad_manifests_are_refused, 0,
		(int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tests, test_all_bad_paths_are_told);
	tcase_add_test(tests, test_the_digest_tells_manifests_apart);
	return run_tcase(tests);
}
