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
#define BAR_STEPS_REDUCED 10
#define NAME_CHARACTERS 20
#define LINE_HEIGHT 1.36 /* of the font's size */
#define SMALL 0.85	 /* what is said last */

static const SDL_Color white = { 0xFF, 0xFF, 0xFF, 0xFF };
static const SDL_Color grey = { 0xC9, 0xD1, 0xDB, 0xFF };
static const SDL_Color orange = { 0xFF, 0xB4, 0x54, 0xFF };
static const SDL_Color track = { 0x3A, 0x42, 0x4E, 0xFF };
static const SDL_Color card_color = { 0x0B, 0x0F, 0x16, 0xF4 };

/*
 * All measures follow from one unit, a hundredth of the screen's height (of a narrow screen: what
 * lets the card fit its width).
 */
struct layout {
	double unit;
	double digit_height;
	double title_px;
	double text_px;
	double padding;
};

static struct layout make_layout(int width, int height, bool large_text)
{
	double unit = fmin(height / 100.0, width / 130.0);

	return (struct layout){
		.unit = unit,
		.digit_height = unit * (large_text ? 16.5 : 13.5),
		.title_px = unit * (large_text ? 6.0 : 4.8),
		.text_px = unit * (large_text ? 4.2 : 3.2),
		.padding = unit * 5,
	};
}

static double digits_width(const struct layout *layout)
{
	double size = layout->digit_height / OVERLAY_TEXT_DIGIT_SHARE;

	/* Six digits, and the gap between the groups. */
	return size * (OVERLAY_TEXT_DIGIT_ADVANCE * DIGITS + 0.35);
}

