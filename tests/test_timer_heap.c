#include "core/timer_heap.h"

#include "suite.h"

#include <check.h>
#include <stdlib.h>

#define COUNT 500

/* Against the plain way: the smallest of all that are in. */
static struct timer_entry *expected_first(struct timer_entry *entries)
{
	struct timer_entry *first = NULL;

	for (size_t i = 0; i < COUNT; i++) {
		struct timer_entry *entry = &entries[i];

		if (timer_heap_contains(entry) &&
			(first == NULL || entry->due_ms < first->due_ms ||
				(entry->due_ms == first->due_ms &&
					entry->sequence < first->sequence))) {
			first = entry;
		}
	}
	return first;
}

START_TEST(random_insertions_and_removals)
{
	struct timer_heap heap = { 0 };
	struct timer_entry entries[COUNT] = { 0 };
	unsigned random = 1;

	ck_assert_ptr_null(timer_heap_first(&heap));
	for (int i = 0; i < 10000; i++) {
		struct timer_entry *entry;

		random = random * 1103515245 + 12345;
		entry = &entries[(random >> 16) % COUNT];
		if (timer_heap_contains(entry)) {
			timer_heap_remove(&heap, entry);
		} else {
			timer_heap_insert(&heap, entry, (random >> 8) % 50);
		}
		ck_assert_ptr_eq(timer_heap_first(&heap), expected_first(entries));
	}
	while (timer_heap_first(&heap) != NULL) {
		ck_assert_ptr_eq(timer_heap_first(&heap), expected_first(entries));
		timer_heap_remove(&heap, timer_heap_first(&heap));
	}
	ck_assert_uint_eq(heap.count, 0);
	timer_heap_remove(&heap, &entries[0]);
	timer_heap_finish(&heap);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("timer_heap");

	tcase_add_test(tcase, random_insertions_and_removals);
	return run_tcase(tcase);
}
