#include "steam/client/steam_language.h"

#include "steam_home.h"
#include "suite.h"

static struct steam_home home;

static void setup(void)
{
	steam_home_init(&home);
}

static void teardown(void)
{
	steam_home_finish(&home);
}

static void write_registry(const char *folder, const char *language)
{
	char *name, *text;

	ck_assert_int_gt(asprintf(&name, "%s/registry.vdf", folder), 0);
	ck_assert_int_gt(
		asprintf(&text,
			"\"Registry\"\n{\n\t\"HKCU\"\n\t{\n\t\t\"Software\"\n\t\t{\n\t\t\t\"Valve\"\n"
			"\t\t\t{\n\t\t\t\t\"Steam\"\n\t\t\t\t{\n\t\t\t\t\t\"language\"\t\t\"%s\"\n"
			"\t\t\t\t\t\"RunningAppID\"\t\t\"0\"\n\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n}\n",
			language),
		0);
	ck_assert(atomic_file_write(steam_home_path(&home, name), text, strlen(text), 0600, NULL));
	free(name);
	free(text);
}

static void write_text(const char *text)
{
	ck_assert(atomic_file_write(
		steam_home_path(&home, ".steam/registry.vdf"), text, strlen(text), 0600, NULL));
}

static void expect(const char *locale)
{
	char *found = steam_language(home.path);

	if (locale == NULL) {
		ck_assert_ptr_null(found);
	} else {
		ck_assert_ptr_nonnull(found);
		ck_assert_str_eq(found, locale);
	}
	free(found);
}

START_TEST(the_language_is_a_locale)
{
	write_registry(".steam", "german");
	expect("de");
	write_registry(".steam", "schinese");
	expect("zh_CN");
	write_registry(".steam", "brazilian");
	expect("pt_BR");
}
END_TEST

START_TEST(the_native_client_comes_before_the_flatpak)
{
	write_registry(".var/app/com.valvesoftware.Steam/.steam", "french");
	expect("fr");
	write_registry(".steam", "japanese");
	expect("ja");
}
END_TEST

START_TEST(nothing_is_made_of_what_is_not_there)
{
	expect(NULL);
	write_registry(".steam", "");
	expect(NULL);
	write_registry(".steam", "klingon");
	expect(NULL);
	write_text("\"Registry\" {");
	expect(NULL);
	write_text("\"Registry\" { \"HKCU\" \"flat\" }");
	expect(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_language_is_a_locale);
	tcase_add_test(tests, the_native_client_comes_before_the_flatpak);
	tcase_add_test(tests, nothing_is_made_of_what_is_not_there);
	return run_tcase(tests);
}
