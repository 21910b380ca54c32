#include "library/library_list.h"

#include "core/cleanup.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/library_records.h"
#include "library/library_sight.h"

#include <stdlib.h>
#include <string.h>

void library_list_finish(struct library_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		library_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct library_list){ 0 };
}

static struct library *append(struct library_list *list)
{
	list->items = xrealloc(list->items, list->count + 1, sizeof(*list->items));
	return &list->items[list->count++];
}

void library_list_drop(struct library_list *list, size_t index)
{
	library_finish(&list->items[index]);
	list->count--;
	memmove(&list->items[index], &list->items[index + 1],
		(list->count - index) * sizeof(*list->items));
}

void library_list_look(
	struct library_list *list, struct library_context *context, const char *place)
{
	AUTO(library_sight_finish) struct library_sight sight = { 0 };
	size_t current = list->count;

	library_look(append(list), &sight, context, place);
	for (size_t i = 0; i < context->records->libraries_count; i++) {
		const struct library_record *record = &context->records->libraries[i];

		if (strcmp(record->place, place) == 0 &&
			strcmp(record->id, list->items[current].id) != 0) {
			struct library *other = append(list);

			library_look_absent(other, context, &list->items[current], i);
			if (!library_holds_any(other)) {
				library_list_drop(list, list->count - 1);
			}
		}
	}
}

const struct library *library_list_find(
	const struct library_list *list, const char *id, const char *place)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].id, id) == 0 &&
			strcmp(list->items[i].place, place) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}

const struct library *library_list_at(const struct library_list *list, const char *path)
{
	const struct library *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct library *library = &list->items[i];

		if (path_is_within(path, library->root) &&
			(found == NULL || strlen(library->root) > strlen(found->root))) {
			found = library;
		}
	}
	return found;
}

bool library_list_has_place(const struct library_list *list, const char *place)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].place, place) == 0) {
			return true;
		}
	}
	return false;
}

bool library_list_is_same(const struct library_list *a, const struct library_list *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (!library_is_same(&a->items[i], &b->items[i])) {
			return false;
		}
	}
	return a->count == b->count;
}
