#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct memory {
	int64_t version;
	char *name;
};

static const struct json_field memory_fields[] = {
	JSON_FIELD(struct memory, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct memory, name, "name", JSON_STRING, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool check_memory(const void *object, struct error *err)
{
	const struct memory *memory = object;

	return memory->version == 1 || error_set(err, ERROR_INVALID, "not version 1");
}

static const struct state_file memory_file = {
	.what = "the memory",
	.loss = "all is forgotten",
	.max_bytes = 1000,
	.fields = memory_fields,
	.object_bytes = sizeof(struct memory),
	.check = check_memory,
};

/* With a list, each entry of which stands alone. */
struct shelf {
	int64_t version;
	struct book {
		char *title;
		char *author;
		int64_t pages;
	} * books;
	size_t books_count;
};

static const struct json_field book_fields[] = {
	JSON_FIELD(struct book, title, "title", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct book, author, "author", JSON_STRING, 0),
	JSON_FIELD(struct book, pages, "pages", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field shelf_fields[] = {
	JSON_FIELD(struct shelf, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct shelf, books, "books", book_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool check_book(const char *key, const void *entry, struct error *err)
{
	const struct book *book = entry;

	ck_assert_str_eq(key, "books");
	ck_assert_ptr_nonnull(book->author);
	return book->pages >= 0 ||
	       error_set(err, ERROR_INVALID, "it has %d pages", (int)book->pages);
}

static const struct state_file shelf_file = {
	.what = "the shelf",
	.max_bytes = 1000,
	.fields = shelf_fields,
	.object_bytes = sizeof(struct shelf),
	.fill_texts = true,
	.check_entry = check_book,
};

static char dir[FOLDER_BYTES];
static char *path;

static void setup(void)
{
	folder_make(dir);
	path = xasprintf("%s/memory.json", dir);
}

static void teardown(void)
{
	folder_remove(dir);
	free(path);
}

START_TEST(what_is_written_is_read)
{
	const struct memory written = { .version = 1, .name = (char *)"Käse" };
	struct memory read = { 0 };
	struct stat stat;
	char *notice = NULL;

	ck_assert(state_file_write(&memory_file, path, &written, NULL));
	ck_assert_int_eq(lstat(path, &stat), 0);
	ck_assert_uint_eq(stat.st_mode & 07777, 0600);
	ck_assert(state_file_read(&memory_file, path, &read, &notice, NULL));
	ck_assert_str_eq(read.name, "Käse");
	ck_assert_ptr_null(notice);
	json_finish(&read, memory_fields);
}
END_TEST

START_TEST(what_could_not_be_read_is_not_written)
{
	AUTO(free_ptr) char *name = xcalloc(1001, 1);
	struct memory memory = { .version = 1, .name = (char *)"Käse" };
	struct memory read = { 0 };
	struct error err;
	char *notice = NULL;

	ck_assert(state_file_write(&memory_file, path, &memory, NULL));
	memory.name = memset(name, 'x', 1000);
	ck_assert(!state_file_write(&memory_file, path, &memory, &err));
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
	ck_assert(state_file_read(&memory_file, path, &read, &notice, NULL));
	ck_assert_str_eq(read.name, "Käse");
	ck_assert_ptr_null(notice);
	json_finish(&read, memory_fields);
}
END_TEST

START_TEST(a_missing_file_is_nothing)
{
	struct memory read = { 0 };
	char *notice = NULL;

	ck_assert(state_file_read(&memory_file, path, &read, &notice, NULL));
	ck_assert_ptr_null(read.name);
	ck_assert_ptr_null(notice);
}
END_TEST

static const char *const damaged[] = {
	"",
	"{",
	"[]",
	"{\"version\":1}",
	"{\"version\":2,\"name\":\"later\"}",
	"{\"version\":1,\"name\":\"a\\u0000b\"}",
};

START_TEST(a_damaged_file_is_kept_aside)
{
	const char *text = damaged[_i];
	AUTO(strbuf_finish) struct strbuf kept = { 0 };
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *kept_as = NULL;
	struct memory read = { 0 };
	const char *name;

	ck_assert(atomic_file_write(path, text, strlen(text), 0600, NULL));
	ck_assert(state_file_read(&memory_file, path, &read, &notice, NULL));
	ck_assert_ptr_null(read.name);
	ck_assert_int_eq(read.version, 0);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, ", and all is forgotten"));
	name = strstr(notice, "kept as ");
	ck_assert_ptr_nonnull(name);
	name += strlen("kept as ");
	kept_as = strndup(name, strcspn(name, ","));
	ck_assert(atomic_file_read(kept_as, 1000, &kept, NULL));
	ck_assert_str_eq(strbuf_text(&kept), text);
}
END_TEST

static const char *const bad_books[] = {
	"5",
	"null",
	"[]",
	"{}",
	"{\"title\":null}",
	"{\"title\":7}",
	"{\"title\":\"b\",\"author\":{}}",
	"{\"title\":\"b\",\"pages\":\"many\"}",
	"{\"title\":\"b\",\"pages\":1e300}",
	"{\"title\":\"b\",\"pages\":1.5}",
	"{\"title\":\"b\",\"pages\":-1}",
};

START_TEST(an_entry_that_does_not_fit_costs_no_other)
{
	AUTO(free_ptr)
	char *text = xasprintf("{\"version\":1,\"books\":[{\"title\":\"a\",\"author\":null},%s,"
			       "{\"title\":\"c\",\"author\":\"C\",\"pages\":3}]}",
		bad_books[_i]);
	AUTO(strbuf_finish) struct strbuf kept = { 0 };
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *kept_as = NULL;
	const char *name;

	ck_assert(atomic_file_write(path, text, strlen(text), 0600, NULL));
	for (int round = 0; round < 2; round++) { /* from then on it is whole */
		struct shelf shelf = { 0 };
		char *again = NULL;

		ck_assert(state_file_read(
			&shelf_file, path, &shelf, round == 0 ? &notice : &again, NULL));
		ck_assert_ptr_null(again);
		ck_assert_uint_eq(shelf.books_count, 2);
		ck_assert_str_eq(shelf.books[0].title, "a");
		ck_assert_str_eq(shelf.books[0].author, "");
		ck_assert_str_eq(shelf.books[1].author, "C");
		json_finish(&shelf, shelf_fields);
	}
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, "1 entry of the shelf in "));
	ck_assert_ptr_nonnull(strstr(notice, "books[1]"));
	name = strstr(notice, "kept as ");
	ck_assert_ptr_nonnull(name);
	name += strlen("kept as ");
	kept_as = strndup(name, strcspn(name, ","));
	ck_assert(atomic_file_read(kept_as, 1000, &kept, NULL));
	ck_assert_str_eq(strbuf_text(&kept), text);
}
END_TEST

START_TEST(a_list_that_is_none_is_damage)
{
	static const char *const texts[] = { "{\"version\":1}", "{\"version\":1,\"books\":null}",
		"{\"version\":1,\"books\":{}}", "{\"version\":1,\"books\":\"x\"}" };
	AUTO(free_ptr) char *notice = NULL;
	struct shelf shelf = { 0 };

	ck_assert(atomic_file_write(path, texts[_i], strlen(texts[_i]), 0600, NULL));
	ck_assert(state_file_read(&shelf_file, path, &shelf, &notice, NULL));
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_null(shelf.books);
	ck_assert_int_eq(shelf.version, 0);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(what_cannot_be_read_now_is_left_alone)
{
	struct memory read = { 0 }, written = { .version = 1, .name = (char *)"new" };
	struct error err = { 0 };
	char *notice = NULL;

	/* Root may read any file, but no folder. */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!state_file_read(&memory_file, path, &read, &notice, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_null(notice);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert(!state_file_write(&memory_file, path, &written, &err));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert(state_file_write(&memory_file, path, &written, &err));
	ck_assert(state_file_read(&memory_file, path, &read, &notice, &err));
	ck_assert_str_eq(read.name, "new");
	json_finish(&read, memory_fields);
}
END_TEST

START_TEST(the_first_notice_stays)
{
	char *notice = xstrdup("earlier");
	struct memory read = { 0 };

	ck_assert(atomic_file_write(path, "{", 1, 0600, NULL));
	ck_assert(state_file_read(&memory_file, path, &read, &notice, NULL));
	ck_assert_str_eq(notice, "earlier");
	free(notice);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_written_is_read);
	tcase_add_test(tcase, what_could_not_be_read_is_not_written);
	tcase_add_test(tcase, a_missing_file_is_nothing);
	tcase_add_loop_test(tcase, a_damaged_file_is_kept_aside, 0,
		(int)(sizeof(damaged) / sizeof(damaged[0])));
	tcase_add_loop_test(tcase, an_entry_that_does_not_fit_costs_no_other, 0,
		(int)(sizeof(bad_books) / sizeof(bad_books[0])));
	tcase_add_loop_test(tcase, a_list_that_is_none_is_damage, 0, 4);
	tcase_add_test(tcase, what_cannot_be_read_now_is_left_alone);
	tcase_add_test(tcase, the_first_notice_stays);
	return run_tcase(tcase);
}
