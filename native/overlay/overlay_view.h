#pragma once

#include <SDL.h>
#include <stdbool.h>

struct overlay_strings;
struct overlay_text;

/*
 * The card with the pairing code: a pure function of what it shows and of the screen's size, drawn
 * into a surface with premultiplied alpha.
 */
struct overlay_model {
	const char *code;     /* six digits */
	const char *hub_name; /* any script */
	int seconds_left;
	int seconds_total;
	const struct overlay_strings *strings;
	bool game_mode; /* says how to dismiss there */
	bool large_text;
	bool reduced_motion; /* the bar moves in ten steps only */
	bool opaque;	     /* nothing blends windows here */
};

/* Where the card lies on a screen of that size: centred, in its upper half. */
SDL_Rect overlay_view_card(int screen_width, int screen_height, bool large_text);
/*
 * Draws the card of a screen of that size at card, whose place alone may differ from
 * overlay_view_card()'s, into out (ARGB8888), which is cleared.
 */
void overlay_view_draw(SDL_Surface *out, SDL_Rect card, int screen_width, int screen_height,
	const struct overlay_model *model, struct overlay_text *text);
/* Draws only what a second changes of it; returns where that is. */
SDL_Rect overlay_view_draw_countdown(SDL_Surface *out, SDL_Rect card, int screen_width,
	int screen_height, const struct overlay_model *model, struct overlay_text *text);
