#include "library/library_list.h"

#include "core/cleanup.h"
#include "core/paths.h"
#include "core/strvec.h"
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

/* Appends what is there, and the others that were there once and still hold something. */
static void look_at(struct library_list *list, struct library_context *context, const char *place)
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

/* The one that is there with that id. */
static struct library *find_present(struct library_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].presence == LIBRARY_PRESENT &&
			strcmp(list->items[i].id, id) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}

/* Of one that is elsewhere, the one that is there tells it, too. */
static void join(struct library_list *list, struct library_context *context)
{
	for (size_t i = 0; i < list->count; i++) {
		struct library *away = &list->items[i];
		struct library *there = away->now_at != NULL ? find_present(list, away->id) : NULL;

		if (there == NULL) {
			continue;
		}
		away->is_repeated = true;
		library_count_again(away, context);
		if (library_holds_any(away) && *there->problem == '\0') {
			free(there->problem);
			there->problem = xstrdup(away->problem);
		}
	}
}

static void look_once(
	struct library_list *list, struct library_context *context, const struct strvec *places)
{
	for (size_t i = 0; i < places->count; i++) {
		look_at(list, context, places->items[i]);
	}
	join(list, context);
}

void library_list_look(
	struct library_list *list, struct library_context *context, const struct strvec *places)
{
	look_once(list, context, places);
	if (context->records_changed) {
		/* What was just found may be what another place is without. */
		library_list_finish(list);
		look_once(list, context, places);
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

const struct library *library_list_find_id(
	const struct library_list *list, const char *id, const char *path)
{
	const struct library *found = NULL;

	for (size_t i = 0; i < list->count && *id != '\0'; i++) {
		const struct library *library = &list->items[i];

		if (strcmp(library->id, id) == 0 && path_is_within(path, library->root)) {
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
