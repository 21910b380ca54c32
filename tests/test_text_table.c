#include "terminal/text_table.h"

#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In a process of its own: standard output is the test's to replace. */
static void ck_shown(const char *const rows[][4], size_t count, const char *expected)
{
	struct text_table table = { 0 };
	FILE *file = tmpfile();
	char shown[512] = "";

	ck_assert_int_eq(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
	for (size_t i = 0; i < count; i++) {
		text_table_row(&table, rows[i]);
	}
	text_table_print(&table);
	text_table_finish(&table);
	fflush(stdout);
	rewind(file);
	ck_assert_uint_gt(fread(shown, 1, sizeof(shown) - 1, file), 0);
	fclose(file);
	ck_assert_str_eq(shown, expected);
}

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	static const char *const rows[][4] = {
		{ "NAME", "ID", "NOTE", NULL },
		{ "日本", "1", "wide", NULL },
		{ "e\xcc\x81", "22\n", "", NULL },
	};

	ck_shown(rows, 3,
		"NAME  ID   NOTE\n"
		"日本  1    wide\n"
		"e\xcc\x81     22?  \n");
}
END_TEST

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* Names come from strangers: one must not push apart the columns of all others. */
START_TEST(a_cell_of_any_length_widens_its_own_row_only)
{
	static const char *const rows[][4] = {
		{ "NAME", "ID", "NOTE", NULL },
		{ "short", "1", "x", NULL },
		{ FIFTY FIFTY, FIFTY, "y", NULL },
	};

	ck_shown(rows, 3,
		"NAME   ID  NOTE\n"
		"short  1   x\n" FIFTY FIFTY "  " FIFTY "  y\n");
}
END_TEST

START_TEST(an_empty_table_prints_nothing)
{
	struct text_table table = { 0 };

	text_table_print(&table);
	text_table_finish(&table);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("text_table");

	tcase_add_test(tcase, columns_are_as_wide_as_their_widest_cell);
	tcase_add_test(tcase, a_cell_of_any_length_widens_its_own_row_only);
	tcase_add_test(tcase, an_empty_table_prints_nothing);
	return run_tcase(tcase);
}
