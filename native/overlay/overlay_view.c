#include "overlay/overlay_view.h"

#include "core/cleanup.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "overlay/overlay_strings.h"
#include "overlay/overlay_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 6
#define GROUP_GAP 0.35 /* between the groups of digits, of the font's size */
#define ROW_GAP 1.25   /* from row to row of digits, of their height */
#define DIGIT_UNITS 13.5
#define LARGE_DIGITS (16.5 / DIGIT_UNITS)
#define BAR_STEPS_REDUCED 10
#define NAME_CHARACTERS_MAX 32
#define LINE_HEIGHT 1.36 /* of the font's size */
#define SMALL 0.85	 /* the last line */
#define SHRUNK_MIN 0.75	 /* a line that is too long is shrunk, down to this */

static const SDL_Color white = { 0xFF, 0xFF, 0xFF, 0xFF };
static const SDL_Color grey = { 0xC9, 0xD1, 0xDB, 0xFF };
static const SDL_Color orange = { 0xFF, 0xB4, 0x54, 0xFF };
static const SDL_Color track = { 0x3A, 0x42, 0x4E, 0xFF };
static const SDL_Color card_color = { 0x0B, 0x0F, 0x16, 0xF4 };

/*
 * All measures follow from one unit: a hundredth of the screen's height, or, on a screen too narrow
 * for that, what makes the card fit its width.
 */
struct layout {
	double unit;
	double digit_height;
	int rows; /* of digit groups: one, or two on an upright screen */
	double title_px;
	double text_px;
	double padding;
};

static struct layout make_layout(int width, int height, bool large_text)
{
	double unit = fmin(height / 100.0, width / 130.0);
	double scale = large_text ? LARGE_DIGITS : 1;
	struct layout layout = {
		.unit = unit,
		.digit_height = scale * unit * DIGIT_UNITS,
		.rows = 1,
		.title_px = unit * (large_text ? 6.0 : 4.8),
		.text_px = unit * (large_text ? 4.2 : 3.2),
		.padding = unit * 5,
	};

	/* Digits are at least an eighth of the screen's height. */
	if (unit * DIGIT_UNITS < height / 8.0) {
		layout.rows = 2;
		layout.digit_height = fmin(scale * height * 0.13, width * 0.36);
	}
	return layout;
}

static double digits_width(const struct layout *layout)
{
	double size = layout->digit_height / OVERLAY_TEXT_DIGIT_SHARE;
	double gap = layout->rows == 1 ? GROUP_GAP : 0;

	return size * (OVERLAY_TEXT_DIGIT_ADVANCE * DIGITS / layout->rows + gap);
}

static double digits_height(const struct layout *layout)
{
	return layout->digit_height * (1 + (layout->rows - 1) * ROW_GAP);
}

SDL_Rect overlay_view_card(int screen_width, int screen_height, bool large_text)
{
	struct layout layout = make_layout(screen_width, screen_height, large_text);
	double least = layout.unit * (large_text ? 120 : 100);
	double width = fmax(digits_width(&layout) + 2 * layout.padding, least);
	double height = layout.unit * (4 + 4.5 + 5 + 1.1 + 3.2 + 4) + digits_height(&layout) +
			LINE_HEIGHT * (layout.title_px + layout.text_px * (1 + SMALL));

	return (SDL_Rect){
		.x = (int)((screen_width - width) / 2),
		.y = (int)((screen_height - height) / 3),
		.w = (int)width,
		.h = (int)height,
	};
}

/* How much of the pixel at (x, y) lies inside a rectangle with round corners, 0 to 1. */
static double coverage(double x, double y, double width, double height, double radius)
{
	double dx = fmax(fmax(radius - x, x - (width - radius)), 0);
	double dy = fmax(fmax(radius - y, y - (height - radius)), 0);

	return fmin(fmax(radius - hypot(dx, dy) + 0.5, 0), 1);
}

/* Blends color over the pixel, both premultiplied; share: how much of the pixel it covers. */
static Uint32 blend(Uint32 below, SDL_Color color, double share)
{
	double alpha = color.a / 255.0 * share, rest = 1 - alpha;
	Uint32 pixel = (Uint32)(alpha * 255 + (below >> 24) * rest + 0.5) << 24;

	pixel |= (Uint32)(color.r * alpha + (below >> 16 & 255) * rest + 0.5) << 16;
	pixel |= (Uint32)(color.g * alpha + (below >> 8 & 255) * rest + 0.5) << 8;
	return pixel | (Uint32)(color.b * alpha + (below & 255) * rest + 0.5);
}

