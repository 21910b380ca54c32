#pragma once

/* An example of the protocol documents, read by a message table. Runs in the repository's root. */

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <stddef.h>
#include <string.h>

static inline void read_example(const char *name, const struct json_field *fields, void *out)
{
	AUTO(free_ptr) char *path = xasprintf("tests/fixtures/messages/%s.json", name);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };

	ck_assert_msg(atomic_file_read(path, 1 << 20, &text, &err), "%s", err.message);
	ck_assert_msg(json_read_text(out, fields, text.data, text.length, &err), "%s: %s", name,
		err.message);
}

/* Writes the struct, and checks that it is that text. */
static inline void expect_written(
	const struct json_field *fields, const void *object, const char *expected)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	json_write(&text, fields, object);
	ck_assert_str_eq(text.data, expected);
}

/* Is the text refused, with an error that names that word? */
static inline void expect_refused(
	const char *text, const struct json_field *fields, void *out, const char *word)
{
	struct error err = { 0 };

	ck_assert_msg(
		!json_read_text(out, fields, text, strlen(text), &err), "%s was accepted", text);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(
		strstr(err.message, word) != NULL, "'%s' does not name '%s'", err.message, word);
	json_finish(out, fields);
}

static inline int run_tests(const char *name, const TTest *const *tests, size_t count)
{
	TCase *tcase = tcase_create(name);

	for (size_t i = 0; i < count; i++) {
		tcase_add_test(tcase, tests[i]);
	}
	return run_tcase(tcase);
}
