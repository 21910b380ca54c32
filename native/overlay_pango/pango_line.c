#include "overlay_pango/pango_line.h"

#include <pango/pangocairo.h>
#include <stdlib.h>

static PangoLayout *make_layout(cairo_t *cairo, const char *utf8, int px, int max_width)
{
	PangoLayout *layout = pango_cairo_create_layout(cairo);
	PangoFontDescription *font = pango_font_description_from_string("Noto Sans, Sans Bold");

	pango_font_description_set_absolute_size(font, px * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_single_paragraph_mode(layout, TRUE);
	/* The sentence's direction; a name in another direction must not reverse it. */
	pango_context_set_base_dir(pango_layout_get_context(layout), PANGO_DIRECTION_LTR);
	pango_layout_set_auto_dir(layout, FALSE);
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	pango_layout_set_width(layout, max_width * PANGO_SCALE);
	pango_layout_set_text(layout, utf8, -1);
	return layout;
}

static uint32_t straight(uint32_t pixel)
{
	uint32_t alpha = pixel >> 24;

	if (alpha == 0 || alpha == 255) {
		return pixel;
	}
	return alpha << 24 | ((pixel >> 16 & 255) * 255 / alpha) << 16 |
	       ((pixel >> 8 & 255) * 255 / alpha) << 8 | (pixel & 255) * 255 / alpha;
}

static void copy_pixels(struct pango_line *line, cairo_surface_t *surface)
{
	const unsigned char *data = cairo_image_surface_get_data(surface);
	int stride = cairo_image_surface_get_stride(surface);

	for (int y = 0; y < line->height; y++) {
		const uint32_t *row = (const uint32_t *)(const void *)(data + (size_t)y * stride);

		for (int x = 0; x < line->width; x++) {
			line->pixels[(size_t)y * line->width + x] = straight(row[x]);
		}
	}
}

bool pango_line_draw(struct pango_line *line, const char *utf8, int px, uint32_t rgb, int max_width)
{
	cairo_surface_t *probe = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 1, 1), *surface;
	cairo_t *cairo = cairo_create(probe);
	PangoLayout *layout = make_layout(cairo, utf8, px, max_width);
	PangoRectangle logical;
	bool drawn;

	pango_layout_get_pixel_extents(layout, NULL, &logical);
	g_object_unref(layout);
	cairo_destroy(cairo);
	cairo_surface_destroy(probe);
	*line = (struct pango_line){ .width = logical.width, .height = logical.height };
	surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, line->width, line->height);
	cairo = cairo_create(surface);
	/* The surface is as wide as the text, not as the layout, whose width is the limit. */
	layout = make_layout(cairo, utf8, px, max_width);
	cairo_set_source_rgb(
		cairo, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
	cairo_move_to(cairo, -logical.x, -logical.y);
	pango_cairo_show_layout(cairo, layout);
	cairo_surface_flush(surface);
	drawn = cairo_status(cairo) == CAIRO_STATUS_SUCCESS && line->width > 0;
	if (drawn) {
		line->pixels = malloc((size_t)line->width * line->height * sizeof(uint32_t));
		drawn = line->pixels != NULL;
	}
	if (drawn) {
		copy_pixels(line, surface);
	}
	g_object_unref(layout);
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
	return drawn;
}