/* The same color over many pixels, most of which are equal. */
static void fill_span(Uint32 *pixels, int count, SDL_Color color)
{
	Uint32 below = 0, result = blend(0, color, 1);

	for (int i = 0; i < count; i++) {
		if (pixels[i] != below) {
			below = pixels[i];
			result = blend(below, color, 1);
		}
		pixels[i] = result;
	}
}

static void fill_round(SDL_Surface *out, SDL_Rect rect, double radius, SDL_Color color)
{
	int edge = (int)ceil(radius);

	for (int y = 0; y < rect.h; y++) {
		Uint32 *row = (Uint32 *)((char *)out->pixels + (rect.y + y) * out->pitch) + rect.x;
		bool round = y < edge || y >= rect.h - edge;
		int side = round ? edge : 0;

		for (int x = 0; x < side; x++) {
			double share = coverage(x + 0.5, y + 0.5, rect.w, rect.h, radius);
			Uint32 *mirrored = &row[rect.w - 1 - x];

			row[x] = blend(row[x], color, share);
			*mirrored = blend(*mirrored, color, share);
		}
		fill_span(row + side, rect.w - 2 * side, color);
	}
}

/* One line at x: anchor 0 is its left end, 0.5 its middle, 1 its right end. */
struct line {
	const char *text;
	double px;
	SDL_Color color;
	double anchor;
	double x, y;
	int max_width;
};

static void draw_line(SDL_Surface *out, struct overlay_text *text, const struct line *line)
{
	int px = (int)(line->px + 0.5), width = overlay_text_width(text, line->text, px);
	double shrunk = width > line->max_width ? (double)line->max_width / width : 1;
	double fitting = line->px * fmax(shrunk, SHRUNK_MIN);
	SDL_Surface *surface = overlay_text_line(
		text, line->text, shrunk < 1 ? (int)fitting : px, line->color, line->max_width);
	/* The line box keeps its height. */
	double y = line->y + (line->px - fitting) * LINE_HEIGHT / 2;

	if (surface == NULL) {
		return;
	}
	SDL_SetSurfaceBlendMode(surface, SDL_BLENDMODE_BLEND);
	SDL_BlitSurface(surface, NULL, out,
		&(SDL_Rect){ (int)(line->x - line->anchor * surface->w), (int)y, surface->w,
			surface->h });
	SDL_FreeSurface(surface);
}

/* Every digit in its own cell, in two groups: the code never jitters when it changes. */
static void draw_code(SDL_Surface *out, const struct overlay_model *model,
	struct overlay_text *text, const struct layout *layout, double middle, double y)
{
	double size = layout->digit_height / OVERLAY_TEXT_DIGIT_SHARE;
	double cell = size * OVERLAY_TEXT_DIGIT_ADVANCE;
	double left = middle - digits_width(layout) / 2 + cell / 2, x = left;

	for (int i = 0; i < DIGITS && model->code[i] != '\0'; i++) {
		const char digit[2] = { model->code[i], '\0' };
		SDL_Surface *surface =
			overlay_text_line(text, digit, (int)(size + 0.5), white, INT16_MAX);

		if (i == DIGITS / 2) {
			x = layout->rows == 1 ? x + size * GROUP_GAP : left;
			y += layout->rows == 1 ? 0 : layout->digit_height * ROW_GAP;
		}
		if (surface != NULL) {
			/* The line box is centred on the digit's own height. */
			SDL_Rect at = { (int)(x - surface->w / 2.0),
				(int)(y + layout->digit_height / 2 - surface->h * 0.52), surface->w,
				surface->h };

			SDL_SetSurfaceBlendMode(surface, SDL_BLENDMODE_BLEND);
			SDL_BlitSurface(surface, NULL, out, &at);
			SDL_FreeSurface(surface);
		}
		x += cell;
	}
}

static void draw_bar(SDL_Surface *out, const struct overlay_model *model, SDL_Rect rect)
{
	double share =
		model->seconds_total > 0 ? (double)model->seconds_left / model->seconds_total : 0;

	share = fmin(fmax(share, 0), 1);
	if (model->reduced_motion) {
		share = ceil(share * BAR_STEPS_REDUCED) / BAR_STEPS_REDUCED;
	}
	fill_round(out, rect, rect.h / 2.0, track);
	rect.w = (int)(rect.w * share);
	if (rect.w >= rect.h) {
		fill_round(out, rect, rect.h / 2.0, orange);
	}
}

/* The first characters of the name. */
static char *cut_name(const char *name, int characters)
{
	size_t length = strlen(name), end = 0;

	for (int i = 0; i < characters && end < length; i++) {
		end += utf8_decode(name + end, length - end, NULL);
	}
	return end < length ? xasprintf("%.*s…", (int)end, name) : xstrdup(name);
}

