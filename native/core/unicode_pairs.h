#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The two characters that one is composed of by its canonical decomposition, e.g. U+0041 U+030A of
 * U+00C5; the first may be composed itself. False, with pair untouched, if it is not composed.
 * Hangul syllables, which are composed by arithmetic, are not in it, nor is anything past U+FFFF.
 */
bool unicode_pair_of(uint32_t code, uint32_t pair[2]);
