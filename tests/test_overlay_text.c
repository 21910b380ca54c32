#include "overlay/overlay_text.h"

#include "core/error.h"
#include "core/paths.h"
#include "overlay_pango/pango_line.h"
#include "overlay_surface.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WITHOUT_PANGO "CAPYDECK_WITHOUT_PANGO" /* in the environment of the copy */

static const SDL_Color white = { 255, 255, 255, 255 };
static struct overlay_text *text;

static void setup(void)
{
	struct error err = { 0 };

	text = overlay_text_create(&err);
	ck_assert_msg(text != NULL, "%s", err.message);
}

static void teardown(void)
{
	overlay_text_destroy(text);
}

/* Draws it, and there is something to see. */
static SDL_Surface *line(const char *utf8, int px, int max_width)
{
	SDL_Surface *surface = overlay_text_line(text, utf8, px, white, max_width);
	bool drawn = false;

	ck_assert_msg(surface != NULL, "'%s' at %d px", utf8, px);
	ck_assert_int_le(surface->w, max_width);
	for (int y = 0; y < surface->h && !drawn; y++) {
		for (int x = 0; x < surface->w && !drawn; x++) {
			drawn = surface_at(surface, x, y) >> 24 > 128;
		}
	}
	ck_assert_msg(drawn, "'%s' is blank", utf8);
	return surface;
}

static bool alike(const char *one, const char *other)
{
	SDL_Surface *first = line(one, 40, 4000), *second = line(other, 40, 4000);
	bool equal = surfaces_equal(first, second);

	SDL_FreeSurface(first);
	SDL_FreeSurface(second);
	return equal;
}

START_TEST(scripts_are_told_apart)
{
	ck_assert(!alike("a", "b"));
	ck_assert(!alike("\u0436", "\u0444"));		   /* Cyrillic */
	ck_assert(!alike("\u5c45", "\u9593"));		   /* Han */
	ck_assert(!alike("\u304b", "\u306a"));		   /* Hiragana */
	ck_assert(!alike("\ud55c", "\uae00"));		   /* Hangul */
	ck_assert(!alike("\u062d", "\u0633"));		   /* Arabic */
	ck_assert(!alike("\u041e\u65e5", "\u041e\u672c")); /* mixed */
	SDL_FreeSurface(line("\U0001F3AE Games \U0001F44D", 40, 4000));
}
END_TEST

START_TEST(what_no_font_has_is_a_box)
{
	SDL_FreeSurface(line("\ue123\U0010F000", 40, 4000));
	SDL_FreeSurface(line("PC \ue123", 12, 4000));
}
END_TEST

START_TEST(unfit_characters_are_question_marks)
{
	ck_assert(alike("a\nb\u202e\x80", "a?b??"));
	ck_assert(alike("\xff\xfe\xc3", "???"));
}
END_TEST

START_TEST(long_lines_end_with_an_ellipsis)
{
	size_t length = 1 << 20;
	char *endless = malloc(length + 1);
	SDL_Surface *surface;

	memset(endless, 'W', length);
	endless[length] = '\0';
	surface = line(endless, 30, 300);
	ck_assert_int_gt(surface->w, 250);
	SDL_FreeSurface(surface);
	for (size_t i = 0; i + 3 <= length; i += 3) {
		memcpy(endless + i, "\u5c45", 3);
	}
	surface = line(endless, 30, 300);
	ck_assert_int_gt(surface->w, 250);
	SDL_FreeSurface(surface);
	memset(endless, '\xe5', length);
	SDL_FreeSurface(line(endless, 30, 300));
	free(endless);
	ck_assert_int_gt(overlay_text_width(text, "Living room PC", 30), 200);
	surface = line("Living room PC", 30, overlay_text_width(text, "Living room PC", 30));
	SDL_FreeSurface(surface);
}
END_TEST

START_TEST(nothing_is_drawn_where_nothing_can_be)
{
	ck_assert_ptr_null(overlay_text_line(text, "", 30, white, 300));
	ck_assert_ptr_null(overlay_text_line(text, "PC", 0, white, 300));
	ck_assert_ptr_null(overlay_text_line(text, "PC", -4, white, 300));
	ck_assert_ptr_null(overlay_text_line(text, "PC", 30, white, 0));
	ck_assert_ptr_null(overlay_text_line(text, "PC", 30, white, -9));
	ck_assert_int_eq(overlay_text_width(text, "", 30), 0);
	SDL_FreeSurface(overlay_text_line(text, "\u5c45\u9593", 30, white, 1));
}
END_TEST

START_TEST(digits_are_as_high_and_wide_as_promised)
{
	for (char digit = '0'; digit <= '9'; digit++) {
		const char code[] = { digit, '\0' };
		SDL_Surface *surface = line(code, 1000, 4000);
		int top = surface->h, bottom = 0;

		for (int y = 0; y < surface->h; y++) {
			for (int x = 0; x < surface->w; x++) {
				if (surface_at(surface, x, y) >> 24 > 128) {
					top = y < top ? y : top;
					bottom = y;
				}
			}
		}
		ck_assert_double_ge((bottom - top + 1) / 1000.0, OVERLAY_TEXT_DIGIT_SHARE - 0.01);
		ck_assert_double_le(overlay_text_width(text, code, 1000) / 1000.0,
			OVERLAY_TEXT_DIGIT_ADVANCE + 0.01);
		SDL_FreeSurface(surface);
	}
}
END_TEST

/* A copy of this program has no library beside it. */
START_TEST(all_that_holds_without_pango)
{
	char folder[] = "/tmp/overlay_text.XXXXXX", *program;
	char self[4096] = { 0 };
	int status;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	ck_assert_int_gt(asprintf(&program, "%s/test_overlay_text", folder), 0);
	if (fork() == 0) {
		execlp("cp", "cp", self, program, (char *)NULL);
		_exit(1);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	if (fork() == 0) {
		setenv(WITHOUT_PANGO, "1", true);
		execl(program, program, "test_overlay_text", (char *)NULL);
		_exit(1);
	}
	ck_assert_int_gt(wait(&status), 0);
	unlink(program);
	rmdir(folder);
	free(program);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(pango_is_there_or_not_as_planned)
{
	char *path = path_beside_program(PANGO_LINE_LIBRARY);

	ck_assert_int_eq(access(path, F_OK), _i);
	free(path);
}
END_TEST

int main(void)
{
	bool without = getenv(WITHOUT_PANGO) != NULL;
	Suite *suite = suite_create(without ? "overlay_text, without Pango" : "overlay_text");
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 100);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, scripts_are_told_apart);
	tcase_add_test(tests, what_no_font_has_is_a_box);
	tcase_add_test(tests, unfit_characters_are_question_marks);
	tcase_add_test(tests, long_lines_end_with_an_ellipsis);
	tcase_add_test(tests, nothing_is_drawn_where_nothing_can_be);
	tcase_add_test(tests, digits_are_as_high_and_wide_as_promised);
	tcase_add_loop_test(
		tests, pango_is_there_or_not_as_planned, without ? -1 : 0, without ? 0 : 1);
	if (!without) {
		tcase_add_test(tests, all_that_holds_without_pango);
	}
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