static char *sentence(const char *form, const char *name)
{
	const char *place = strstr(form, "%s");

	return xasprintf("%.*s%s%s", (int)(place - form), form, name, place + 2);
}

/* The question, with as much of the name as fits. */
static char *title_of(
	const struct overlay_model *model, struct overlay_text *text, int px, int max_width)
{
	AUTO(free_ptr) char *name = xstrdup(model->hub_name);
	int characters = NAME_CHARACTERS_MAX;

	utf8_make_printable(name);
	for (;;) {
		AUTO(free_ptr) char *shown = cut_name(name, characters);
		AUTO(free_ptr) char *title = sentence(model->strings->pair_with, shown);
		int width = overlay_text_width(text, title, px);

		if (width <= max_width || characters == 1) {
			return TAKE_PTR(title);
		}
		/* Starts near the length that fits, since measuring is slow. */
		characters = (int)fmax(
			1, fmin(characters - 1.0, (double)characters * max_width / width + 1));
	}
}

static char *seconds_of(const struct overlay_model *model, int count)
{
	const char *form = model->strings->seconds_left;
	const char *place = strstr(form, "%d");

	return xasprintf("%.*s%d%s", (int)(place - form), form, count, place + 2);
}

static SDL_Color background_of(const struct overlay_model *model)
{
	SDL_Color background = card_color;

	background.a = model->opaque ? 0xFF : background.a;
	return background;
}

/* The bar's row on the card: what is below it has a fixed height. */
static SDL_Rect countdown_row(const struct layout *layout, SDL_Rect card)
{
	double below = layout->unit * (3.2 + 4) + LINE_HEIGHT * layout->text_px * SMALL;
	double height = layout->text_px * LINE_HEIGHT;

	return (SDL_Rect){
		.x = card.x + (int)layout->padding,
		.y = (int)(card.y + card.h - below - (layout->unit * 1.1 + height) / 2),
		.w = card.w - 2 * (int)layout->padding,
		.h = (int)height,
	};
}

SDL_Rect overlay_view_draw_countdown(SDL_Surface *out, SDL_Rect card, int screen_width,
	int screen_height, const struct overlay_model *model, struct overlay_text *text)
{
	struct layout layout = make_layout(screen_width, screen_height, model->large_text);
	SDL_Rect row = countdown_row(&layout, card);
	AUTO(free_ptr) char *seconds = seconds_of(model, model->seconds_left);
	AUTO(free_ptr) char *widest = seconds_of(model, model->seconds_total);
	int bar_height = (int)(layout.unit * 1.1), gap = (int)(layout.text_px * 0.8);
	int seconds_width = overlay_text_width(text, widest, (int)(layout.text_px + 0.5)) + gap / 4;

	SDL_FillRect(out, &row, blend(0, background_of(model), 1));
	draw_bar(out, model,
		(SDL_Rect){ row.x, row.y + (row.h - bar_height) / 2, row.w - seconds_width - gap,
			bar_height });
	draw_line(out, text,
		&(struct line){
			seconds, layout.text_px, orange, 1, row.x + row.w, row.y, seconds_width });
	return row;
}

void overlay_view_draw(SDL_Surface *out, SDL_Rect card, int screen_width, int screen_height,
	const struct overlay_model *model, struct overlay_text *text)
{
	struct layout layout = make_layout(screen_width, screen_height, model->large_text);
	int inner = card.w - (int)(2 * layout.padding);
	AUTO(free_ptr) char *title = title_of(model, text, (int)(layout.title_px + 0.5), inner);
	const char *dismiss =
		model->game_mode ? model->strings->dismiss_game : model->strings->dismiss_desktop;
	double middle = card.x + card.w / 2.0, small_px = layout.text_px * SMALL;
	double y = card.y + layout.unit * 4;

	SDL_FillRect(out, NULL, 0);
	fill_round(out, card, model->opaque ? 0 : layout.unit * 3, background_of(model));
	draw_line(
		out, text, &(struct line){ title, layout.title_px, white, 0.5, middle, y, inner });
	y += layout.title_px * LINE_HEIGHT;
	draw_line(out, text,
		&(struct line){
			model->strings->type_code, layout.text_px, grey, 0.5, middle, y, inner });
	y += layout.text_px * LINE_HEIGHT + layout.unit * 4.5;
	draw_code(out, model, text, &layout, middle, y);
	overlay_view_draw_countdown(out, card, screen_width, screen_height, model, text);
	y = card.y + card.h - layout.unit * 4 - small_px * LINE_HEIGHT;
	draw_line(out, text, &(struct line){ dismiss, small_px, grey, 0.5, middle, y, inner });
}
