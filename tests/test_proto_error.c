#include "proto/proto_error.h"
#include "suite.h"

#include <check.h>

/* protocol.md §6 */
START_TEST(kinds_have_their_codes_and_back)
{
	static const struct {
		enum error_kind kind;
		int code;
	} pairs[] = {
		{ ERROR_INVALID, 400 },
		{ ERROR_UNAUTHORIZED, 401 },
		{ ERROR_NOT_FOUND, 404 },
		{ ERROR_BLOCKED, 406 },
		{ ERROR_CONFLICT, 409 },
		{ ERROR_TOO_LARGE, 413 },
		{ ERROR_LOCKED_OUT, 429 },
		{ ERROR_NOT_IMPLEMENTED, 501 },
		{ ERROR_NO_SPACE, 507 },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ck_assert_int_eq(proto_error_code(pairs[i].kind), pairs[i].code);
		ck_assert_int_eq(proto_error_kind(pairs[i].code), pairs[i].kind);
	}
}
END_TEST

START_TEST(all_other_kinds_are_internal_errors)
{
	ck_assert_int_eq(proto_error_code(ERROR_IO), 500);
	ck_assert_int_eq(proto_error_code(ERROR_TIMEOUT), 500);
	ck_assert_int_eq(proto_error_code(ERROR_CANCELLED), 500);
}
END_TEST

START_TEST(all_other_codes_are_failures)
{
	static const int64_t codes[] = { 0, -1, 200, 403, 500, 599, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		ck_assert_int_eq(proto_error_kind(codes[i]), ERROR_IO);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("proto_error");

	tcase_add_test(tests, kinds_have_their_codes_and_back);
	tcase_add_test(tests, all_other_kinds_are_internal_errors);
	tcase_add_test(tests, all_other_codes_are_failures);
	return run_tcase(tests);
}
