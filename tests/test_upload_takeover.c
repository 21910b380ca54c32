#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "folder.h"
#include "kill_points.h"
#include "proto/proto_upload.h"
#include "suite.h"
#include "upload/staging_files.h"
#include "upload/upload_content.h"
#include "upload/upload_journal.h"
#include "upload/upload_load.h"
#include "upload/upload_manifest.h"
#include "upload/upload_staging.h"
#include "upload/upload_takeover.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HASH_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

#define FILE_JSON(path, size, hash)                                                                \
	"{\"relativePath\":\"" path "\",\"size\":" size ",\"sha256\":\"" hash "\"}"
#define MANIFEST_JSON(total, files)                                                                \
	"{\"config\":{\"gameName\":\"Game\"},\"totalSize\":" total ",\"files\":[" files "]}"

/* Of data/b, which comes first, only the start has arrived; the log differs from build to build. */
static const char old_json[] =
	MANIFEST_JSON("24", FILE_JSON("a", "8", HASH_A) "," FILE_JSON(
				    "data/b", "8", HASH_B) "," FILE_JSON("log", "8", HASH_C));
static const char new_json[] = MANIFEST_JSON(
	"34", FILE_JSON("a", "8", HASH_A) "," FILE_JSON("data/b", "8", HASH_B) "," FILE_JSON(
		      "log", "8", HASH_A) "," FILE_JSON("new", "10", HASH_C));

static char root[FOLDER_BYTES];
static struct upload_head old_head, new_head;

static struct upload_manifest *read_manifest(const char *json)
{
	struct init_upload request = { 0 };
	struct upload_manifest *manifest;
	struct error err = { 0 };

	ck_assert(json_read_text(&request, init_upload_fields, json, strlen(json), NULL));
	manifest = upload_manifest_create(&request, &err);
	ck_assert_msg(manifest != NULL, "%s", err.message);
	json_finish(&request, init_upload_fields);
	return manifest;
}

static struct upload_head make_head(const char *id, const char *json)
{
	struct upload_manifest *manifest = read_manifest(json);
	struct upload_head head = { .upload_id = xstrdup(id),
		.hub_id = xstrdup("hub"),
		.game_name = xstrdup("Game"),
		.dir = xasprintf("%s/Game", root),
		.manifest_digest = xstrdup(manifest->digest),
		.total_bytes = manifest->total_bytes };

	upload_manifest_destroy(manifest);
	return head;
}

static void start(void)
{
	folder_make(root);
	old_head = make_head("old", old_json);
	new_head = make_head("new", new_json);
}

static void finish(void)
{
	upload_head_finish(&old_head);
	upload_head_finish(&new_head);
	folder_remove(root);
}

static struct upload_load load_of(const struct upload_head *head, const char *json, bool resume,
	const struct upload_head *giver)
{
	return (struct upload_load){ .root = root,
		.library = "",
		.state_dir = root,
		.head = head,
		.resume = resume,
		.giver = giver,
		.manifest = read_manifest(json) };
}

static struct upload_content *run(struct upload_load load)
{
	ck_assert_msg(upload_load_run(&load), "%s", load.error.message);
	ck_assert_ptr_null(load.notice);
	return load.content;
}

