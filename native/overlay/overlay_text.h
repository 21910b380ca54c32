#pragma once

#include <SDL.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct overlay_text;

/*
 * Lines of text as surfaces. Latin, Greek and Cyrillic use the font embedded in the program, which
 * is always available; every other script uses Pango if the system has it (capydeck-pango.so beside
 * the program is then loaded), else the first of the system's fonts that has the characters.
 * Characters in no font show as a box.
 */
struct overlay_text *overlay_text_create(struct error *err); /* NULL: IO */
void overlay_text_destroy(struct overlay_text *text);	     /* NULL is fine */

/*
 * One line, as ARGB8888 with straight alpha, no wider than max_width (an ellipsis ends it then).
 * Control characters, those that reorder the text around them and invalid bytes show as '?'.
 * px: the font's size, as in CSS. Caller frees with SDL_FreeSurface(); NULL for "", if nothing
 * fits, or on failure.
 */
SDL_Surface *overlay_text_line(
	struct overlay_text *text, const char *utf8, int px, SDL_Color color, int max_width);
/* The width of such a line without a limit. */
int overlay_text_width(struct overlay_text *text, const char *utf8, int px);
/* The digits' height as a share of the font's size, so that a wanted height gives the size. */
#define OVERLAY_TEXT_DIGIT_SHARE 0.714
/* A digit's width as a share of the font's size; all digits have the same. */
#define OVERLAY_TEXT_DIGIT_ADVANCE 0.572
