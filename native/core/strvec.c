#include "core/strvec.h"

#include "core/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_SLOTS 4

void strvec_finish(struct strvec *vec)
{
	if (vec == NULL) {
		return;
	}
	for (size_t i = 0; i < vec->count; i++) {
		free(vec->items[i]);
	}
	free(vec->items);
	*vec = (struct strvec){ 0 };
}

void strvec_push_take(struct strvec *vec, char *text)
{
	size_t used = vec->count + 1; /* the NULL counts */

	/* The number of slots is the next power of two, so it need not be stored. */
	if (vec->items == NULL) {
		vec->items = xrealloc(NULL, SMALLEST_SLOTS, sizeof(*vec->items));
	} else if (used >= SMALLEST_SLOTS && (used & (used - 1)) == 0) {
		vec->items = xrealloc(vec->items, used * 2, sizeof(*vec->items));
	}
	vec->items[vec->count++] = text;
	vec->items[vec->count] = NULL;
}

void strvec_push(struct strvec *vec, const char *text)
{
	strvec_push_take(vec, xstrdup(text));
}

void strvec_copy(struct strvec *to, const struct strvec *from)
{
	assert(to != from);
	strvec_finish(to);
	for (size_t i = 0; i < from->count; i++) {
		strvec_push(to, from->items[i]);
	}
}

bool strvec_equal(const struct strvec *a, const struct strvec *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0) {
			return false;
		}
	}
	return a->count == b->count;
}

bool strvec_contains(const struct strvec *vec, const char *text)
{
	for (size_t i = 0; i < vec->count; i++) {
		if (strcmp(vec->items[i], text) == 0) {
			return true;
		}
	}
	return false;
}
