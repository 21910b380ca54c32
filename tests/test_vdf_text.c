#include "steam/vdf/vdf_text.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct vdf_text file;
static struct strbuf source;
static struct error err;

static void teardown(void)
{
	vdf_text_finish(&file);
	strbuf_finish(&source);
}

static bool parse(const char *text)
{
	vdf_text_finish(&file);
	return vdf_text_parse(&file, text, strlen(text), &err);
}

static bool parse_fixture(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/fixtures/vdf_text/%s.vdf", name);
	ck_assert_msg(atomic_file_read(path, VDF_TEXT_MAX_BYTES, &source, &err), "%s", err.message);
	return vdf_text_parse(&file, source.data, source.length, &err);
}

static const struct vdf_text_node *child(const struct vdf_text_node *map, const char *key)
{
	const struct vdf_text_node *found = vdf_text_child(&file, map, key);

	ck_assert_ptr_nonnull(found);
	return found;
}

START_TEST(test_loginusers)
{
	static const char *const names[] = { "loginusers", "loginusers_crlf" };
	const struct vdf_text_node *users, *user;

	ck_assert_msg(parse_fixture(names[_i]), "%s", err.message);
	users = child(&file.nodes[0], "Users");
	user = vdf_text_first(&file, users);
	ck_assert_str_eq(user->key, "76561198000000001");
	ck_assert_str_eq(vdf_text_value(&file, user, "PersonaName"), "Gordon \"Crowbar\" Freeman");
	user = vdf_text_next(&file, user);
	ck_assert_str_eq(user->key, "76561198000000002");
	ck_assert_str_eq(vdf_text_value(&file, user, "PersonaName"), "Alyx ★");
	ck_assert_str_eq(vdf_text_value(&file, user, "MostRecent"), "1");
	ck_assert_str_eq(vdf_text_value(&file, user, "none"), "");
	ck_assert_ptr_null(vdf_text_next(&file, user));
	ck_assert_ptr_null(vdf_text_child(&file, NULL, "users"));
}
END_TEST

START_TEST(test_loose_syntax)
{
	const struct vdf_text_node *map, *only;

	ck_assert_msg(parse_fixture("loose"), "%s", err.message);
	ck_assert_str_eq(vdf_text_value(&file, &file.nodes[0], "#base"), "other.vdf");
	map = child(&file.nodes[0], "root");
	ck_assert_str_eq(vdf_text_value(&file, map, "bare"), "word");
	ck_assert_str_eq(vdf_text_value(&file, map, "win"), "1");
	only = child(map, "only");
	ck_assert_str_eq(vdf_text_value(&file, child(only, "a"), "b"), "c");
	ck_assert_str_eq(vdf_text_value(&file, only, "d"), "e");
	ck_assert_str_eq(vdf_text_value(&file, map, "path"), "C:\\Games\\Doom");
	ck_assert_str_eq(vdf_text_value(&file, map, "empty"), "");
	ck_assert_str_eq(vdf_text_value(&file, map, "root"), "");
}
END_TEST

START_TEST(test_escapes)
{
	ck_assert(parse("\"a\\\"\\n\" \"\\t\\\\ \\q \\\\n\""));
	ck_assert_str_eq(file.nodes[1].key, "a\"\n");
	ck_assert_str_eq(file.nodes[1].value, "\t\\ \\q \\n");
}
END_TEST

START_TEST(test_spans_name_the_value)
{
	static const char text[] = "\xef\xbb\xbf\"a\" { b \"c\\\"d\" } e f";
	const struct vdf_text_node *a, *b, *e;

	ck_assert(parse(text));
	a = child(&file.nodes[0], "a");
	b = child(a, "b");
	e = child(&file.nodes[0], "e");
	ck_assert_uint_eq(a->end - a->start, strlen("{ b \"c\\\"d\" }"));
	ck_assert_int_eq(text[a->start], '{');
	ck_assert_int_eq(strncmp(text + b->start, "\"c\\\"d\"", b->end - b->start), 0);
	ck_assert_str_eq(text + e->start, "f");
	ck_assert_uint_eq(e->end, strlen(text));
	ck_assert_uint_eq(file.nodes[0].end, strlen(text));
}
END_TEST

START_TEST(test_empty_is_an_empty_root)
{
	ck_assert(parse(" // nothing"));
	ck_assert_ptr_null(vdf_text_first(&file, &file.nodes[0]));
	ck_assert(parse(""));
	ck_assert_ptr_null(vdf_text_first(&file, &file.nodes[0]));
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} damaged[] = {
	{ "\"a\" \"b\n", "text VDF, line 1 (offset 4): a string without its closing quote" },
	{ "\"a\\\"", "text VDF, line 1 (offset 0): a string without its closing quote" },
	{ "\"a\\", "text VDF, line 1 (offset 0): a string without its closing quote" },
	{ "a\n{ b c\n", "text VDF, line 2 (offset 2): a '{' without its '}'" },
	{ "a b }", "text VDF, line 1 (offset 4): unexpected '}'" },
	{ "a { b }", "text VDF, line 1 (offset 4): a key without a value" },
	{ "\n\nb", "text VDF, line 3 (offset 2): a key without a value" },
	{ "{ }", "text VDF, line 1 (offset 0): a '{' without a key" },
	{ "a b [$WIN", "text VDF, line 1 (offset 4): a '[' without its ']'" },
};

START_TEST(test_damage_is_located)
{
	ck_assert(!parse(damaged[_i].text));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_str_eq(err.message, damaged[_i].message);
	ck_assert_ptr_null(file.nodes);
}
END_TEST

START_TEST(test_nul_is_refused)
{
	ck_assert(!vdf_text_parse(&file, "a b\0", 4, &err));
	ck_assert_str_eq(err.message, "text VDF, line 1 (offset 3): a NUL byte");
}
END_TEST

START_TEST(test_limits)
{
	ck_assert(!parse_fixture("deep"));
	ck_assert_str_eq(err.message, "text VDF, line 1 (offset 131): maps nest too deeply");
	strbuf_reset(&source);
	for (int i = 0; i <= VDF_TEXT_MAX_NODES; i++) {
		strbuf_append_text(&source, "a b ");
	}
	ck_assert(!parse(source.data));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
	ck_assert(parse(source.data + 4));
	memset(strbuf_extend(&source, VDF_TEXT_MAX_BYTES), ' ', VDF_TEXT_MAX_BYTES);
	ck_assert(!vdf_text_parse(&file, source.data, source.length, &err));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("vdf_text");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_loop_test(tcase, test_loginusers, 0, 2);
	tcase_add_test(tcase, test_loose_syntax);
	tcase_add_test(tcase, test_escapes);
	tcase_add_test(tcase, test_spans_name_the_value);
	tcase_add_test(tcase, test_empty_is_an_empty_root);
	tcase_add_loop_test(tcase, test_damage_is_located, 0, sizeof(damaged) / sizeof(*damaged));
	tcase_add_test(tcase, test_nul_is_refused);
	tcase_add_test(tcase, test_limits);
	return run_tcase(tcase);
}
