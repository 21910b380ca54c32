#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

struct part {
	const char *path;
	int64_t size;
};

struct inner {
	const char *title;
	bool flag;
};

struct sample {
	const char *text, *secret, *digits, *raw;
	uint32_t small;
	int64_t large;
	double real;
	bool flag;
	struct strvec strings, tags;
	struct inner inner;
	struct part *parts;
	size_t parts_count;
	struct json_map map;
	cJSON *tree;
};

static const struct json_field part_fields[] = {
	JSON_FIELD(struct part, path, "path", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct part, size, "size", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field inner_fields[] = {
	JSON_FIELD(struct inner, title, "title", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct inner, flag, "flag", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

static const struct json_field sample_fields[] = {
	JSON_FIELD(struct sample, text, "text", JSON_STRING, 0),
	JSON_FIELD(struct sample, secret, "secret", JSON_SECRET, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, digits, "digits", JSON_DIGITS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, raw, "raw", JSON_RAW, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, small, "small", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, large, "large", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, real, "real", JSON_DOUBLE, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, flag, "flag", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, strings, "strings", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, tags, "tags", JSON_TAGS, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(struct sample, inner, "inner", inner_fields, JSON_OMIT_EMPTY),
	JSON_FIELD_ARRAY(struct sample, parts, "parts", part_fields, JSON_OMIT_EMPTY),
	JSON_FIELD(struct sample, map, "map", JSON_MAP, JSON_OMIT_EMPTY),
	JSON_FIELD_TREE(struct sample, tree),
	JSON_FIELDS_END,
};

static void sample_finish(struct sample *sample)
{
	json_finish(sample, sample_fields);
}

static bool read_sample(struct sample *sample, const char *text, struct error *err)
{
	return json_read_text(sample, sample_fields, text, strlen(text), err);
}

static bool parses(const char *text, size_t length)
{
	struct error err = { 0 };
	/* A copy of its very size, so that reading past the end shows. */
	AUTO(free_ptr) char *copy = xcalloc(length, 1);
	AUTO(json_free_ptr) cJSON *value = NULL;

	memcpy(copy, text, length);
	value = json_parse(copy, length, &err);
	ck_assert_mem_eq(copy, text, length);
	ck_assert_int_eq(err.kind, value == NULL ? ERROR_INVALID : ERROR_NONE);
	return value != NULL;
}

static void assert_print(const char *text, const char *expected)
{
	AUTO(json_free_ptr) cJSON *value = json_parse(text, strlen(text), NULL);
	AUTO(strbuf_finish) struct strbuf out = { 0 };

	ck_assert_ptr_nonnull(value);
	json_print(value, &out);
	ck_assert_str_eq(strbuf_text(&out), expected);
}

static void assert_refused(const char *text, const char *message)
{
	AUTO(sample_finish) struct sample sample = { 0 };
	struct error err = { 0 };

	ck_assert(!read_sample(&sample, text, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_str_eq(err.message, message);
}

START_TEST(accepts_json)
{
	static const char *const good[] = { "null", " true ", "false", "0", "-0", "1.5e+3", "-1E-2",
		"\"\"", "[]", "{}", "[ ]", "{ }", " [ 1 , { \"a\" : [ ] } ] \r\n\t",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00\"", "\"\x7f\"", "\"ü€😀\"",
		"123456789012345678901234567890", "-123456789012345678901234567890",
		"{\"a\":1,\"a\":2}", "1e-400" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(parses(good[i], strlen(good[i])), "%s", good[i]);
	}
}
END_TEST

START_TEST(refuses_everything_else)
{
	static const char *const bad[] = { "", " ", "nul", "nulL", "True", "+1", "01", "-", "-01",
		"1.", ".5", "1e", "1e+", "0x10", "1e400", "-1e400", "NaN", "Infinity", "'a'", "\"",
		"\"\\\"", "\"\\x\"", "\"\\", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\n\"",
		"\"\x01\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xe2\x82",
		"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"",
		"\"\\ud800\\n\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{]",
		"{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1", "{76561198012345678:1}",
		"1 2", "{} x", "[]]", "// c\n1", "\xef\xbb\xbf{}", "1\xc2\xa0", "true false",
		"nullx",
		"0.1111111111111111111111111111111111111111111111111111111111111111111111" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!parses(bad[i], strlen(bad[i])), "%s", bad[i]);
	}
	ck_assert(!parses("1\0", 2));
	ck_assert(!parses("\0", 1));
	ck_assert(!parses("\"a\0b\"", 5));
	ck_assert(!parses("\"\\\0\"", 4));
	ck_assert(!parses("123\0", 4));
	ck_assert(!parses("12345678901234567890\0", 21));
}
END_TEST

START_TEST(a_buffer_without_memory_is_empty)
{
	struct error err = { 0 };

	ck_assert_ptr_null(json_parse(NULL, 0, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(refuses_every_cut)
{
	static const char text[] = "{\"a\":[1,-2.5e3,76561198012345678,true,null],"
				   "\"b\\u00e9\\ud83d\\ude00\":{\"ü\":\"€😀\"}}";

	for (size_t length = 0; length < strlen(text); length++) {
		ck_assert(!parses(text, length));
	}
	ck_assert(parses(text, strlen(text)));
}
END_TEST

START_TEST(bounds_depth)
{
	char text[3 * JSON_DEPTH_LIMIT];

	for (size_t depth = 1; depth <= JSON_DEPTH_LIMIT + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		ck_assert(parses(text, 2 * depth) == (depth <= JSON_DEPTH_LIMIT));
	}
}
END_TEST

START_TEST(bounds_values)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	for (int i = 0; i < JSON_VALUES_LIMIT - 1; i++) {
		strbuf_append_text(&text, i == 0 ? "[1" : ",1");
	}
	strbuf_append_char(&text, ']');
	ck_assert(parses(text.data, text.length));
	text.length--;
	strbuf_append_text(&text, ",1]");
	ck_assert(!parses(text.data, text.length));
}
END_TEST

START_TEST(prints_what_it_read)
{
	assert_print(" { \"a\" : [ 1 , -2.5 , true , false , null , \"\\u00e9\\n\" ] } ",
		"{\"a\":[1,-2.5,true,false,null,\"é\\n\"]}");
	assert_print("[9007199254740991,-9007199254740992,1e3,0.1,1e20,-0]",
		"[9007199254740991,-9007199254740992,1000,0.1,1e+20,0]");
	assert_print("[76561198012345678,9007199254740993,-99999999999999999999]",
		"[76561198012345678,9007199254740993,-99999999999999999999]");
	assert_print("[\"76561198012345678\"]", "[\"76561198012345678\"]");
	assert_print("[123456789.12345678,5e-324,1.7976931348623157e308]",
		"[123456789.12345678,4.94065645841247e-324,1.7976931348623157e+308]");
}
END_TEST

START_TEST(walks_values)
{
	static const char text[] = "{\"a\":1,\"A\":null,\"list\":[\"x\",76561198012345678,true]}";
	AUTO(json_free_ptr) cJSON *object = json_parse(text, strlen(text), NULL);
	const cJSON *list = json_member(object, "list");
	const cJSON *text_item, *long_item, *bool_item;
	double number = 7;
	bool is_true = false;
	size_t count = 0;

	ck_assert(json_is_object(object) && !json_is_array(object));
	ck_assert(json_number(json_member(object, "a"), &number) && number == 1);
	ck_assert_ptr_null(json_member(object, "A"));
	ck_assert_ptr_null(json_member(object, "LIST"));
	ck_assert_ptr_null(json_member(list, "a"));
	ck_assert_ptr_null(json_member(NULL, "a"));
	ck_assert(json_is_array(list));
	text_item = json_first(list);
	long_item = json_next(text_item);
	bool_item = json_next(long_item);
	ck_assert_ptr_null(json_next(bool_item));
	ck_assert_str_eq(json_string(text_item), "x");
	ck_assert_ptr_null(json_string(long_item));
	ck_assert(!json_number(long_item, &number) && number == 1);
	ck_assert_str_eq(json_long_integer(long_item), "76561198012345678");
	ck_assert_ptr_null(json_long_integer(text_item));
	ck_assert(json_bool(bool_item, &is_true) && is_true);
	for (const cJSON *item = json_first(object); item != NULL; item = json_next(item)) {
		count += strlen(json_key(item));
	}
	ck_assert_uint_eq(count, 6);
	ck_assert_ptr_null(json_first(text_item));
	ck_assert_ptr_null(json_first(NULL));
	json_free(NULL);
}
END_TEST

START_TEST(round_trips_every_type)
{
	static const char text[] =
		"{\"text\":\"a\\\"\\\\\\u0001ü\",\"secret\":\"s\",\"digits\":\"76561198012345678\","
		"\"raw\":{\"x\":[1,76561198012345678]},\"small\":4294967295,"
		"\"large\":-9007199254740992,\"real\":0.1,\"flag\":true,\"strings\":[\"x\",\"\"],"
		"\"tags\":[\"a\",\"b c\"],\"inner\":{\"title\":\"t\",\"flag\":true},"
		"\"parts\":[{\"path\":\"p\",\"size\":1},{\"path\":\"q\",\"size\":0}],"
		"\"map\":{\"k\":1,\"l\":9007199254740992}}";
	AUTO(sample_finish) struct sample sample = { 0 };
	AUTO(strbuf_finish) struct strbuf out = { 0 };
	struct error err;

	ck_assert_msg(read_sample(&sample, text, &err), "%s", err.message);
	ck_assert_uint_eq(sample.parts_count, 2);
	ck_assert_str_eq(sample.parts[1].path, "q");
	ck_assert_int_eq(sample.map.items[1].value, JSON_INTEGER_MAX);
	json_write(&out, sample_fields, &sample);
	ck_assert_str_eq(strbuf_text(&out), text);
	sample_finish(&sample);
	ck_assert_ptr_null(sample.text);
	ck_assert_ptr_null(sample.parts);
	ck_assert_uint_eq(sample.parts_count, 0);
	ck_assert_uint_eq(sample.map.count, 0);
}
END_TEST

START_TEST(absent_and_null_keep_what_was_there)
{
	AUTO(sample_finish) struct sample sample = { .large = 7, .text = "kept" };

	ck_assert(read_sample(&sample, "{\"text\":null,\"LARGE\":1,\"other\":[{}]}", NULL));
	ck_assert(json_read(&sample, sample_fields, NULL, NULL));
	ck_assert_int_eq(sample.large, 7);
	ck_assert_str_eq(sample.text, "kept");
	sample_finish(&sample);
	ck_assert(read_sample(&sample, "{\"text\":\"first\",\"text\":\"second\"}", NULL));
	ck_assert_str_eq(sample.text, "first");
}
END_TEST

START_TEST(replaces_without_leaking)
{
	AUTO(sample_finish) struct sample sample = { 0 };
	static const char text[] = "{\"text\":\"a\",\"digits\":1,\"raw\":[],\"strings\":[\"a\"],"
				   "\"tags\":\"a,b\",\"inner\":{\"title\":\"a\"},"
				   "\"parts\":[{\"path\":\"a\"}],\"map\":{\"a\":1}}";

	AUTO(json_free_ptr) cJSON *first = json_parse(text, strlen(text), NULL);
	AUTO(json_free_ptr) cJSON *second = json_parse(text, strlen(text), NULL);

	ck_assert(json_read(&sample, sample_fields, first, NULL));
	ck_assert(json_read(&sample, sample_fields, second, NULL));
	ck_assert_uint_eq(sample.parts_count, 1);
	ck_assert_uint_eq(sample.tags.count, 2);
	ck_assert(read_sample(&sample, "{\"parts\":[],\"map\":{},\"strings\":[]}", NULL));
	ck_assert_uint_eq(sample.parts_count, 0);
	ck_assert_uint_eq(sample.map.count, 0);
	ck_assert_uint_eq(sample.strings.count, 0);
}
END_TEST

struct owner {
	char *text, *secret, *digits, *raw;
};

static const struct json_field owner_fields[] = {
	JSON_FIELD(struct owner, text, "text", JSON_STRING, 0),
	JSON_FIELD(struct owner, secret, "secret", JSON_SECRET, 0),
	JSON_FIELD(struct owner, digits, "digits", JSON_DIGITS, 0),
	JSON_FIELD(struct owner, raw, "raw", JSON_RAW, 0),
	JSON_FIELDS_END,
};

START_TEST(a_char_pointer_owns_and_a_const_one_borrows)
{
	static const char text[] = "{\"text\":\"t\",\"secret\":\"s\",\"digits\":5,\"raw\":\"r\"}";
	AUTO(json_free_ptr) cJSON *object = json_parse(text, strlen(text), NULL);
	struct owner owner = { .text = xstrdup("before"), .raw = xstrdup("before") };
	struct sample borrower = { 0 };

	ck_assert(json_read(&owner, owner_fields, object, NULL));
	ck_assert(json_read(&borrower, sample_fields, object, NULL));
	ck_assert_ptr_eq(borrower.text, json_string(json_member(object, "text")));
	ck_assert_ptr_eq(borrower.digits, json_text(json_member(object, "digits")));
	ck_assert_str_eq(borrower.raw, "\"r\"");
	ck_assert_ptr_ne(owner.text, borrower.text);
	ck_assert_str_eq(owner.text, "t");
	ck_assert_str_eq(owner.secret, "s");
	ck_assert_str_eq(owner.digits, "5");
	ck_assert_str_eq(owner.raw, "\"r\"");
	json_finish(&borrower, sample_fields);
	ck_assert_ptr_null(borrower.text);
	ck_assert_str_eq(json_string(json_member(object, "text")), "t");
	json_finish(&owner, owner_fields);
	ck_assert_ptr_null(owner.text);
	/* Owning all it has, it needs no tree. */
	ck_assert(json_read_text(&owner, owner_fields, text, strlen(text), NULL));
	ck_assert_str_eq(owner.raw, "\"r\"");
	json_finish(&owner, owner_fields);
}
END_TEST

START_TEST(a_struct_may_outlive_its_message)
{
	static const char text[] = "{\"payload\":{\"text\":\"t\",\"digits\":7,\"strings\":[\"x\"],"
				   "\"parts\":[{\"path\":\"p\"}],\"map\":{\"k\":1},\"raw\":{}}}";
	cJSON *message = json_parse(text, strlen(text), NULL);
	cJSON *payload = json_child(message, "payload");
	AUTO(sample_finish) struct sample sample = { 0 };

	ck_assert(json_read(&sample, sample_fields, payload, NULL));
	json_drop(payload, "strings");
	json_drop(payload, "none");
	ck_assert_ptr_null(json_member(payload, "strings"));
	json_own(&sample, sample_fields, payload);
	ck_assert_ptr_null(json_first(payload));
	json_free(message);
	ck_assert_str_eq(sample.text, "t");
	ck_assert_str_eq(sample.digits, "7");
	ck_assert_str_eq(sample.strings.items[0], "x");
	ck_assert_str_eq(sample.parts[0].path, "p");
	ck_assert_str_eq(sample.map.items[0].key, "k");
	ck_assert_str_eq(sample.raw, "{}");
	sample_finish(&sample);
	json_own(&sample, sample_fields, NULL);
	ck_assert_ptr_null(sample.tree);
}
END_TEST

START_TEST(a_struct_filled_by_hand_keeps_texts)
{
	AUTO(sample_finish) struct sample sample = { 0 };
	char text[] = "text";

	sample.text = json_keep(&sample.tree, text);
	sample.raw = json_keep(&sample.tree, "[]");
	sample.digits = json_keep(&sample.tree, NULL);
	text[0] = 'n';
	ck_assert_str_eq(sample.text, "text");
	ck_assert_str_eq(sample.raw, "[]");
	ck_assert_ptr_null(sample.digits);
}
END_TEST

START_TEST(reads_what_is_left_of_a_refused_text)
{
	static const char text[] = "{\"id\":\"7\",\"n\":1} trailing";
	AUTO(json_free_ptr) cJSON *left = json_salvage(text, strlen(text));

	ck_assert_ptr_null(json_parse(text, strlen(text), NULL));
	ck_assert_str_eq(json_string(json_member(left, "id")), "7");
	ck_assert_ptr_null(json_salvage("{", 1));
}
END_TEST

START_TEST(errors_name_key_and_value)
{
	assert_refused("[]", "'the message' must be an object, not a list");
	assert_refused("{\"text\":5}", "'text' must be a string, not 5");
	assert_refused(
		"{\"text\":76561198012345678}", "'text' must be a string, not 76561198012345678");
	assert_refused("{\"secret\":123456}", "'secret' must be a string");
	assert_refused("{\"large\":1.5}", "'large' must be a whole number within ±2^53, not 1.5");
	assert_refused("{\"large\":9007199254740993}",
		"'large' must be a whole number within ±2^53, not 9007199254740993");
	assert_refused(
		"{\"large\":\"1\"}", "'large' must be a whole number within ±2^53, not \"1\"");
	assert_refused("{\"real\":\"1\"}", "'real' must be a number, not \"1\"");
	assert_refused("{\"flag\":1}", "'flag' must be true or false, not 1");
	assert_refused("{\"strings\":\"a\"}", "'strings' must be a list of strings, not \"a\"");
	assert_refused("{\"strings\":[\"a\",1]}", "'strings[1]' must be a string, not 1");
	assert_refused("{\"tags\":{}}", "'tags' must be a list of strings, not an object");
	assert_refused(
		"{\"inner\":{\"flag\":[]}}", "'inner.flag' must be true or false, not a list");
	assert_refused("{\"inner\":true}", "'inner' must be an object, not true");
	assert_refused("{\"parts\":{}}", "'parts' must be a list of objects, not an object");
	assert_refused(
		"{\"parts\":[{\"path\":\"a\"},null]}", "'parts[1]' must be an object, not null");
	assert_refused("{\"parts\":[{\"path\":\"a\"},{\"size\":1}]}", "'parts[1].path' is missing");
	assert_refused("{\"parts\":[{\"path\":\"a\",\"size\":-1e300}]}",
		"'parts[0].size' must be a whole number within ±2^53, not -1e+300");
	assert_refused("{\"map\":{\"k\":\"v\"}}",
		"'map.k' must be a whole number within ±2^53, not \"v\"");
	assert_refused("{\"map\":[]}", "'map' must be an object of whole numbers, not a list");
}
END_TEST

START_TEST(digits_survive_in_both_forms)
{
	static const struct {
		const char *json, *digits; /* NULL: refused */
	} cases[] = {
		{ "76561198012345678", "76561198012345678" },
		{ "\"76561198012345678\"", "76561198012345678" },
		{ "9007199254740992", "9007199254740992" },
		{ "9007199254740993", "9007199254740993" },
		{ "0", "0" },
		{ "-0", "0" },
		{ "\"\"", "" },
		{ "1e3", "1000" },
		{ "-1", NULL },
		{ "-76561198012345678", NULL },
		{ "1.5", NULL },
		{ "1e300", NULL },
		{ "\"1a\"", NULL },
		{ "\"-1\"", NULL },
		{ "\" 1\"", NULL },
		{ "true", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(free_ptr) char *text = xasprintf("{\"digits\":%s}", cases[i].json);
		AUTO(sample_finish) struct sample sample = { 0 };
		bool read = read_sample(&sample, text, NULL);

		ck_assert_msg(read == (cases[i].digits != NULL), "%s", text);
		if (read) {
			ck_assert_str_eq(sample.digits, cases[i].digits);
		}
	}
}
END_TEST

START_TEST(uint32_is_held_to_its_range)
{
	static const struct {
		const char *json;
		int64_t value; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "4294967295", 4294967295 },
		{ "\"4294967295\"", 4294967295 },
		{ "\"0\"", 0 },
		{ "4294967296", -1 },
		{ "\"4294967296\"", -1 },
		{ "\"99999999999999999999999\"", -1 },
		{ "76561198012345678", -1 },
		{ "-1", -1 },
		{ "0.5", -1 },
		{ "\"\"", -1 },
		{ "\"1e3\"", -1 },
		{ "null", 5 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(free_ptr) char *text = xasprintf("{\"small\":%s}", cases[i].json);
		AUTO(sample_finish) struct sample sample = { .small = 5 };
		bool read = read_sample(&sample, text, NULL);

		ck_assert_msg(read == (cases[i].value >= 0), "%s", text);
		ck_assert_uint_eq(sample.small, read ? (uint32_t)cases[i].value : 5);
	}
}
END_TEST

START_TEST(tags_come_in_two_forms)
{
	AUTO(sample_finish) struct sample sample = { 0 };

	ck_assert(read_sample(&sample, "{\"tags\":\" RPG ,,  Indie game,\\t,\"}", NULL));
	ck_assert_uint_eq(sample.tags.count, 2);
	ck_assert_str_eq(sample.tags.items[0], "RPG");
	ck_assert_str_eq(sample.tags.items[1], "Indie game");
	sample_finish(&sample);
	ck_assert(read_sample(&sample, "{\"tags\":\"\"}", NULL));
	ck_assert_uint_eq(sample.tags.count, 0);
	sample_finish(&sample);
	ck_assert(read_sample(&sample, "{\"tags\":[\"a,b\"]}", NULL));
	ck_assert_uint_eq(sample.tags.count, 1);
}
END_TEST

START_TEST(writes_empties_as_flags_say)
{
	static const struct json_field fields[] = {
		JSON_FIELD(struct sample, text, "text", JSON_STRING, 0),
		JSON_FIELD(struct sample, digits, "digits", JSON_DIGITS, JSON_NULLABLE),
		JSON_FIELD(struct sample, raw, "raw", JSON_RAW, 0),
		JSON_FIELD(struct sample, tags, "tags", JSON_TAGS, 0),
		JSON_FIELD_ARRAY(struct sample, parts, "parts", part_fields, 0),
		JSON_FIELD_OBJECT(struct sample, inner, "inner", inner_fields, 0),
		JSON_FIELD(struct sample, map, "map", JSON_MAP, 0),
		JSON_FIELDS_END,
	};
	AUTO(strbuf_finish) struct strbuf out = { 0 };
	struct sample sample = { 0 };

	json_write(&out, fields, &sample);
	ck_assert_str_eq(strbuf_text(&out),
		"{\"text\":\"\",\"digits\":null,\"raw\":null,\"tags\":[],"
		"\"parts\":[],\"inner\":{},\"map\":{}}");
	strbuf_reset(&out);
	json_write(&out, sample_fields, &sample);
	ck_assert_str_eq(strbuf_text(&out), "{\"text\":\"\"}");
	strbuf_reset(&out);
	sample.flag = sample.inner.flag = true;
	json_write(&out, sample_fields, &sample);
	ck_assert_str_eq(
		strbuf_text(&out), "{\"text\":\"\",\"flag\":true,\"inner\":{\"flag\":true}}");
}
END_TEST

START_TEST(writes_any_bytes_as_a_string)
{
	AUTO(strbuf_finish) struct strbuf out = { 0 };
	char all[256];

	for (int i = 1; i < 256; i++) {
		all[i - 1] = (char)i;
	}
	all[255] = '\0';
	json_write_string(&out, all);
	ck_assert(parses(out.data, out.length));
	strbuf_reset(&out);
	json_write_string(&out, "\b\f\n\r\t\x1f\x7f/\xff\xc3");
	ck_assert_str_eq(
		strbuf_text(&out), "\"\\b\\f\\n\\r\\t\\u001f\x7f/\xef\xbf\xbd\xef\xbf\xbd\"");
}
END_TEST

START_TEST(writes_numbers)
{
	AUTO(strbuf_finish) struct strbuf out = { 0 };

	json_write_int64(&out, INT64_MIN);
	strbuf_append_char(&out, ' ');
	json_write_int64(&out, INT64_MAX);
	strbuf_append_char(&out, ' ');
	json_write_int64(&out, 0);
	strbuf_append_char(&out, ' ');
	json_write_double(&out, (double)INFINITY);
	strbuf_append_char(&out, ' ');
	json_write_double(&out, (double)NAN);
	strbuf_append_char(&out, ' ');
	json_write_double(&out, 1.0 / 3);
	ck_assert_str_eq(strbuf_text(&out), "-9223372036854775808 9223372036854775807 0 null null "
					    "0.33333333333333331");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("json");

	tcase_add_test(tcase, accepts_json);
	tcase_add_test(tcase, refuses_everything_else);
	tcase_add_test(tcase, a_buffer_without_memory_is_empty);
	tcase_add_test(tcase, refuses_every_cut);
	tcase_add_test(tcase, bounds_depth);
	tcase_add_test(tcase, bounds_values);
	tcase_add_test(tcase, prints_what_it_read);
	tcase_add_test(tcase, walks_values);
	tcase_add_test(tcase, round_trips_every_type);
	tcase_add_test(tcase, absent_and_null_keep_what_was_there);
	tcase_add_test(tcase, replaces_without_leaking);
	tcase_add_test(tcase, a_char_pointer_owns_and_a_const_one_borrows);
	tcase_add_test(tcase, a_struct_may_outlive_its_message);
	tcase_add_test(tcase, a_struct_filled_by_hand_keeps_texts);
	tcase_add_test(tcase, reads_what_is_left_of_a_refused_text);
	tcase_add_test(tcase, errors_name_key_and_value);
	tcase_add_test(tcase, digits_survive_in_both_forms);
	tcase_add_test(tcase, uint32_is_held_to_its_range);
	tcase_add_test(tcase, tags_come_in_two_forms);
	tcase_add_test(tcase, writes_empties_as_flags_say);
	tcase_add_test(tcase, writes_any_bytes_as_a_string);
	tcase_add_test(tcase, writes_numbers);
	return run_tcase(tcase);
}
