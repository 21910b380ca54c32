#include "overlay/overlay_view.h"

#include "core/error.h"
#include "overlay/overlay_strings.h"
#include "overlay/overlay_text.h"
#include "overlay_surface.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const SDL_Point sizes[] = {
	{ 1280, 800 },
	{ 1920, 1080 },
	{ 3840, 2160 },
	{ 1280, 1024 },
	{ 800, 1280 },
	{ 640, 480 },
};
#define SIZES (int)(sizeof(sizes) / sizeof(sizes[0]))

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

static struct overlay_model sample(void)
{
	return (struct overlay_model){
		.code = "042137",
		.hub_name = "Living room PC",
		.seconds_left = 48,
		.seconds_total = 60,
		.strings = overlay_strings_for("en"),
		.game_mode = true,
	};
}

static SDL_Surface *draw(SDL_Point size, const struct overlay_model *model)
{
	SDL_Surface *out = surface_create(size.x, size.y);

	overlay_view_draw(out, overlay_view_card(size.x, size.y, model->large_text), size.x, size.y,
		model, text);
	return out;
}

/* Of the card alone, as a desktop's window has it. */
static SDL_Surface *draw_card(SDL_Point size, const struct overlay_model *model)
{
	SDL_Rect card = overlay_view_card(size.x, size.y, model->large_text);
	SDL_Surface *out = surface_create(card.w, card.h);

	overlay_view_draw(out, (SDL_Rect){ 0, 0, card.w, card.h }, size.x, size.y, model, text);
	return out;
}

static bool looks_alike(
	SDL_Point size, const struct overlay_model *one, const struct overlay_model *other)
{
	SDL_Surface *first = draw_card(size, one), *second = draw_card(size, other);
	bool equal = surfaces_equal(first, second);

	SDL_FreeSurface(first);
	SDL_FreeSurface(second);
	return equal;
}

/* The tallest run of rows with pure white in them: how high the digits are. */
static int white_height(const SDL_Surface *out)
{
	int run = 0, tallest = 0;

	for (int y = 0; y < out->h; y++) {
		bool white = false;

		for (int x = 0; x < out->w && !white; x++) {
			white = surface_at(out, x, y) == 0xFFFFFFFF;
		}
		run = white ? run + 1 : 0;
		tallest = run > tallest ? run : tallest;
	}
	return tallest;
}

START_TEST(digits_are_an_eighth_of_the_screen_high)
{
	struct overlay_model model = sample();
	int normal, large;
	SDL_Surface *out = draw(sizes[_i], &model);

	normal = white_height(out);
	ck_assert_int_ge(normal * 8, sizes[_i].y);
	SDL_FreeSurface(out);
	model.large_text = true;
	out = draw(sizes[_i], &model);
	large = white_height(out);
	ck_assert_int_ge(large, normal * 11 / 10);
	SDL_FreeSurface(out);
}
END_TEST

START_TEST(nothing_is_drawn_beside_the_card)
{
	struct overlay_model model = sample();

	model.hub_name = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
	for (int large = 0; large <= 1; large++) {
		SDL_Rect card = overlay_view_card(sizes[_i].x, sizes[_i].y, large);
		SDL_Surface *out;
		int outside = 0;

		model.large_text = large;
		out = draw(sizes[_i], &model);
		ck_assert_int_ge(card.x, 0);
		ck_assert_int_ge(card.y, 0);
		ck_assert_int_le(card.x + card.w, sizes[_i].x);
		ck_assert_int_le(card.y + card.h, sizes[_i].y);
		for (int y = 0; y < out->h; y++) {
			for (int x = 0; x < out->w; x++) {
				SDL_Point point = { x, y };

				outside += !SDL_PointInRect(&point, &card) &&
					   surface_at(out, x, y) != 0;
			}
		}
		ck_assert_int_eq(outside, 0);
		SDL_FreeSurface(out);
	}
}
END_TEST

