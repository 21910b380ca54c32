#include "proto/pairing_code.h"

#include "core/utf8.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The zeros of Unicode's decimal digits (general category Nd); nine more digits follow each. */
static const uint32_t zeros[] = {
	0x30,
	0x660,
	0x6f0,
	0x7c0,
	0x966,
	0x9e6,
	0xa66,
	0xae6,
	0xb66,
	0xbe6,
	0xc66,
	0xce6,
	0xd66,
	0xde6,
	0xe50,
	0xed0,
	0xf20,
	0x1040,
	0x1090,
	0x17e0,
	0x1810,
	0x1946,
	0x19d0,
	0x1a80,
	0x1a90,
	0x1b50,
	0x1bb0,
	0x1c40,
	0x1c50,
	0xa620,
	0xa8d0,
	0xa900,
	0xa9d0,
	0xa9f0,
	0xaa50,
	0xabf0,
	0xff10,
};

/* Blanks, dashes, dots and commas, and the marks that some scripts put around numbers. */
static const uint32_t separators[] = {
	'\t',
	'\n',
	'\r',
	' ',
	',',
	'-',
	'.',
	'_',
	0xa0,
	0x1680,
	0x3000,
	0xfeff,
	0xff0d,
	0xff0e,
};

static bool is_separator(uint32_t character)
{
	/* U+2000–2015: blanks, marks without width, hyphens and dashes; U+2028–202F, U+205F–2069.
	 */
	if ((character >= 0x2000 && character <= 0x2015) ||
		(character >= 0x2028 && character <= 0x202f) ||
		(character >= 0x205f && character <= 0x2069) || character == 0x2212) {
		return true;
	}
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		if (separators[i] == character) {
			return true;
		}
	}
	return false;
}

/* −1: not a digit. */
static int digit_of(uint32_t character)
{
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		if (character >= zeros[i] && character <= zeros[i] + 9) {
			return (int)(character - zeros[i]);
		}
	}
	return -1;
}

bool pairing_code_read(char code[PAIRING_CODE_BYTES], const char *typed)
{
	size_t left = strlen(typed), count = 0;
	char digits[PAIRING_CODE_BYTES] = { 0 };

	while (left > 0) {
		uint32_t character;
		size_t length = utf8_decode(typed, left, &character);
		int digit = length > 0 ? digit_of(character) : -1;

		if (length == 0 || (digit < 0 && !is_separator(character)) ||
			(digit >= 0 && count == PAIRING_CODE_DIGITS)) {
			return false;
		}
		if (digit >= 0) {
			digits[count++] = (char)('0' + digit);
		}
		typed += length;
		left -= length;
	}
	if (count != PAIRING_CODE_DIGITS) {
		return false;
	}
	memcpy(code, digits, sizeof(digits));
	explicit_bzero(digits, sizeof(digits));
	return true;
}
