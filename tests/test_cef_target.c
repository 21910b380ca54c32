#include "steam/cef/cef_target.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	const char *path; /* NULL: an error */
	enum error_kind kind;
} lists[] = {
	{ "chromium", "/devtools/page/5878049DE9C225A66457BEA9D6DB660B", ERROR_NONE },
	{ "deck", "/devtools/page/B3", ERROR_NONE },
	{ "old", "/devtools/page/C9", ERROR_NONE },
	{ "valve", "/devtools/page/E1", ERROR_NONE },
	{ "attached", "/devtools/page/D2", ERROR_NONE },
	{ "hostile", "/devtools/page/F1", ERROR_NONE },
	{ "none", NULL, ERROR_NOT_FOUND },
	{ "object", NULL, ERROR_INVALID },
	{ "cut", NULL, ERROR_INVALID },
};

START_TEST(test_the_right_page)
{
	struct strbuf list = { 0 };
	struct error err = { 0 };
	char file[128];
	char *path;

	snprintf(file, sizeof(file), "tests/fixtures/cef_target/%s.json", lists[_i].name);
	ck_assert(atomic_file_read(file, 1 << 20, &list, NULL));
	path = cef_target_path(list.data, list.length, &err);
	ck_assert_pstr_eq(path, lists[_i].path);
	ck_assert_int_eq(err.kind, lists[_i].kind);
	free(path);
	strbuf_finish(&list);
}
END_TEST

START_TEST(test_no_list)
{
	ck_assert_ptr_null(cef_target_path("", 0, NULL));
	ck_assert_ptr_null(cef_target_path("[]", 2, NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cef_target");

	tcase_add_loop_test(tcase, test_the_right_page, 0, sizeof(lists) / sizeof(*lists));
	tcase_add_test(tcase, test_no_list);
	return run_tcase(tcase);
}
