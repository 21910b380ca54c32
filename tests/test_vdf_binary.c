#include "steam/vdf/vdf_binary.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "steam/vdf/vdf_node.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vdf_node root;
static struct strbuf text;
static struct error err;

static void setup(void)
{
	err = (struct error){ 0 };
}

static void teardown(void)
{
	vdf_node_finish(&root);
	strbuf_finish(&text);
}

static void load(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/fixtures/vdf_binary/%s.vdf", name);
	ck_assert_msg(atomic_file_read(path, VDF_BINARY_MAX_BYTES, &text, &err), "%s", err.message);
}

static bool parse(const void *data, size_t length)
{
	vdf_node_finish(&root);
	return vdf_binary_parse(&root, data, length, &err);
}

#define PARSE(literal) parse(literal, sizeof(literal) - 1)

START_TEST(test_fixtures_round_trip)
{
	static const char *const names[] = { "empty_list", "empty_root", "deck", "old", "odd",
		"many", "repeated" };
	struct strbuf written = { 0 };

	load(names[_i]);
	ck_assert_msg(parse(text.data, text.length), "%s", err.message);
	vdf_binary_write(&root, &written);
	ck_assert_uint_eq(written.length, text.length);
	ck_assert_mem_eq(written.data, text.data, text.length);
	strbuf_finish(&written);
}
END_TEST

START_TEST(test_every_type_is_read)
{
	const struct vdf_node *entry;

	load("odd");
	ck_assert(parse(text.data, text.length));
	entry = vdf_node_child(vdf_node_child(&root, "SHORTCUTS"), "7");
	ck_assert_int_eq((int32_t)vdf_node_child(entry, "appid")->number, -3);
	ck_assert_uint_eq(vdf_node_child(entry, "ratio")->number, 0x3FC00000);
	ck_assert_uint_eq(vdf_node_child(entry, "wide")->wide[0], 0x0141);
	ck_assert_uint_eq(vdf_node_child(entry, "big")->number, UINT64_MAX);
	ck_assert_uint_eq(vdf_node_child(entry, "less")->number, UINT64_C(1) << 63);
	ck_assert_uint_eq(vdf_node_child(entry, "ptr")->number, 7);
	ck_assert_uint_eq(vdf_node_child(entry, "rgba")->number, 0xFF00FF80);
	ck_assert_str_eq(vdf_node_text(entry, "appname"), "Twice");
	ck_assert_str_eq(vdf_node_text(entry, "\xff\xfe"), "not \xc3\x28 UTF-8");
	ck_assert_ptr_null(vdf_node_typed_child(entry, "tags", VDF_MAP));
	ck_assert_str_eq(vdf_node_text(entry, "none"), "");
}
END_TEST

START_TEST(test_every_truncation_is_refused)
{
	load("odd");
	for (size_t length = 0; length < text.length; length++) {
		char *exact = malloc(length + 1); /* so that a read past the end is noticed */

		memcpy(exact, text.data, length);
		exact = realloc(exact, length > 0 ? length : 1);
		ck_assert_msg(!parse(exact, length), "%zu bytes parsed", length);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_uint_eq(root.count, 0);
		free(exact);
	}
}
END_TEST

START_TEST(test_errors_name_the_offset)
{
	ck_assert(!PARSE("\x08\x08"));
	ck_assert_str_eq(err.message, "binary VDF ends at offset 1, but 1 bytes follow");
	ck_assert(!PARSE("\x00key\x00\x09x"));
	ck_assert_str_eq(err.message, "binary VDF has the unknown type 0x09 at offset 5");
	ck_assert(!PARSE("\x02key\x00\x01\x02"));
	ck_assert_str_eq(
		err.message, "binary VDF ends at offset 7 within a number that starts at offset 5");
	ck_assert(!PARSE("\x01key\x00val"));
	ck_assert_str_eq(
		err.message, "binary VDF ends at offset 8 within a string that starts at offset 5");
	ck_assert(!PARSE("\x01key\x00val\x00"));
	ck_assert_str_eq(err.message, "binary VDF ends at offset 9 before the end of a map");
}
END_TEST

START_TEST(test_depth_is_limited)
{
	struct strbuf deep = { 0 };

	for (int depth = 1; depth < VDF_BINARY_MAX_DEPTH; depth++) {
		strbuf_append(&deep, "\0d\0", 3);
	}
	for (int depth = 0; depth < VDF_BINARY_MAX_DEPTH; depth++) {
		strbuf_append_char(&deep, '\x08');
	}
	ck_assert_msg(parse(deep.data, deep.length), "%s", err.message);
	strbuf_finish(&deep);

	load("deep");
	ck_assert(!parse(text.data, text.length));
	ck_assert_str_eq(err.message, "binary VDF nests more than 32 maps at offset 96");
}
END_TEST

START_TEST(test_size_is_limited)
{
	char *bytes = strbuf_extend(&text, (VDF_BINARY_MAX_NODES + 1) * 3 + 1);

	for (size_t i = 0; i < text.length - 1; i += 3) {
		memcpy(bytes + i, "\x01\x00\x00", 3);
	}
	bytes[text.length - 1] = '\x08';
	ck_assert(!parse(text.data, text.length));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
	ck_assert(parse(text.data + 3, text.length - 3));

	strbuf_reset(&text);
	memset(strbuf_extend(&text, VDF_BINARY_MAX_BYTES + 1), 1, VDF_BINARY_MAX_BYTES + 1);
	ck_assert(!parse(text.data, text.length));
	ck_assert_int_eq(err.kind, ERROR_TOO_LARGE);
}
END_TEST

START_TEST(test_tree_is_edited)
{
	vdf_node_set_string(vdf_node_insert(&root, 0, "b"), "two");
	vdf_node_set_int32(vdf_node_insert(&root, 0, "a"), -1);
	vdf_node_insert(&root, 2, "c");
	vdf_node_set_string(vdf_node_child(&root, "B"), vdf_node_text(&root, "b") + 1);
	vdf_binary_write(&root, &text);
	ck_assert_uint_eq(text.length, 18);
	ck_assert_mem_eq(text.data,
		"\x02"
		"a\0\xff\xff\xff\xff\x01"
		"b\0wo\0\0c\0\x08\x08",
		18);
	vdf_node_set_int32(vdf_node_child(&root, "c"), 3);
	vdf_node_remove(&root, 1);
	ck_assert_uint_eq(root.count, 2);
	ck_assert_str_eq(root.children[1].key, "c");
	vdf_node_set_key(&root.children[1], "d");
	ck_assert_ptr_null(vdf_node_child(&root, "c"));
	ck_assert_uint_eq(vdf_node_child(&root, "D")->number, 3);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("vdf_binary");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_fixtures_round_trip, 0, 7);
	tcase_add_test(tcase, test_every_type_is_read);
	tcase_add_test(tcase, test_every_truncation_is_refused);
	tcase_add_test(tcase, test_errors_name_the_offset);
	tcase_add_test(tcase, test_depth_is_limited);
	tcase_add_test(tcase, test_size_is_limited);
	tcase_add_test(tcase, test_tree_is_edited);
	return run_tcase(tcase);
}
