#pragma once

#include <SDL.h>
#include <stdbool.h>

struct overlay_strings;
struct overlay_text;

/*
 * The card with the pairing code: a pure function of its content and the screen's size, drawn into
 * a surface with premultiplied alpha.
 */
struct overlay_model {
	const char *code;     /* six digits */
	const char *hub_name; /* any script */
	int seconds_left;
	int seconds_total;
	const struct overlay_strings *strings;
	bool game_mode; /* shows how to dismiss it in Game Mode */
	bool large_text;
	bool reduced_motion; /* the bar moves in ten steps only */
	bool opaque;	     /* no compositor blends windows here */
};

/* The card's place on a screen of that size: centred, in the upper half. */
SDL_Rect overlay_view_card(int screen_width, int screen_height, bool large_text);
/*
 * Draws the card for a screen of that size at card, which may differ from overlay_view_card() only
 * in its position, into out (ARGB8888), which is cleared.
 */
void overlay_view_draw(SDL_Surface *out, SDL_Rect card, int screen_width, int screen_height,
	const struct overlay_model *model, struct overlay_text *text);
/* Draws only what changes each second; returns its area. */
SDL_Rect overlay_view_draw_countdown(SDL_Surface *out, SDL_Rect card, int screen_width,
	int screen_height, const struct overlay_model *model, struct overlay_text *text);
