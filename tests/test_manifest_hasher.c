#include "push/manifest_hasher.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/sha256.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "folder.h"
#include "push/hash_cache.h"
#include "push/push_manifest.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILES_COUNT 100

static struct bench {
	char root[FOLDER_BYTES];
	int root_fd;
	struct loop *loop;
	struct worker *worker;
	struct push_manifest manifest;
	bool is_finished;
	struct error err;
} bench;

static void add_file(const char *path, const char *text)
{
	AUTO(close_fd)
	int fd = openat(bench.root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void set_up(void)
{
	bench = (struct bench){ 0 };
	folder_make(bench.root);
	bench.root_fd = open(bench.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned i = 0; i < FILES_COUNT; i++) {
		AUTO(free_ptr) char *name = xasprintf("file-%02u", i);

		add_file(name, name);
	}
	bench.loop = loop_create();
	bench.worker = worker_create(bench.loop, 3);
	ck_assert(push_manifest_init(&bench.manifest, bench.root, NULL, NULL));
}

static void tear_down(void)
{
	worker_destroy(bench.worker);
	loop_destroy(bench.loop);
	push_manifest_finish(&bench.manifest);
	close(bench.root_fd);
	folder_remove(bench.root);
}

static void on_progress(void *user, int64_t bytes_done, int64_t bytes_total, const char *path)
{
	ck_assert_int_le(bytes_done, bytes_total);
}

static void on_finished(void *user, const struct error *err)
{
	ck_assert(!bench.is_finished);
	bench.is_finished = true;
	if (err != NULL) {
		bench.err = *err;
	}
	loop_stop(bench.loop);
}

static const struct manifest_hasher_events events = {
	.progress = on_progress,
	.finished = on_finished,
};

static void hash_all(struct hash_cache *cache)
{
	struct manifest_hasher *hasher = manifest_hasher_create(
		bench.loop, bench.worker, &bench.manifest, cache, &events, NULL);

	loop_run(bench.loop);
	manifest_hasher_destroy(hasher);
}

START_TEST(every_file_gets_its_digest)
{
	hash_all(NULL);
	ck_assert_int_eq(bench.err.kind, ERROR_NONE);
	for (size_t i = 0; i < FILES_COUNT; i++) {
		const struct push_file *file = &bench.manifest.files[i];
		char expected[SHA256_HEX_BYTES];

		sha256_of(file->path, strlen(file->path), expected);
		ck_assert_str_eq(file->sha256, expected);
	}
}
END_TEST

START_TEST(known_files_are_not_read)
{
	struct hash_cache *cache = hash_cache_create("/proc/nowhere/hashes");
	char digest[SHA256_HEX_BYTES];

	/* A digest that no reading would yield. */
	sha256_of("cached", 6, digest);
	for (size_t i = 0; i < FILES_COUNT; i++) {
		hash_cache_put(cache, &bench.manifest.files[i].stamp, digest, INT64_MAX);
	}
	hash_all(cache);
	for (size_t i = 0; i < FILES_COUNT; i++) {
		ck_assert_str_eq(bench.manifest.files[i].sha256, digest);
	}
	hash_cache_destroy(cache);
}
END_TEST

START_TEST(a_file_that_changed_is_an_error)
{
	add_file("file-50", "something longer");
	hash_all(NULL);
	ck_assert_int_eq(bench.err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(bench.err.message, "file-50"));
}
END_TEST

START_TEST(it_can_be_given_up_at_any_time)
{
	struct manifest_hasher *hasher = manifest_hasher_create(
		bench.loop, bench.worker, &bench.manifest, NULL, &events, NULL);

	manifest_hasher_destroy(hasher);
	hasher = manifest_hasher_create(
		bench.loop, bench.worker, &bench.manifest, NULL, &events, NULL);
	loop_dispatch(bench.loop); /* the first jobs are under way */
	manifest_hasher_destroy(hasher);
	manifest_hasher_destroy(NULL);
	worker_drain(bench.worker);
	ck_assert(!bench.is_finished);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("manifest_hasher");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, every_file_gets_its_digest);
	tcase_add_test(tcase, known_files_are_not_read);
	tcase_add_test(tcase, a_file_that_changed_is_an_error);
	tcase_add_test(tcase, it_can_be_given_up_at_any_time);
	return run_tcase(tcase);
}