static void stage(int dir_fd, const char *path, const char *text)
{
	AUTO(close_fd) int parent_fd = beneath_open_parent(dir_fd, path, true, NULL);
	AUTO(close_fd)
	int fd = openat(parent_fd, strrchr(path, '/') + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* The old upload, as the agent leaves it, with all of a and log, and a part of data/b. */
static void make_old(void)
{
	struct upload_content *content = run(load_of(&old_head, old_json, false, NULL));
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	stage(content->dir_fd, "files/a", "aaaaaaaa");
	stage(content->dir_fd, "files/data/b", "bbbbb");
	stage(content->dir_fd, "files/log", "cccccccc");
	upload_journal_write_range(&text, 0, 0, 8);
	upload_journal_write_range(&text, 1, 0, 5);
	upload_journal_write_range(&text, 2, 0, 8);
	upload_journal_write_state(&text, &(struct upload_journal_state){ .held_bytes = 21 });
	ck_assert(upload_journal_append(content->dir_fd, &text, NULL));
	upload_content_destroy(content);
}

static int64_t prefix_of(struct upload_content *content, const char *path)
{
	size_t index;

	ck_assert(upload_manifest_find(content->manifest, path, &index));
	return content->files[index].ranges.prefix;
}

static void assert_staged(
	const struct upload_content *content, const char *path, const char *expected)
{
	AUTO(free_ptr) char *inside = xasprintf(UPLOAD_STAGING_FILES "/%s", path);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int fd = beneath_open(content->dir_fd, inside, O_RDONLY, 0, NULL);
	char bytes[64];
	ssize_t length = read(fd, bytes, sizeof(bytes));

	ck_assert_int_eq(length, (ssize_t)strlen(expected));
	ck_assert_mem_eq(bytes, expected, (size_t)length);
}

static void assert_taken_over(struct upload_content *content)
{
	ck_assert_int_eq(prefix_of(content, "a"), 8);
	ck_assert_int_eq(prefix_of(content, "data/b"), 5);
	ck_assert_int_eq(prefix_of(content, "log"), 0);
	ck_assert_int_eq(prefix_of(content, "new"), 0);
	ck_assert_int_eq(content->held_bytes, 13);
	assert_staged(content, "a", "aaaaaaaa");
	assert_staged(content, "data/b", "bbbbb");
}

START_TEST(what_is_the_same_is_taken_over)
{
	struct upload_content *content;

	make_old();
	content = run(load_of(&new_head, new_json, false, &old_head));
	assert_taken_over(content);
	upload_content_destroy(content);
	/* And read back, without the giver. */
	ck_assert(upload_staging_remove(root, "", "old", NULL));
	content = run(load_of(&new_head, new_json, true, NULL));
	assert_taken_over(content);
	upload_content_destroy(content);
}
END_TEST

static void write_list(const char *text)
{
	AUTO(close_fd) int fd = upload_staging_open(root, "", "old", NULL);

	if (text == NULL) {
		ck_assert_int_eq(unlinkat(fd, UPLOAD_STAGING_LIST, 0), 0);
	} else {
		ck_assert(atomic_file_write_at(
			fd, UPLOAD_STAGING_LIST, text, strlen(text), 0600, NULL));
	}
}

static const char *const useless_lists[] = {
	NULL, /* of an earlier build of the agent */
	"",
	"{\"version\":2,\"digest\":\"\",\"files\":[]}",
	"{\"version\":1,\"digest\":\"another\",\"files\":[{\"path\":\"a\",\"size\":8,\"sha256\":\"" HASH_A
	"\"}]}",
};

START_TEST(without_its_list_nothing_is_known_of_it)
{
	struct upload_content *content;

	make_old();
	write_list(useless_lists[_i]);
	content = run(load_of(&new_head, new_json, false, &old_head));
	ck_assert_int_eq(content->held_bytes, 0);
	upload_content_destroy(content);
	content = run(load_of(&old_head, old_json, true, NULL));
	ck_assert_int_eq(content->held_bytes, 21);
	upload_content_destroy(content);
}
END_TEST

START_TEST(a_list_that_lies_gives_nothing_that_is_not_there)
{
	AUTO(free_ptr)
	char *text = xasprintf("{\"version\":1,\"digest\":\"%s\",\"files\":["
			       "{\"path\":\"../a\",\"size\":8,\"sha256\":\"%s\"},"
			       "{\"path\":\"a\",\"size\":9,\"sha256\":\"%s\"},"
			       "{\"path\":\"new\",\"size\":10,\"sha256\":\"%s\"}]}",
		old_head.manifest_digest, HASH_A, HASH_A, HASH_C);
	struct upload_content *content;

	make_old();
	write_list(text);
	content = run(load_of(&new_head, new_json, false, &old_head));
	ck_assert_int_eq(content->held_bytes, 0);
	upload_content_destroy(content);
}
END_TEST

START_TEST(a_staged_file_that_is_not_what_it_was_stays)
{
	AUTO(free_ptr) char *a = xasprintf("%s/.capydeck/uploads/old/files/a", root);
	AUTO(free_ptr) char *b = xasprintf("%s/.capydeck/uploads/old/files/data/b", root);
	AUTO(free_ptr) char *other = xasprintf("%s/other", root);
	struct upload_content *content;

	make_old();
	ck_assert_int_eq(truncate(a, 7), 0);
	ck_assert_int_eq(link(b, other), 0);
	content = run(load_of(&new_head, new_json, false, &old_head));
	ck_assert_int_eq(content->held_bytes, 0);
	ck_assert_int_eq(access(a, F_OK), 0);
	ck_assert_int_eq(access(b, F_OK), 0);
	upload_content_destroy(content);
}
END_TEST

START_TEST(one_that_cannot_be_moved_is_not_counted)
{
	struct upload_manifest *manifest = read_manifest(new_json);
	struct upload_content *content = upload_content_create(manifest);
	AUTO(upload_takeover_finish) struct upload_takeover takeover = { 0 };
	AUTO(close_fd) int dir_fd = upload_staging_create(root, "", "new", NULL);
	AUTO(close_fd)
	int files_fd = beneath_open(dir_fd, UPLOAD_STAGING_FILES, O_RDONLY | O_DIRECTORY, 0, NULL);

	make_old();
	ck_assert_int_eq(mkdirat(files_fd, "a", 0755), 0);
	upload_takeover_find(&takeover, content, root, "", "old", old_head.manifest_digest, NULL);
	ck_assert_int_eq(takeover.bytes, 13);
	ck_assert(!upload_takeover_move(&takeover, content, files_fd));
	ck_assert_int_eq(prefix_of(content, "a"), 0);
	ck_assert_int_eq(prefix_of(content, "data/b"), 5);
	upload_content_destroy(content);
}
END_TEST

/* --- Killed at any moment --- */

static void prepare(void)
{
	AUTO(close_fd) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(beneath_remove_tree(fd, ".", NULL));
	make_old();
}

static void begin_new(void)
{
	struct upload_load load = load_of(&new_head, new_json, false, &old_head);

	upload_load_run(&load);
}

static bool has_head(const char *id)
{
	AUTO(upload_head_finish) struct upload_head head = { 0 };
	AUTO(close_fd) int fd = upload_staging_open(root, "", id, NULL);

	return fd >= 0 && upload_head_read(&head, fd, NULL);
}

/* Until the new one stands the old one has everything; then the new one gets it. */
static void check_one_stands(bool finished)
{
	struct upload_content *content;

	ck_assert(has_head("old"));
	if (has_head("new")) {
		content = run(load_of(&new_head, new_json, true, &old_head));
		assert_taken_over(content);
	} else {
		ck_assert(!finished);
		content = run(load_of(&old_head, old_json, true, NULL));
		ck_assert_int_eq(content->held_bytes, 21);
	}
	upload_content_destroy(content);
}

START_TEST(killed_at_any_moment_nothing_is_lost)
{
	ck_assert_uint_gt(kill_points_run(prepare, begin_new, check_one_stands), 10);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("upload_takeover");

	tcase_add_checked_fixture(tcase, start, finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_the_same_is_taken_over);
	tcase_add_loop_test(tcase, without_its_list_nothing_is_known_of_it, 0,
		sizeof(useless_lists) / sizeof(useless_lists[0]));
	tcase_add_test(tcase, a_list_that_lies_gives_nothing_that_is_not_there);
	tcase_add_test(tcase, a_staged_file_that_is_not_what_it_was_stays);
	tcase_add_test(tcase, one_that_cannot_be_moved_is_not_counted);
	tcase_add_test(tcase, killed_at_any_moment_nothing_is_lost);
	return run_tcase(tcase);
}
