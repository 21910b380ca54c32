#include "overlay/overlay_strings.h"

#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned count_of(const char *text, char character)
{
	unsigned count = 0;

	for (; *text != '\0'; text++) {
		count += *text == character;
	}
	return count;
}

static void check_plain(const char *text)
{
	ck_assert_str_ne(text, "");
	ck_assert_msg(strchr(text, '%') == NULL, "'%s' takes nothing", text);
}

START_TEST(every_row_is_whole)
{
	const struct overlay_strings *row;

	for (unsigned i = 0; (row = overlay_strings_at(i)) != NULL; i++) {
		ck_assert_ptr_nonnull(strstr(row->pair_with, "%s"));
		ck_assert_uint_eq(count_of(row->pair_with, '%'), 1);
		ck_assert_ptr_nonnull(strstr(row->seconds_left, "%d"));
		ck_assert_uint_eq(count_of(row->seconds_left, '%'), 1);
		check_plain(row->type_code);
		check_plain(row->dismiss_game);
		check_plain(row->dismiss_desktop);
	}
}
END_TEST

START_TEST(a_locale_finds_its_language)
{
	static const char *const expected[][2] = {
		{ "en", "en" },
		{ "es", "es" },
		{ "de", "de" },
		{ "fr", "fr" },
		{ "pt", "pt" },
		{ "ja", "ja" },
		{ "zh", "zh" },
		{ "de_AT.UTF-8", "de" },
		{ "de_DE@euro", "de" },
		{ "fr.UTF-8", "fr" },
		{ "zh-CN", "zh" },
		{ "zh_Hans", "zh" },
		{ "pt_BR", "pt" },
		{ "es_419", "es" },
		{ "C", "en" },
		{ "C.UTF-8", "en" },
		{ "POSIX", "en" },
		{ "", "en" },
		{ "d", "en" },
		{ "deu", "en" },
		{ "ru_RU.UTF-8", "en" },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		ck_assert_str_eq(overlay_strings_for(expected[i][0])->language, expected[i][1]);
	}
	ck_assert_str_eq(overlay_strings_for(NULL)->language, "en");
}
END_TEST

static void expect_locale(const char *wanted, const char *conf, const char *expected)
{
	char *locale = overlay_strings_locale(wanted, conf);

	if (expected == NULL) {
		ck_assert_ptr_null(locale);
	} else {
		ck_assert_ptr_nonnull(locale);
		ck_assert_str_eq(locale, expected);
	}
	free(locale);
}

START_TEST(the_locale_is_the_orders_the_environments_or_the_systems)
{
	char conf[] = "/tmp/locale.conf.XXXXXX";
	int fd = mkstemp(conf);

	ck_assert_int_ge(dprintf(fd, "# LANG=it\nLC_TIME=ja_JP.UTF-8\nLANG=\"de_DE.UTF-8\"\n"), 1);
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	unsetenv("LANG");
	expect_locale("fr", conf, "fr");
	expect_locale("", conf, "de_DE.UTF-8");
	expect_locale(NULL, "/nonexistent", NULL);
	setenv("LANG", "es_ES.UTF-8", 1);
	expect_locale(NULL, conf, "es_ES.UTF-8");
	setenv("LC_MESSAGES", "pt_BR", 1);
	expect_locale(NULL, conf, "pt_BR");
	setenv("LC_ALL", "", 1);
	expect_locale(NULL, conf, "pt_BR");
	setenv("LC_ALL", "ja", 1);
	expect_locale(NULL, conf, "ja");
	close(fd);
	unlink(conf);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, every_row_is_whole);
	tcase_add_test(tests, a_locale_finds_its_language);
	tcase_add_test(tests, the_locale_is_the_orders_the_environments_or_the_systems);
	return run_tcase(tests);
}
