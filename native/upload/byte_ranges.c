#include "upload/byte_ranges.h"

#include "core/xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void byte_ranges_finish(struct byte_ranges *ranges)
{
	free(ranges->islands);
	*ranges = (struct byte_ranges){ 0 };
}

/* Replaces count islands starting at index with the new ones (at most two). */
static void splice(struct byte_ranges *ranges, uint32_t index, uint32_t count,
	const struct byte_range *with, uint32_t with_count)
{
	uint32_t left = ranges->count - index - count;

	if (ranges->count - count + with_count > ranges->capacity) {
		ranges->capacity = ranges->capacity == 0 ? 4 : 2 * ranges->capacity;
		ranges->islands =
			xrealloc(ranges->islands, ranges->capacity, sizeof(*ranges->islands));
	}
	if (left > 0) {
		memmove(ranges->islands + index + with_count, ranges->islands + index + count,
			left * sizeof(*ranges->islands));
	}
	if (with_count > 0) {
		memcpy(ranges->islands + index, with, with_count * sizeof(*with));
	}
	ranges->count = ranges->count - count + with_count;
	if (ranges->count == 0) {
		free(ranges->islands);
		ranges->islands = NULL;
		ranges->capacity = 0;
	}
}

/* The first island that ends at or after offset. */
static uint32_t find_island(const struct byte_ranges *ranges, int64_t offset)
{
	uint32_t low = 0, high = ranges->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ranges->islands[middle].end < offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

int64_t byte_ranges_add(struct byte_ranges *ranges, int64_t start, int64_t end)
{
	bool to_prefix = start <= ranges->prefix;
	struct byte_range merged = { start, end };
	int64_t held = 0;
	uint32_t first, past;

	if (to_prefix) {
		merged.start = 0;
		merged.end = end > ranges->prefix ? end : ranges->prefix;
		held = ranges->prefix;
	}
	if (start >= end) {
		return 0;
	}
	first = find_island(ranges, merged.start);
	for (past = first; past < ranges->count && ranges->islands[past].start <= merged.end;
		past++) {
		struct byte_range island = ranges->islands[past];

		merged.start = island.start < merged.start ? island.start : merged.start;
		merged.end = island.end > merged.end ? island.end : merged.end;
		held += island.end - island.start;
	}
	if (to_prefix) {
		ranges->prefix = merged.end;
	}
	if (!to_prefix || past > first) {
		splice(ranges, first, past - first, &merged, to_prefix ? 0 : 1);
	}
	return merged.end - merged.start - held;
}

int64_t byte_ranges_remove(struct byte_ranges *ranges, int64_t start, int64_t end)
{
	int64_t before = byte_ranges_held(ranges);
	struct byte_ranges left = { 0 };
	uint32_t count = byte_ranges_count(ranges);

	if (start >= end) {
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct byte_range range = byte_ranges_at(ranges, i);

		byte_ranges_add(&left, range.start, range.end < start ? range.end : start);
		byte_ranges_add(&left, range.start > end ? range.start : end, range.end);
	}
	byte_ranges_finish(ranges);
	*ranges = left;
	return before - byte_ranges_held(ranges);
}

int64_t byte_ranges_held(const struct byte_ranges *ranges)
{
	int64_t held = ranges->prefix;

	for (uint32_t i = 0; i < ranges->count; i++) {
		held += ranges->islands[i].end - ranges->islands[i].start;
	}
	return held;
}

int64_t byte_ranges_end(const struct byte_ranges *ranges)
{
	return ranges->count > 0 ? ranges->islands[ranges->count - 1].end : ranges->prefix;
}

uint32_t byte_ranges_count(const struct byte_ranges *ranges)
{
	return ranges->count + (ranges->prefix > 0 ? 1 : 0);
}

struct byte_range byte_ranges_at(const struct byte_ranges *ranges, uint32_t index)
{
	if (ranges->prefix > 0) {
		if (index == 0) {
			return (struct byte_range){ 0, ranges->prefix };
		}
		index--;
	}
	return ranges->islands[index];
}
