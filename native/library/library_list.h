#pragma once

#include "library/library.h"

#include <stdbool.h>
#include <stddef.h>

struct strvec;

/* Libraries as one look found them. */
struct library_list {
	struct library *items;
	size_t count;
};

void library_list_finish(struct library_list *list);
/*
 * Fills a zeroed list with what is in the places now, and the others that were there once and still
 * hold something.
 */
void library_list_look(
	struct library_list *list, struct library_context *context, const struct strvec *places);
void library_list_drop(struct library_list *list, size_t index);

/* These borrow; NULL: none. */
const struct library *library_list_find(
	const struct library_list *list, const char *id, const char *place);
/* The one whose folder holds path, the deepest. Of those in one place the first: what is there. */
const struct library *library_list_at(const struct library_list *list, const char *path);
/* The one that has that id; of those in one place, or of copies, the one whose root holds path. */
const struct library *library_list_find_id(
	const struct library_list *list, const char *id, const char *path);

bool library_list_has_place(const struct library_list *list, const char *place);
bool library_list_is_same(const struct library_list *a, const struct library_list *b);
