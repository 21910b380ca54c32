#include "overlay/overlay_text.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "overlay_pango/pango_line.h"

#include <SDL_ttf.h>
#include <dlfcn.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "…"
#define LINE_MAX_BYTES 1024 /* more would not fit any screen */
#define WIDTH_MAX 16384

/* fonts/NotoSans-Bold.ttf, embedded in the program, so that a font is always available. */
extern const unsigned char overlay_text_font[], overlay_text_font_end[];
__asm__(".section .rodata\n"
	".global overlay_text_font\n"
	".type overlay_text_font, @object\n"
	"overlay_text_font:\n"
	".incbin \"native/overlay/fonts/NotoSans-Bold.ttf\"\n"
	".global overlay_text_font_end\n"
	"overlay_text_font_end:\n"
	".byte 0\n"
	".previous\n");

/* Fonts of other scripts where distributions install them, in the order they are tried. */
static const char *const font_patterns[] = {
	"/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
	"/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
	"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/noto/NotoSansArabic-Bold.ttf",
	"/usr/share/fonts/truetype/noto/NotoSansArabic-Bold.ttf",
	"/usr/share/fonts/noto/NotoSans*-Bold.ttf",
	"/usr/share/fonts/truetype/noto/NotoSans*-Bold.ttf",
	"/usr/share/fonts/TTF/DejaVuSans-Bold.ttf",
	"/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
	"/usr/share/fonts/noto/NotoEmoji-*.ttf",
	"/usr/share/fonts/truetype/noto/NotoEmoji-*.ttf",
};

struct overlay_text {
	void *pango_library;
	pango_line_function *pango; /* NULL: missing, or not looked for yet */
	bool pango_sought;
};

struct overlay_text *overlay_text_create(struct error *err)
{
	if (TTF_Init() != 0) {
		error_set(err, ERROR_IO, "cannot start SDL_ttf: %s", TTF_GetError());
		return NULL;
	}
	return xcalloc(1, sizeof(struct overlay_text));
}

void overlay_text_destroy(struct overlay_text *text)
{
	/* Pango's library stays loaded: what it registered with GLib cannot be undone. */
	free(text);
	if (TTF_WasInit()) {
		TTF_Quit();
	}
}

static TTF_Font *open_own(int px)
{
	size_t length = (size_t)(overlay_text_font_end - overlay_text_font);

	return TTF_OpenFontRW(SDL_RWFromConstMem(overlay_text_font, (int)length), 1, px);
}

static bool covers(TTF_Font *font, const char *utf8)
{
	size_t length = strlen(utf8);
	uint32_t code;

	for (size_t at = 0, step; at < length; at += step) {
		step = utf8_decode(utf8 + at, length - at, &code);
		if (step == 0 || TTF_GlyphIsProvided32(font, code) == 0) {
			return false;
		}
	}
	return true;
}

/* The first of the system's fonts that has every character; NULL: none. */
static TTF_Font *open_covering(const char *utf8, int px)
{
	for (size_t i = 0; i < sizeof(font_patterns) / sizeof(font_patterns[0]); i++) {
		glob_t found;
		TTF_Font *font = NULL;

		if (glob(font_patterns[i], 0, NULL, &found) != 0) {
			continue;
		}
		for (size_t j = 0; j < found.gl_pathc && font == NULL; j++) {
			font = TTF_OpenFont(found.gl_pathv[j], px);
			if (font != NULL && !covers(font, utf8)) {
				TTF_CloseFont(font);
				font = NULL;
			}
		}
		globfree(&found);
		if (font != NULL) {
			return font;
		}
	}
	return NULL;
}

/* The text, shortened character by character until it and an ellipsis fit. */
static char *fitting(TTF_Font *font, const char *utf8, int max_width)
{
	size_t length = strlen(utf8);
	int width = 0;

	TTF_SizeUTF8(font, utf8, &width, NULL);
	if (width <= max_width) {
		return xstrdup(utf8);
	}
	while (length > 0) {
		AUTO(free_ptr) char *candidate = NULL;

		length = utf8_cut(utf8, length, length - 1);
		candidate = xasprintf("%.*s" ELLIPSIS, (int)length, utf8);
		TTF_SizeUTF8(font, candidate, &width, NULL);
		if (width <= max_width) {
			return TAKE_PTR(candidate);
		}
	}
	return xstrdup("");
}

