#include "core/text_fold.h"

#include "core/unicode_pairs.h"
#include "core/utf8.h"

#include <wctype.h>

/* Past the last character of Unicode. */
#define INVALID_BYTE 0x110000

/* Hangul syllables: The Unicode Standard, 3.12. */
#define HANGUL_FIRST 0xac00
#define HANGUL_COUNT 11172
#define LEAD_FIRST 0x1100
#define VOWEL_FIRST 0x1161
#define TRAIL_BASE 0x11a7
#define VOWEL_COUNT 21
#define TRAIL_COUNT 28

void text_fold_init(struct text_fold *fold)
{
	fold->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void text_fold_finish(struct text_fold *fold)
{
	if (fold->locale != (locale_t)0) {
		freelocale(fold->locale);
	}
	fold->locale = (locale_t)0;
}

static uint32_t lower(const struct text_fold *fold, uint32_t code)
{
	if (code < 0x80 || fold->locale == (locale_t)0) {
		return code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
	}
	return (uint32_t)towlower_l((wint_t)code, fold->locale);
}

static size_t decompose_hangul(uint32_t index, uint32_t codes[TEXT_FOLD_MAX])
{
	uint32_t trail = index % TRAIL_COUNT;

	codes[0] = LEAD_FIRST + index / (VOWEL_COUNT * TRAIL_COUNT);
	codes[1] = VOWEL_FIRST + index / TRAIL_COUNT % VOWEL_COUNT;
	if (trail > 0) {
		codes[2] = TRAIL_BASE + trail;
	}
	return trail > 0 ? 3 : 2;
}

static size_t decompose(uint32_t code, uint32_t codes[TEXT_FOLD_MAX])
{
	size_t count = 1;
	uint32_t pair[2];

	if (code >= HANGUL_FIRST && code < HANGUL_FIRST + HANGUL_COUNT) {
		return decompose_hangul(code - HANGUL_FIRST, codes);
	}
	codes[0] = code;
	while (count < TEXT_FOLD_MAX && unicode_pair_of(codes[0], pair)) {
		for (size_t i = count; i > 1; i--) {
			codes[i] = codes[i - 1];
		}
		codes[0] = pair[0];
		codes[1] = pair[1];
		count++;
	}
	return count;
}

size_t text_fold_next(const struct text_fold *fold, const char *text, size_t length,
	uint32_t codes[TEXT_FOLD_MAX], size_t *codes_count)
{
	uint32_t code = 0;
	size_t bytes = utf8_decode(text, length, &code);

	if (bytes == 0) {
		codes[0] = INVALID_BYTE + (unsigned char)*text;
		*codes_count = 1;
		return 1;
	}
	*codes_count = decompose(code, codes);
	for (size_t i = 0; i < *codes_count; i++) {
		codes[i] = lower(fold, codes[i]);
	}
	return bytes;
}
