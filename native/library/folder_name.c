#include "library/folder_name.h"

#include "core/cleanup.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"

#include <stdint.h>
#include <string.h>

#define HASH_DIGITS 6
#define NAME_BYTES 190 /* the hash, and " (2)" where the name is taken, come behind it */

/* From U+00C0: the letter without its marks (Unicode's NFKD) or strokes; blank: none. */
static const char latin[] = "AAAAAA CEEEEIIIIDNOOOOOxOUUUUY  aaaaaa ceeeeiiiidnooooo ouuuuy y"
			    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKkkLlLlLlL"
			    "lLlNnNnNnnNnOoOoOo  RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"
			    "b                      I  l     Oo             Uu    Zz         "
			    "             AaIiOoUuUuUuUuUu AaAa  GgGgKkOoOo  j   Gg  NnAa    "
			    "AaAaEeEeIiIiOoOoRrRrUuUuSsTt  Hh      AaEeOoOoOoOoYy";
/* From U+1E00. */
static const char latin_additional[] =
	"AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
	"MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
	"WwWwWwWwWwXxXxYyZzZzZzhtwyas    AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
	"EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy";

/* Ranges of what has another form; "": it is left out. */
static const struct replacement {
	uint32_t first, last;
	const char *text;
} replacements[] = {
	{ '"', '"', "" },
	{ '$', '$', "_" },
	{ '%', '%', "_" },
	{ '\'', '\'', "" },
	{ '`', '`', "" },
	{ 0xa0, 0xa0, " " },
	{ 0xa9, 0xa9, "" }, /* copyright */
	{ 0xab, 0xab, "" },
	{ 0xae, 0xae, "" }, /* registered */
	{ 0xb2, 0xb2, "2" },
	{ 0xb3, 0xb3, "3" },
	{ 0xb4, 0xb4, "" },
	{ 0xb7, 0xb7, " " },
	{ 0xb9, 0xb9, "1" },
	{ 0xbb, 0xbb, "" },
	{ 0xc6, 0xc6, "AE" },
	{ 0xde, 0xde, "Th" },
	{ 0xdf, 0xdf, "ss" },
	{ 0xe6, 0xe6, "ae" },
	{ 0xfe, 0xfe, "th" },
	{ 0x132, 0x132, "IJ" },
	{ 0x133, 0x133, "ij" },
	{ 0x152, 0x152, "OE" },
	{ 0x153, 0x153, "oe" },
	{ 0x300, 0x36f, "" }, /* marks of a letter in decomposed form */
	{ 0x1e9e, 0x1e9e, "SS" },
	{ 0x2000, 0x200a, " " },
	{ 0x200b, 0x200f, "" },
	{ 0x2010, 0x2015, "-" },
	{ 0x2018, 0x201f, "" },
	{ 0x2022, 0x2022, " " },
	{ 0x2026, 0x2026, "..." },
	{ 0x202f, 0x202f, " " },
	{ 0x2032, 0x2036, "" },
	{ 0x2039, 0x203a, "" },
	{ 0x2117, 0x2117, "" },
	{ 0x2120, 0x2120, "" },
	{ 0x2122, 0x2122, "" }, /* trade mark */
	{ 0x2160, 0x2160, "I" },
	{ 0x2161, 0x2161, "II" },
	{ 0x2162, 0x2162, "III" },
	{ 0x2163, 0x2163, "IV" },
	{ 0x2164, 0x2164, "V" },
	{ 0x2165, 0x2165, "VI" },
	{ 0x2166, 0x2166, "VII" },
	{ 0x2167, 0x2167, "VIII" },
	{ 0x2168, 0x2168, "IX" },
	{ 0x2169, 0x2169, "X" },
	{ 0x216a, 0x216a, "XI" },
	{ 0x216b, 0x216b, "XII" },
	{ 0x2212, 0x2212, "-" },
	{ 0x3000, 0x3000, " " },
	{ 0xfe00, 0xfe0f, "" }, /* how the character before it looks */
	{ 0xfeff, 0xfeff, "" },
};

static const char *replacement_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(replacements) / sizeof(*replacements); i++) {
		if (code >= replacements[i].first && code <= replacements[i].last) {
			return replacements[i].text;
		}
	}
	return NULL;
}

/* The letter, digit or sign of ASCII; 0: there is none. */
static char letter_of(uint32_t code)
{
	char letter = ' ';

	if (code < 0x80) {
		return (char)code;
	}
	if (code >= 0xff01 && code <= 0xff5e) {
		return (char)(code - 0xff01 + '!'); /* full-width */
	}
	if (code >= 0xc0 && code - 0xc0 < sizeof(latin) - 1) {
		letter = latin[code - 0xc0];
	} else if (code >= 0x1e00 && code - 0x1e00 < sizeof(latin_additional) - 1) {
		letter = latin_additional[code - 0x1e00];
	}
	return letter != ' ' ? letter : '\0';
}

/* *lost: something has no form in ASCII. */
static void to_ascii(struct strbuf *out, const char *name, bool *lost)
{
	size_t length = strlen(name), at = 0;

	while (at < length) {
		uint32_t code = 0;
		const char *text;
		char letter;

		at += utf8_decode(name + at, length - at, &code);
		letter = letter_of(code);
		/* A full-width '"' is one too. */
		text = replacement_of(letter != '\0' ? (uint32_t)letter : code);
		if (text != NULL) {
			strbuf_append_text(out, text);
		} else if (letter != '\0') {
			strbuf_append_char(out, letter);
		} else {
			*lost = true;
			/* Words stay apart. */
			strbuf_append_char(out, ' ');
		}
	}
}

/* Runs of blanks become one, in place. */
static void merge_blanks(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' || (to > text && to[-1] != ' ')) {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static char *add_hash(const char *ascii, const char *name)
{
	struct sha256 *sha256 = sha256_create();
	char hex[SHA256_HEX_BYTES];

	sha256_update(sha256, name, strlen(name));
	sha256_hex(sha256, hex);
	sha256_destroy(sha256);
	return xasprintf("%s-%.*s", ascii, HASH_DIGITS, hex);
}

char *folder_name_of(const char *game_name, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf ascii = { 0 };
	AUTO(free_ptr) char *safe = path_safe_name(game_name, err); /* is it a name at all? */
	AUTO(free_ptr) char *cut = NULL;
	AUTO(free_ptr) char *plain = NULL;
	bool lost = false;

	if (safe == NULL) {
		return NULL;
	}
	to_ascii(&ascii, game_name, &lost);
	cut = xasprintf("%.*s", NAME_BYTES, strbuf_text(&ascii));
	merge_blanks(cut);
	plain = path_safe_name(cut, NULL);
	if (plain == NULL) {
		return add_hash("game", game_name);
	}
	return lost ? add_hash(plain, game_name) : TAKE_PTR(plain);
}
