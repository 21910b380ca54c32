#include "core/error.h"
#include "core/utf8.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

START_TEST(fills_and_fails)
{
	struct error err = { 0 };

	ck_assert(!error_set(&err, ERROR_NOT_FOUND, "no upload '%s'", "u1"));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message, "no upload 'u1'");
	ck_assert(!error_set(NULL, ERROR_INVALID, "nobody asks"));
}
END_TEST

START_TEST(may_quote_itself)
{
	struct error err = { 0 };

	error_set(&err, ERROR_INVALID, "inner");
	error_set(&err, ERROR_IO, "outer: %s", err.message);
	ck_assert_str_eq(err.message, "outer: inner");
}
END_TEST

START_TEST(replaces_what_a_terminal_obeys)
{
	struct error err = { 0 };

	error_set(&err, ERROR_INVALID, "a\x1b[2Jb\nc\x7f \xc2\x9b \xe2\x80\xae \xff ü");
	ck_assert_str_eq(err.message, "a?[2Jb?c? ? ? ? ü");
}
END_TEST

START_TEST(is_cut_at_a_characters_border)
{
	struct error err = { 0 };
	char text[2 * ERROR_SENTENCE_BYTES];

	for (size_t lead = 0; lead < 4; lead++) {
		memset(text, 'x', lead);
		text[lead] = '\0';
		while (strlen(text) < ERROR_SENTENCE_BYTES + 100) {
			strcat(text, "😀");
		}
		error_set(&err, ERROR_INVALID, "%s", text);
		ck_assert(utf8_valid(err.message, strlen(err.message)));
		ck_assert_uint_ge(strlen(err.message), ERROR_SENTENCE_BYTES - 4);
		ck_assert(strchr(err.message, '?') == NULL);
	}
}
END_TEST

START_TEST(has_room_for_a_list)
{
	struct error err = { 0 };
	char text[2 * ERROR_MESSAGE_BYTES];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(!error_set_list(&err, ERROR_INVALID, "%s", text));
	ck_assert_uint_eq(strlen(err.message), ERROR_MESSAGE_BYTES - 1);
}
END_TEST

START_TEST(names_the_systems_reason)
{
	struct error err = { 0 };
	char text[2 * ERROR_SENTENCE_BYTES];

	errno = ENOSPC;
	error_set_errno(&err, "cannot write '%s'", "f");
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);
	ck_assert_str_eq(err.message, "cannot write 'f': No space left on device");
	errno = EDQUOT;
	error_set_errno(&err, "x");
	ck_assert_int_eq(err.kind, ERROR_NO_SPACE);

	/* Of a long sentence the reason is what stays. */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	errno = EACCES;
	error_set_errno(&err, "%s", text);
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_uint_eq(strlen(err.message), ERROR_SENTENCE_BYTES - 1);
	ck_assert(strstr(err.message, "xx: Permission denied") != NULL);
	errno = EACCES;
	ck_assert(!error_set_errno(NULL, "nobody asks"));
}
END_TEST

START_TEST(long_names_lose_their_middle_and_the_reason_stays)
{
	struct error err = { 0 };
	char name[5000];

	memset(name, 'n', sizeof(name) - 1);
	memcpy(name, "it's first", 10);
	memcpy(name + sizeof(name) - 6, "/last", 6);
	error_set(&err, ERROR_INVALID, "'%s' in '%s' is a link; move it away", name, name);
	ck_assert_uint_le(strlen(err.message), ERROR_SENTENCE_BYTES - 1);
	ck_assert_ptr_eq(strstr(err.message, "'it's first"), err.message);
	ck_assert_ptr_nonnull(strstr(err.message, "/last' is a link; move it away"));
	ck_assert_ptr_nonnull(strstr(err.message, "…"));
	ck_assert(utf8_valid(err.message, strlen(err.message)));
	errno = EACCES;
	error_set_errno(&err, "cannot open '%s'", name);
	ck_assert_ptr_nonnull(strstr(err.message, "/last': Permission denied"));
	/* Of characters with several bytes none is split. */
	for (size_t lead = 1; lead < 5; lead++) {
		for (size_t i = lead; i + 4 < sizeof(name); i += 4) {
			memcpy(name + i, "😀", 4);
		}
		error_set(&err, ERROR_INVALID, "no '%s'; try again", name);
		ck_assert_msg(strstr(err.message, "; try again") != NULL, "%s", err.message);
		ck_assert(utf8_valid(err.message, strlen(err.message)));
	}
}
END_TEST

START_TEST(keeps_the_number_of_what_caused_it)
{
	struct error cause = { 0 }, err = { 0 };

	errno = EIO;
	error_set_errno(&cause, "cannot read 'f'");
	ck_assert_int_eq(cause.number, EIO);
	ck_assert(!error_set_because(&err, &cause, "the game: %s", cause.message));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_int_eq(err.number, EIO);
	ck_assert_ptr_eq(strstr(err.message, "the game: cannot read 'f': "), err.message);
	/* Also of itself. */
	ck_assert(!error_set_because(&err, &err, "all of it: %s", err.message));
	ck_assert_int_eq(err.number, EIO);
	ck_assert_ptr_eq(strstr(err.message, "all of it: the game: "), err.message);
	ck_assert(!error_pass(&err, &cause));
	ck_assert_int_eq(err.number, EIO);
	ck_assert_str_eq(err.message, cause.message);
	ck_assert(!error_set_because(NULL, &cause, "nobody asks"));
	ck_assert(!error_pass(NULL, &cause));
	/* What is set anew did not come from a number. */
	ck_assert(!error_set(&err, ERROR_IO, "short"));
	ck_assert_int_eq(err.number, 0);
}
END_TEST

START_TEST(tells_a_program_the_reason)
{
	struct error err = { 0 }, passed = { 0 };
	char text[2 * ERROR_VALUE_BYTES];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, ERROR_CONFLICT, "'Doom' is in the way");
	ck_assert_ptr_null(err.reason);
	ck_assert(!error_explain(&err, "in_the_way", "name", "Do\nom", "path", text, NULL));
	ck_assert_str_eq(err.message, "'Doom' is in the way");
	ck_assert_str_eq(err.reason, "in_the_way");
	ck_assert_str_eq(err.values[0].name, "name");
	ck_assert_str_eq(err.values[0].text, "Do?om");
	ck_assert_uint_eq(strlen(err.values[1].text), ERROR_VALUE_BYTES - 1);
	ck_assert_ptr_null(err.values[2].name);
	error_pass(&passed, &err);
	ck_assert_str_eq(passed.reason, "in_the_way");

	error_explain(&err, "bare", NULL);
	ck_assert_ptr_null(err.values[0].name);
	/* It is that of the sentence, and goes with it. */
	error_set(&err, ERROR_IO, "another");
	ck_assert_ptr_null(err.reason);
	ck_assert(!error_explain(NULL, "nobody", NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("error");

	tcase_add_test(tcase, fills_and_fails);
	tcase_add_test(tcase, has_room_for_a_list);
	tcase_add_test(tcase, may_quote_itself);
	tcase_add_test(tcase, replaces_what_a_terminal_obeys);
	tcase_add_test(tcase, is_cut_at_a_characters_border);
	tcase_add_test(tcase, names_the_systems_reason);
	tcase_add_test(tcase, long_names_lose_their_middle_and_the_reason_stays);
	tcase_add_test(tcase, keeps_the_number_of_what_caused_it);
	tcase_add_test(tcase, tells_a_program_the_reason);
	return run_tcase(tcase);
}
