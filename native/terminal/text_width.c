#include "terminal/text_width.h"

#include "core/utf8.h"

#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#define COLUMNS_DEFAULT 80

struct range {
	uint32_t first;
	uint32_t last;
};

/* Source: Unicode 15, general categories Mn, Me and Cf, the blocks that file names meet. */
static const struct range zero_width[] = {
	{ 0x0300, 0x036f },
	{ 0x0483, 0x0489 },
	{ 0x0591, 0x05bd },
	{ 0x064b, 0x065f },
	{ 0x0e31, 0x0e31 },
	{ 0x0e34, 0x0e3a },
	{ 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x200b, 0x200f },
	{ 0x20d0, 0x20ff },
	{ 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f },
	{ 0xe0100, 0xe01ef },
};

/* Source: Unicode 15, EastAsianWidth.txt, W and F. */
static const struct range double_width[] = {
	{ 0x1100, 0x115f },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0xa4cf },
	{ 0xa960, 0xa97c },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1faff },
	{ 0x20000, 0x3fffd },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_within(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count && ranges[i].first <= code; i++) {
		if (code <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

/* Steps over one character; a byte that is not UTF-8 counts as one column. */
static unsigned step_over(const char **text)
{
	uint32_t code = 0;
	size_t length = utf8_decode(*text, strnlen(*text, 4), &code);

	*text += length > 0 ? length : 1;
	if (is_within(zero_width, COUNT(zero_width), code)) {
		return 0;
	}
	return is_within(double_width, COUNT(double_width), code) ? 2 : 1;
}

unsigned text_width(const char *text)
{
	unsigned width = 0;

	while (*text != '\0') {
		width += step_over(&text);
	}
	return width;
}

const char *text_width_tail(const char *text, unsigned limit)
{
	unsigned width = text_width(text);

	while (width > limit) {
		width -= step_over(&text);
	}
	/* A mark whose letter was cut off would sit on what comes before. */
	while (*text != '\0') {
		const char *next = text;

		if (step_over(&next) > 0) {
			break;
		}
		text = next;
	}
	return text;
}

unsigned text_width_terminal(int fd)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) {
		return COLUMNS_DEFAULT;
	}
	return size.ws_col;
}
