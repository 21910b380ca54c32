#include "proto/pairing_code.h"
#include "suite.h"

#include <check.h>
#include <string.h>

START_TEST(grouped_and_in_any_script)
{
	static const char *const typed[] = {
		"042137",
		"042 137",
		"  042-137\n",
		"04 21 37",
		"0.4.2,1_3\t7",
		"042\xc2\xa0"
		"137",
		"042\xe2\x80\x93"
		"137",
		"\xef\xbc\x90\xef\xbc\x94\xef\xbc\x92\xe3\x80\x80\xef\xbc\x91"
		"\xef\xbc\x93\xef\xbc\x97",
		"\xd9\xa0\xd9\xa4\xd9\xa2\xd9\xa1\xd9\xa3\xd9\xa7",
		"\xdb\xb0\xdb\xb4\xdb\xb2 \xdb\xb1\xdb\xb3\xdb\xb7",
		"\xe0\xa5\xa6\xe0\xa5\xaa\xe0\xa5\xa8"
		"137",
		"\xe2\x80\x8e"
		"042137\xe2\x80\xac",
	};
	char code[PAIRING_CODE_BYTES];

	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		memset(code, 0, sizeof(code));
		ck_assert_msg(pairing_code_read(code, typed[i]), "'%s'", typed[i]);
		ck_assert_str_eq(code, "042137");
	}
}
END_TEST

START_TEST(slips_are_not_codes)
{
	static const char *const typed[] = {
		"",
		" ",
		"04213",
		"0421377",
		"042 13",
		"04213a",
		"code 042137",
		"042137!",
		"042\xff"
		"137",
		"042137 0",
		"+042137",
		"\xe2\x91\xa0"
		"42137",
		"4.2137e4",
	};
	char code[PAIRING_CODE_BYTES] = "before";

	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		ck_assert_msg(!pairing_code_read(code, typed[i]), "'%s'", typed[i]);
		ck_assert_str_eq(code, "before");
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pairing_code");

	tcase_add_test(tcase, grouped_and_in_any_script);
	tcase_add_test(tcase, slips_are_not_codes);
	return run_tcase(tcase);
}
