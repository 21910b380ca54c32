#pragma once

#include "proto/proto_constants.h"

#include <stdbool.h>

#define PAIRING_CODE_BYTES (PAIRING_CODE_DIGITS + 1)

/*
 * The pairing code that a person typed: grouped by blanks, dashes, dots or commas ("042 137"), in
 * the decimal digits of any script (full-width, Arabic, Devanagari …), as input methods give them.
 * False, with code untouched, for anything but six digits: that is a slip, not a guess.
 */
bool pairing_code_read(char code[PAIRING_CODE_BYTES], const char *typed);