/* Relative luminance. Source: WCAG 2.1. */
static double luminance(double red, double green, double blue)
{
	double channels[] = { red / 255, green / 255, blue / 255 };

	for (int i = 0; i < 3; i++) {
		channels[i] = channels[i] <= 0.04045 ? channels[i] / 12.92
						     : pow((channels[i] + 0.055) / 1.055, 2.4);
	}
	return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

START_TEST(digits_stand_out_over_any_game)
{
	struct overlay_model model = sample();
	SDL_Rect card = overlay_view_card(1280, 800, false);

	for (int opaque = 0; opaque <= 1; opaque++) {
		SDL_Surface *out;
		Uint32 pixel;
		double white;

		model.opaque = opaque;
		out = draw((SDL_Point){ 1280, 800 }, &model);
		pixel = surface_at(out, card.x + card.w / 2, card.y + 4);
		/* Over black, premultiplied colours are what is seen; over white the rest is added.
		 */
		for (int backdrop = 0; backdrop <= 255; backdrop += 255) {
			double rest = backdrop * (255 - (pixel >> 24)) / 255.0;
			double behind = luminance((pixel >> 16 & 255) + rest,
				(pixel >> 8 & 255) + rest, (pixel & 255) + rest);

			white = luminance(255, 255, 255);
			ck_assert_double_ge((white + 0.05) / (behind + 0.05), 7);
		}
		ck_assert_int_eq(pixel >> 24 == 0xFF, opaque);
		ck_assert_int_eq(surface_at(out, card.x, card.y) == 0, !opaque);
		SDL_FreeSurface(out);
	}
}
END_TEST

/* The same text with another end; caller frees. */
static char *with_other_end(const char *line)
{
	size_t length = strlen(line);
	char *other;

	while (length > 0 && ((unsigned char)line[--length] & 0xC0) == 0x80) {
	}
	ck_assert_int_gt(asprintf(&other, "%.*s%s", (int)length, line, "+"), 0);
	return other;
}

/* A line that ends with an ellipsis looks the same whatever its end is. */
static void check_whole(SDL_Point size, const struct overlay_model *model,
	struct overlay_strings *changed, const char **line)
{
	struct overlay_model other = *model;
	const char *kept = *line;
	char *replaced = with_other_end(kept);

	other.strings = changed;
	*line = replaced;
	ck_assert_msg(!looks_alike(size, model, &other), "does not fit at %dx%d%s: %s", size.x,
		size.y, model->large_text ? ", large" : "", kept);
	*line = kept;
	free(replaced);
}

START_TEST(every_sentence_fits_in_every_language)
{
	static const char *const names[] = {
		"PC",
		"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
		"居間居間居間居間居間居間居間居間居間居間居間居間居間居間居間居間居間居間居間",
	};
	const struct overlay_strings *row = overlay_strings_at((unsigned)_i);
	struct overlay_strings changed = *row;
	struct overlay_model model = sample();

	model.strings = row;
	for (int size = 0; size < SIZES; size += size == 0 ? 3 : 1) { /* others are alike */
		for (int large = 0; large <= 1; large++) {
			model.large_text = large;
			for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
				model.hub_name = names[i];
				check_whole(sizes[size], &model, &changed, &changed.pair_with);
			}
			check_whole(sizes[size], &model, &changed, &changed.type_code);
			check_whole(sizes[size], &model, &changed, &changed.seconds_left);
			model.game_mode = true;
			check_whole(sizes[size], &model, &changed, &changed.dismiss_game);
			model.game_mode = false;
			check_whole(sizes[size], &model, &changed, &changed.dismiss_desktop);
		}
	}
}
END_TEST

START_TEST(names_cannot_turn_or_break_the_sentence)
{
	struct overlay_model hostile = sample(), harmless = sample();

	hostile.hub_name = "a\u202egpj\n\u2066x\x1b[31m\xc2\x85\xff";
	harmless.hub_name = "a?gpj??x?[31m??";
	ck_assert(looks_alike(sizes[0], &hostile, &harmless));
	hostile.hub_name = "";
	harmless.hub_name = "x";
	ck_assert(!looks_alike(sizes[0], &hostile, &harmless));
}
END_TEST

START_TEST(a_second_changes_only_what_it_must)
{
	SDL_Rect card = overlay_view_card(sizes[_i].x, sizes[_i].y, false), row;
	struct overlay_model model = sample();
	SDL_Surface *ticked = draw(sizes[_i], &model), *anew;

	model.seconds_left = 9;
	row = overlay_view_draw_countdown(ticked, card, sizes[_i].x, sizes[_i].y, &model, text);
	anew = draw(sizes[_i], &model);
	ck_assert(surfaces_equal(ticked, anew));
	ck_assert_int_lt(row.w * row.h, card.w * card.h / 8);
	SDL_FreeSurface(ticked);
	SDL_FreeSurface(anew);
}
END_TEST

START_TEST(with_reduced_motion_the_bar_moves_in_steps)
{
	struct overlay_model model = sample();
	struct overlay_strings strings = *model.strings;
	int changes[2] = { 0, 0 };

	strings.seconds_left = " %d";
	model.strings = &strings;
	for (int reduced = 0; reduced <= 1; reduced++) {
		SDL_Rect card = overlay_view_card(640, 480, false);
		int bar_end = card.x + card.w * 4 / 5, bar_y = -1;
		Uint32 last[640] = { 0 };

		model.reduced_motion = reduced;
		for (int left = 60; left >= 0; left--) {
			SDL_Surface *out;

			model.seconds_left = left;
			out = draw((SDL_Point){ 640, 480 }, &model);
			/* The bar is where its left end is orange. */
			for (int y = card.y; bar_y < 0 && y < card.y + card.h; y++) {
				bar_y = surface_at(out, card.x + card.w / 8, y) == 0xFFFFB454 ? y
											      : -1;
			}
			ck_assert_int_ge(bar_y, 0);
			for (int x = 0; x < bar_end; x++) {
				if (surface_at(out, x, bar_y) != last[x]) {
					changes[reduced]++;
					break;
				}
			}
			for (int x = 0; x < 640; x++) {
				last[x] = surface_at(out, x, bar_y);
			}
			SDL_FreeSurface(out);
		}
	}
	ck_assert_int_le(changes[1], 11);
	ck_assert_int_gt(changes[0], 40);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");
	unsigned languages = 0;

	while (overlay_strings_at(languages) != NULL) {
		languages++;
	}
	tcase_set_timeout(tests, 200);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, digits_are_an_eighth_of_the_screen_high, 0, SIZES);
	tcase_add_loop_test(tests, nothing_is_drawn_beside_the_card, 0, SIZES);
	tcase_add_test(tests, digits_stand_out_over_any_game);
	tcase_add_loop_test(tests, every_sentence_fits_in_every_language, 0, (int)languages);
	tcase_add_test(tests, names_cannot_turn_or_break_the_sentence);
	tcase_add_loop_test(tests, a_second_changes_only_what_it_must, 0, SIZES);
	tcase_add_test(tests, with_reduced_motion_the_bar_moves_in_steps);
	return run_tcase(tests);
}
