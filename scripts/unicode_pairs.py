#!/usr/bin/env python3
"""Writes native/core/unicode_pairs.c: what the characters of the basic plane are composed of.
Needed again only when a new version of Unicode composes characters differently."""
import pathlib
import unicodedata

OUT = pathlib.Path(__file__).resolve().parent.parent / "native/core/unicode_pairs.c"
HEAD = """/* Made by scripts/unicode_pairs.py. */
#include "core/unicode_pairs.h"

#include <stddef.h>

/* Sorted by the first of each three: a character, and the two that it is composed of. */
/* clang-format off */
static const uint16_t pairs[][3] = {
"""
TAIL = """};
/* clang-format on */

bool unicode_pair_of(uint32_t code, uint32_t pair[2])
{
\tsize_t low = 0, high = sizeof(pairs) / sizeof(*pairs);

\twhile (low < high) {
\t\tsize_t middle = low + (high - low) / 2;

\t\tif (code == pairs[middle][0]) {
\t\t\tpair[0] = pairs[middle][1];
\t\t\tpair[1] = pairs[middle][2];
\t\t\treturn true;
\t\t}
\t\tif (code < pairs[middle][0]) {
\t\t\thigh = middle;
\t\t} else {
\t\t\tlow = middle + 1;
\t\t}
\t}
\treturn false;
}
"""


def pairs():
    for code in range(0x10000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            yield code, int(parts[0], 16), int(parts[1], 16)


rows = [f"{{0x{a:04x},0x{b:04x},0x{c:04x}}}," for a, b, c in pairs()]
lines = ["\t" + " ".join(rows[at:at + 4]) + "\n" for at in range(0, len(rows), 4)]
OUT.write_text(HEAD + "".join(lines) + TAIL)