static SDL_Surface *draw_with(TTF_Font *font, const char *utf8, SDL_Color color, int max_width)
{
	AUTO(free_ptr) char *line = fitting(font, utf8, max_width);
	SDL_Surface *drawn = *line != '\0' ? TTF_RenderUTF8_Blended(font, line, color) : NULL;
	SDL_Surface *surface = NULL;

	if (drawn != NULL) {
		surface = SDL_ConvertSurfaceFormat(drawn, SDL_PIXELFORMAT_ARGB8888, 0);
		SDL_FreeSurface(drawn);
	}
	return surface;
}

/* --- Pango --- */

static void seek_pango(struct overlay_text *text)
{
	AUTO(free_ptr) char *path = path_beside_program(PANGO_LINE_LIBRARY);

	text->pango_sought = true;
	text->pango_library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (text->pango_library != NULL) {
		text->pango = (pango_line_function *)dlsym(text->pango_library, PANGO_LINE_SYMBOL);
	}
}

static SDL_Surface *draw_with_pango(
	struct overlay_text *text, const char *utf8, int px, SDL_Color color, int max_width)
{
	struct pango_line line = { 0 };
	SDL_Surface *surface;

	if (!text->pango_sought) {
		seek_pango(text);
	}
	if (text->pango == NULL ||
		!text->pango(&line, utf8, px,
			(uint32_t)color.r << 16 | (uint32_t)color.g << 8 | color.b, max_width)) {
		return NULL;
	}
	surface = SDL_CreateRGBSurfaceWithFormat(
		0, line.width, line.height, 32, SDL_PIXELFORMAT_ARGB8888);
	for (int y = 0; surface != NULL && y < line.height; y++) {
		memcpy((char *)surface->pixels + y * surface->pitch,
			line.pixels + (size_t)y * line.width, (size_t)line.width * 4);
	}
	free(line.pixels);
	return surface;
}

static SDL_Surface *draw_printable(
	struct overlay_text *text, const char *utf8, int px, SDL_Color color, int max_width)
{
	TTF_Font *own = open_own(px), *font = NULL;
	SDL_Surface *surface = NULL;

	if (own == NULL) {
		return NULL;
	}
	if (!covers(own, utf8)) {
		surface = draw_with_pango(text, utf8, px, color, max_width);
		font = surface == NULL ? open_covering(utf8, px) : NULL;
	}
	if (surface == NULL) {
		surface = draw_with(font != NULL ? font : own, utf8, color, max_width);
	}
	if (font != NULL) {
		TTF_CloseFont(font);
	}
	TTF_CloseFont(own);
	return surface;
}

SDL_Surface *overlay_text_line(
	struct overlay_text *text, const char *utf8, int px, SDL_Color color, int max_width)
{
	AUTO(free_ptr) char *printable = NULL;

	if (px <= 0 || max_width <= 0) {
		return NULL;
	}
	printable = xasprintf("%.*s", (int)utf8_cut(utf8, strlen(utf8), LINE_MAX_BYTES), utf8);
	utf8_make_printable(printable);
	return draw_printable(text, printable, px, color, max_width);
}

int overlay_text_width(struct overlay_text *text, const char *utf8, int px)
{
	SDL_Surface *line = overlay_text_line(text, utf8, px, (SDL_Color){ 0 }, WIDTH_MAX);
	int width = line != NULL ? line->w : 0;

	SDL_FreeSurface(line);
	return width;
}

/*
 * For instrumented builds: what the libraries below SDL and Pango keep until the process ends
 * (fontconfig's patterns, GLib's types, X's and Mesa's tables) is not our leak.
 */
#ifdef __SANITIZE_ADDRESS__
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig.so\n"
	       "leak:libpango\n"
	       "leak:libglib-2.0.so\n"
	       "leak:libgobject-2.0.so\n"
	       "leak:libcairo.so\n"
	       "leak:libX11.so\n"
	       "leak:libwayland-client.so\n"
	       "leak:libdbus-1.so\n"
	       "leak:libdecor\n"
	       "leak:_dri.so\n"
	       "leak:libEGL\n"
	       "leak:libGL\n";
}
#endif