SDL_Rect overlay_view_card(int screen_width, int screen_height, bool large_text)
{
	struct layout layout = make_layout(screen_width, screen_height, large_text);
	double width = fmax(digits_width(&layout) + 2 * layout.padding, layout.unit * 100);
	double height = layout.unit * (4 + 4.5 + 5 + 1.1 + 3.2 + 4) + layout.digit_height +
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

/* color over what is there, both premultiplied; share: how much of the pixel it covers. */
static Uint32 blend(Uint32 below, SDL_Color color, double share)
{
	double alpha = color.a / 255.0 * share, rest = 1 - alpha;
	Uint32 pixel = (Uint32)(alpha * 255 + (below >> 24) * rest + 0.5) << 24;

	pixel |= (Uint32)(color.r * alpha + (below >> 16 & 255) * rest + 0.5) << 16;
	pixel |= (Uint32)(color.g * alpha + (below >> 8 & 255) * rest + 0.5) << 8;
	return pixel | (Uint32)(color.b * alpha + (below & 255) * rest + 0.5);
}

static void fill_round(SDL_Surface *out, SDL_Rect rect, double radius, SDL_Color color)
{
	for (int y = 0; y < rect.h; y++) {
		Uint32 *row = (Uint32 *)((char *)out->pixels + (rect.y + y) * out->pitch) + rect.x;

		for (int x = 0; x < rect.w; x++) {
			row[x] = blend(
				row[x], color, coverage(x + 0.5, y + 0.5, rect.w, rect.h, radius));
		}
	}
}

/* Draws one line at x: anchor 0 is its left end, 0.5 its middle, 1 its right end. */
static void draw_line(SDL_Surface *out, struct overlay_text *text, const char *line, double px,
	SDL_Color color, double anchor, double x, double y, int max_width)
{
	SDL_Surface *surface = overlay_text_line(text, line, (int)(px + 0.5), color, max_width);
	SDL_Rect at;

	if (surface == NULL) {
		return;
	}
	at = (SDL_Rect){ (int)(x - anchor * surface->w), (int)y, surface->w, surface->h };
	SDL_SetSurfaceBlendMode(surface, SDL_BLENDMODE_BLEND);
	SDL_BlitSurface(surface, NULL, out, &at);
	SDL_FreeSurface(surface);
}

/* Every digit in its own cell, in two groups: the code never jitters when it changes. */
static void draw_code(SDL_Surface *out, const struct overlay_model *model,
	struct overlay_text *text, const struct layout *layout, double middle, double y)
{
	double size = layout->digit_height / OVERLAY_TEXT_DIGIT_SHARE;
	double cell = size * OVERLAY_TEXT_DIGIT_ADVANCE;
	double x = middle - digits_width(layout) / 2 + cell / 2;

	for (int i = 0; i < DIGITS && model->code[i] != '\0'; i++) {
		const char digit[2] = { model->code[i], '\0' };
		SDL_Surface *surface =
			overlay_text_line(text, digit, (int)(size + 0.5), white, INT16_MAX);
		SDL_Rect at;

		x += i == DIGITS / 2 ? size * 0.35 : 0;
		if (surface != NULL) {
			/* The line box is centred on the digit's own height. */
			at = (SDL_Rect){ (int)(x - surface->w / 2.0),
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

/* The name, made printable, and cut so that the sentence around it is still to be read. */
static char *shown_name(const char *hub_name)
{
	AUTO(free_ptr) char *name = xstrdup(hub_name);
	size_t length = strlen(name), end = 0;

	utf8_make_printable(name);
	for (int i = 0; i < NAME_CHARACTERS && end < length; i++) {
		end += utf8_decode(name + end, length - end, NULL);
	}
	return end < length ? xasprintf("%.*s…", (int)end, name) : TAKE_PTR(name);
}

static char *title_of(const struct overlay_model *model)
{
	AUTO(free_ptr) char *name = shown_name(model->hub_name);
	const char *place = strstr(model->strings->pair_with, "%s");

	return xasprintf("%.*s%s%s", (int)(place - model->strings->pair_with),
		model->strings->pair_with, name, place + 2);
}

static char *seconds_of(const struct overlay_model *model)
{
	const char *form = model->strings->seconds_left;
	const char *place = strstr(form, "%d");

	return xasprintf("%.*s%d%s", (int)(place - form), form, model->seconds_left, place + 2);
}

void overlay_view_draw(SDL_Surface *out, SDL_Rect card, int screen_width, int screen_height,
	const struct overlay_model *model, struct overlay_text *text)
{
	struct layout layout = make_layout(screen_width, screen_height, model->large_text);
	AUTO(free_ptr) char *title = title_of(model);
	AUTO(free_ptr) char *seconds = seconds_of(model);
	SDL_Color background = card_color;
	double middle = card.x + card.w / 2.0, right = card.x + card.w - layout.padding;
	int inner = card.w - (int)(2 * layout.padding);
	double y = card.y + layout.unit * 4;
	SDL_Rect bar;

	background.a = model->opaque ? 0xFF : background.a;
	SDL_FillRect(out, NULL, 0);
	fill_round(out, card, model->opaque ? 0 : layout.unit * 3, background);
	draw_line(out, text, title, layout.title_px, white, 0.5, middle, y, inner);
	y += layout.title_px * LINE_HEIGHT;
	draw_line(
		out, text, model->strings->type_code, layout.text_px, grey, 0.5, middle, y, inner);
	y += layout.text_px * LINE_HEIGHT + layout.unit * 4.5;
	draw_code(out, model, text, &layout, middle, y);
	y += layout.digit_height + layout.unit * 5;
	bar = (SDL_Rect){ card.x + (int)layout.padding, (int)y, inner - (int)(layout.text_px * 5.5),
		(int)(layout.unit * 1.1) };
	draw_bar(out, model, bar);
	draw_line(out, text, seconds, layout.text_px, orange, 1, right,
		y + bar.h / 2.0 - layout.text_px * LINE_HEIGHT / 2, (int)(layout.text_px * 5.2));
	y += layout.unit * (1.1 + 3.2);
	draw_line(out, text,
		model->game_mode ? model->strings->dismiss_game : model->strings->dismiss_desktop,
		layout.text_px * SMALL, grey, 0.5, middle, y, inner);
}
