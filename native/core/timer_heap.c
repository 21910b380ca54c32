#include "core/timer_heap.h"

#include "core/xalloc.h"

#include <assert.h>
#include <stdlib.h>

static bool is_earlier(const struct timer_entry *a, const struct timer_entry *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->sequence < b->sequence;
}

static void put(struct timer_heap *heap, size_t place, struct timer_entry *entry)
{
	heap->entries[place - 1] = entry;
	entry->place = place;
}

static void sift_up(struct timer_heap *heap, size_t place, struct timer_entry *entry)
{
	while (place > 1 && is_earlier(entry, heap->entries[place / 2 - 1])) {
		put(heap, place, heap->entries[place / 2 - 1]);
		place /= 2;
	}
	put(heap, place, entry);
}

static void sift_down(struct timer_heap *heap, size_t place, struct timer_entry *entry)
{
	for (;;) {
		size_t child = 2 * place;

		if (child < heap->count &&
			is_earlier(heap->entries[child], heap->entries[child - 1])) {
			child++;
		}
		if (child > heap->count || !is_earlier(heap->entries[child - 1], entry)) {
			break;
		}
		put(heap, place, heap->entries[child - 1]);
		place = child;
	}
	put(heap, place, entry);
}

void timer_heap_finish(struct timer_heap *heap)
{
	free(heap->entries);
	*heap = (struct timer_heap){ 0 };
}

void timer_heap_insert(struct timer_heap *heap, struct timer_entry *entry, int64_t due_ms)
{
	assert(entry->place == 0);
	entry->due_ms = due_ms;
	entry->sequence = heap->sequence++;
	if (heap->count == heap->capacity) {
		heap->capacity = heap->capacity * 2 + 8;
		heap->entries = xrealloc(heap->entries, heap->capacity, sizeof(*heap->entries));
	}
	sift_up(heap, ++heap->count, entry);
}

void timer_heap_remove(struct timer_heap *heap, struct timer_entry *entry)
{
	size_t place = entry->place;
	struct timer_entry *last;

	if (place == 0) {
		return;
	}
	entry->place = 0;
	last = heap->entries[--heap->count];
	if (last == entry) {
		return;
	}
	if (is_earlier(last, entry)) {
		sift_up(heap, place, last);
	} else {
		sift_down(heap, place, last);
	}
}

bool timer_heap_contains(const struct timer_entry *entry)
{
	return entry->place != 0;
}

struct timer_entry *timer_heap_first(const struct timer_heap *heap)
{
	return heap->count > 0 ? heap->entries[0] : NULL;
}
