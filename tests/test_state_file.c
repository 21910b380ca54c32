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
	tcase_add_test(tcase, the_first_notice_stays);
	return run_tcase(tcase);
}
