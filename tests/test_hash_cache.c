#include "push/hash_cache.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char root[FOLDER_BYTES];
static char path[128];

static const struct file_stamp stamp = {
	.device = 1,
	.inode = 2,
	.size = 3,
	.mtime_ns = 100 * SECOND_NS,
	.ctime_ns = 101 * SECOND_NS,
};

static void make_root(void)
{
	folder_make(root);
	snprintf(path, sizeof(path), "%s/hashes", root);
}

static void remove_root(void)
{
	folder_remove(root);
}

START_TEST(digests_outlive_the_process)
{
	struct hash_cache *cache = hash_cache_create(path);

	ck_assert_ptr_null(hash_cache_get(cache, &stamp));
	hash_cache_put(cache, &stamp, DIGEST_A, 200 * SECOND_NS);
	ck_assert(hash_cache_save(cache, NULL));
	hash_cache_destroy(cache);
	cache = hash_cache_create(path);
	ck_assert_str_eq(hash_cache_get(cache, &stamp), DIGEST_A);
	hash_cache_destroy(cache);
}
END_TEST

START_TEST(a_touched_file_is_not_recognised)
{
	struct hash_cache *cache = hash_cache_create(path);
	struct file_stamp touched[3] = { stamp, stamp, stamp };

	touched[0].size++;
	touched[1].mtime_ns++;
	touched[2].ctime_ns++;
	hash_cache_put(cache, &stamp, DIGEST_A, 200 * SECOND_NS);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_ptr_null(hash_cache_get(cache, &touched[i]));
	}
	hash_cache_put(cache, &touched[0], DIGEST_B, 200 * SECOND_NS);
	ck_assert_str_eq(hash_cache_get(cache, &touched[0]), DIGEST_B);
	ck_assert_ptr_null(hash_cache_get(cache, &stamp));
	hash_cache_destroy(cache);
}
END_TEST

START_TEST(a_file_still_warm_is_not_kept)
{
	struct hash_cache *cache = hash_cache_create(path);

	hash_cache_put(cache, &stamp, DIGEST_A, stamp.ctime_ns + SECOND_NS);
	ck_assert_ptr_null(hash_cache_get(cache, &stamp));
	hash_cache_put(cache, &stamp, DIGEST_A, stamp.ctime_ns - SECOND_NS); /* a clock set back */
	ck_assert_ptr_null(hash_cache_get(cache, &stamp));
	hash_cache_destroy(cache);
}
END_TEST

START_TEST(it_grows)
{
	struct hash_cache *cache = hash_cache_create(path);
	struct file_stamp other = stamp;

	for (other.inode = 0; other.inode < 5000; other.inode++) {
		hash_cache_put(
			cache, &other, other.inode % 2 == 0 ? DIGEST_A : DIGEST_B, 200 * SECOND_NS);
	}
	ck_assert(hash_cache_save(cache, NULL));
	hash_cache_destroy(cache);
	cache = hash_cache_create(path);
	for (other.inode = 0; other.inode < 5000; other.inode++) {
		ck_assert_str_eq(
			hash_cache_get(cache, &other), other.inode % 2 == 0 ? DIGEST_A : DIGEST_B);
	}
	hash_cache_destroy(cache);
}
END_TEST

static void write_cache(const char *text)
{
	ck_assert(atomic_file_write(path, text, strlen(text), 0600, NULL));
}

START_TEST(what_was_not_used_for_long_goes)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	int64_t today = time(NULL) / (24 * 60 * 60);
	struct hash_cache *cache;
	struct file_stamp other = stamp;

	strbuf_appendf(&text,
		"capydeck-hashes 1\n1 2 3 100000000000 101000000000 %" PRId64 " " DIGEST_A
		"\n1 9 3 100000000000 101000000000 %" PRId64 " " DIGEST_B "\n",
		today - HASH_CACHE_DAYS, today - HASH_CACHE_DAYS + 1);
	write_cache(text.data);
	cache = hash_cache_create(path);
	other.inode = 9;
	ck_assert_ptr_null(hash_cache_get(cache, &stamp));
	ck_assert_str_eq(hash_cache_get(cache, &other), DIGEST_B);
	hash_cache_destroy(cache);
}
END_TEST

START_TEST(nonsense_counts_as_empty)
{
	static const char *const texts[] = {
		"",
		"capydeck-hashes 2\n1 2 3 100000000000 101000000000 99999999 " DIGEST_A "\n",
		"capydeck-hashes 1\n1 2 3 100000000000 101000000000 99999999 " DIGEST_A "a\n",
		"capydeck-hashes 1\n1 2 3 100000000000 101000000000 99999999 AAAA\n",
		"capydeck-hashes 1\n1 2 3 100000000000\n\n\nx\n",
		"capydeck-hashes 1\n1 2 3",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hash_cache *cache;

		write_cache(texts[i]);
		cache = hash_cache_create(path);
		ck_assert_ptr_null(hash_cache_get(cache, &stamp));
		hash_cache_destroy(cache);
	}
}
END_TEST

START_TEST(a_place_that_cannot_be_written_is_an_error)
{
	struct hash_cache *cache = hash_cache_create("/proc/nowhere/hashes");

	ck_assert_msg(hash_cache_save(cache, NULL), "nothing to save");
	hash_cache_put(cache, &stamp, DIGEST_A, 200 * SECOND_NS);
	ck_assert(!hash_cache_save(cache, NULL));
	hash_cache_destroy(cache);
	hash_cache_destroy(NULL);
}
END_TEST

/* Root may read any file, but no folder. */
START_TEST(what_cannot_be_read_now_is_not_replaced)
{
	struct hash_cache *cache;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	cache = hash_cache_create(path);
	hash_cache_put(cache, &stamp, DIGEST_A, 200 * SECOND_NS);
	ck_assert(hash_cache_save(cache, NULL));
	ck_assert_str_eq(hash_cache_get(cache, &stamp), DIGEST_A);
	hash_cache_destroy(cache);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hash_cache");

	tcase_add_checked_fixture(tcase, make_root, remove_root);
	tcase_add_test(tcase, digests_outlive_the_process);
	tcase_add_test(tcase, a_touched_file_is_not_recognised);
	tcase_add_test(tcase, a_file_still_warm_is_not_kept);
	tcase_add_test(tcase, it_grows);
	tcase_add_test(tcase, what_was_not_used_for_long_goes);
	tcase_add_test(tcase, nonsense_counts_as_empty);
	tcase_add_test(tcase, what_cannot_be_read_now_is_not_replaced);
	tcase_add_test(tcase, a_place_that_cannot_be_written_is_an_error);
	return run_tcase(tcase);
}
