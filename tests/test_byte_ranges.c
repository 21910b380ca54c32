#include "upload/byte_ranges.h"

#include "suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 200

/* The same set, the simple way. */
static bool model[SIZE];

static int64_t model_set(int64_t start, int64_t end, bool held)
{
	int64_t changed = 0;

	for (int64_t i = start; i < end; i++) {
		changed += model[i] != held;
		model[i] = held;
	}
	return changed;
}

static void expect_model(const struct byte_ranges *ranges)
{
	bool seen[SIZE] = { false };
	int64_t held = 0, last_end = -1;

	for (uint32_t i = 0; i < byte_ranges_count(ranges); i++) {
		struct byte_range range = byte_ranges_at(ranges, i);

		/* Sorted, not empty, and with a gap between them. */
		ck_assert_int_gt(range.start, last_end);
		ck_assert_int_lt(range.start, range.end);
		last_end = range.end;
		held += range.end - range.start;
		memset(seen + range.start, true, range.end - range.start);
	}
	ck_assert_mem_eq(seen, model, sizeof(model));
	ck_assert_int_eq(byte_ranges_held(ranges), held);
	ck_assert_int_eq(byte_ranges_end(ranges), last_end < 0 ? 0 : last_end);
	for (int64_t i = 0; i < ranges->prefix; i++) {
		ck_assert(model[i]);
	}
	ck_assert(ranges->prefix == SIZE || !model[ranges->prefix]);
}

START_TEST(test_random_operations_match_a_model)
{
	struct byte_ranges ranges = { 0 };

	srandom((unsigned)_i);
	memset(model, 0, sizeof(model));
	for (int step = 0; step < 2000; step++) {
		int64_t start = random() % SIZE;
		int64_t end = start + random() % 20;

		end = end < SIZE ? end : SIZE;
		if (random() % 4 > 0) {
			ck_assert_int_eq(
				byte_ranges_add(&ranges, start, end), model_set(start, end, true));
		} else {
			ck_assert_int_eq(byte_ranges_remove(&ranges, start, end),
				model_set(start, end, false));
		}
		expect_model(&ranges);
	}
	byte_ranges_finish(&ranges);
}
END_TEST

START_TEST(test_in_order_needs_no_memory)
{
	struct byte_ranges ranges = { 0 };

	for (int64_t at = 0; at < 100; at += 10) {
		ck_assert_int_eq(byte_ranges_add(&ranges, at, at + 10), 10);
	}
	ck_assert_ptr_null(ranges.islands);
	ck_assert_int_eq(ranges.prefix, 100);
	ck_assert_int_eq(byte_ranges_add(&ranges, 5, 5), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ranges");

	tcase_add_loop_test(tests, test_random_operations_match_a_model, 0, 10);
	tcase_add_test(tests, test_in_order_needs_no_memory);
	return run_tcase(tests);
}
