#pragma once

#include <stdint.h>

/*
 * The bytes of one file that have arrived: [0, prefix), and sorted islands after it that touch
 * neither each other nor the prefix. So prefix is where the first gap begins, and a file that
 * arrives in order never allocates. Zeroed is empty.
 */
struct byte_range {
	int64_t start;
	int64_t end; /* exclusive */
};

struct byte_ranges {
	int64_t prefix;
	struct byte_range *islands;
	uint32_t count;
	uint32_t capacity;
};

void byte_ranges_finish(struct byte_ranges *ranges);
/* Adds [start, end), merging; returns how many of its bytes were not held before. */
int64_t byte_ranges_add(struct byte_ranges *ranges, int64_t start, int64_t end);
/* Removes [start, end); returns how many of its bytes were held. */
int64_t byte_ranges_remove(struct byte_ranges *ranges, int64_t start, int64_t end);
int64_t byte_ranges_held(const struct byte_ranges *ranges);
/* The end of the last byte held; 0 when none is. */
int64_t byte_ranges_end(const struct byte_ranges *ranges);
/* Prefix and islands as one list of byte_ranges_count() ranges. */
uint32_t byte_ranges_count(const struct byte_ranges *ranges);
struct byte_range byte_ranges_at(const struct byte_ranges *ranges, uint32_t index);
