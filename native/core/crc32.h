#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32 of IEEE 802.3, as in zlib and PNG. Start with 0; crc: that of the preceding bytes.
 *
 *	crc = crc32_of(crc32_of(0, "abc", 3), "def", 3); // equals that of "abcdef"
 */
uint32_t crc32_of(uint32_t crc, const void *data, size_t length);
