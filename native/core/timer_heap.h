#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Timers by due time, the earliest first; timers due together keep the order of insertion. Used by
 * loop.c. A zeroed heap is empty. An entry is embedded in the caller's struct; a zeroed entry is in
 * no heap.
 */
struct timer_entry {
	int64_t due_ms;
	uint64_t sequence; /* of its insertion */
	size_t place;	   /* in the heap, counted from 1 */
};

struct timer_heap {
	struct timer_entry **entries;
	size_t count, capacity;
	uint64_t sequence; /* the next insertion's */
};

void timer_heap_finish(struct timer_heap *heap); /* the entries are the caller's */
void timer_heap_insert(struct timer_heap *heap, struct timer_entry *entry, int64_t due_ms);
void timer_heap_remove(
	struct timer_heap *heap, struct timer_entry *entry); /* no effect if it is not in it */
bool timer_heap_contains(const struct timer_entry *entry);
struct timer_entry *timer_heap_first(const struct timer_heap *heap); /* borrowed, or NULL */
