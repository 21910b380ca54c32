#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * What capydeck-pango.so exports: one line of text in any script, shaped and drawn by Pango. A
 * library of its own, because Pango may be missing where the overlay runs.
 */
struct pango_line {
	int width, height; /* pixels */
	uint32_t *pixels;  /* ARGB with straight alpha, width a row; free() */
};

#define PANGO_LINE_LIBRARY "capydeck-pango.so"
#define PANGO_LINE_SYMBOL "pango_line_draw"

/* rgb: 0xRRGGBB. The line ends with an ellipsis where it would be wider than max_width. */
typedef bool pango_line_function(
	struct pango_line *line, const char *utf8, int px, uint32_t rgb, int max_width);
pango_line_function pango_line_draw;
