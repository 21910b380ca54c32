#include "library/library.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "library/library_context.h"
#include "library/library_marker.h"
#include "library/library_moved.h"
#include "library/library_records.h"
#include "library/library_sight.h"
#include "library/library_verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void library_finish(struct library *library)
{
	free(library->place);
	free(library->root);
	free(library->id);
	free(library->name);
	free(library->problem);
	free(library->was_at);
	free(library->now_at);
	*library = (struct library){ 0 };
}

bool library_holds_any(const struct library *library)
{
	return library_held_any(&library->held);
}

bool library_is_usable(const struct library *library)
{
	return library->presence == LIBRARY_PRESENT && library->writable;
}

bool library_is_same(const struct library *a, const struct library *b)
{
	return strcmp(a->place, b->place) == 0 && strcmp(a->root, b->root) == 0 &&
	       strcmp(a->id, b->id) == 0 && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->problem, b->problem) == 0 && a->is_default == b->is_default &&
	       a->is_setting == b->is_setting && a->writable == b->writable &&
	       a->executable == b->executable && a->presence == b->presence &&
	       a->absence == b->absence && a->is_repeated == b->is_repeated &&
	       a->held.games == b->held.games && a->held.uploads == b->held.uploads &&
	       a->held.deleted == b->held.deleted;
}

/* --- Describing --- */

char *library_describe_absence(const struct library *library)
{
	switch (library->absence) {
	case LIBRARY_CARD_OUT:
		return xasprintf(
			"is on the card '%s', which is not inserted; insert it", library->name);
	case LIBRARY_OTHER_CARD:
		return xasprintf("is on the card '%s', but another card is in its place; insert "
				 "'%s' instead",
			library->name, library->name);
	case LIBRARY_FOLDER_GONE:
		return xasprintf("is in the folder '%s', which is gone; move it back, or make an "
				 "empty one to go on without what was in it",
			library->place);
	case LIBRARY_CARD_ELSEWHERE:
		return xasprintf("is on the card '%s', which is mounted at '%s' instead of '%s'; "
				 "%s, or mount it there",
			library->name, library->now_at, library->was_at,
			library->is_replaced ? "eject both cards and insert this one first"
					     : "eject it and insert it again");
	case LIBRARY_FOLDER_ELSEWHERE:
		return xasprintf("is in the library folder '%s', which is now at '%s'; move it "
				 "back",
			library->was_at, library->now_at);
	case LIBRARY_UNKNOWN:
		return xasprintf("is in the library '%s', which is not there; insert its card",
			library->place);
	case LIBRARY_NOT_AWAY:
		break;
	}
	return xstrdup("");
}

char *library_describe_away(const struct library *library)
{
	AUTO(free_ptr) char *reason = library_describe_absence(library);

	switch (library->absence) {
	case LIBRARY_FOLDER_GONE:
		return xasprintf("the library folder '%s' is gone; move it back, or make an empty "
				 "one to go on without what was in it",
			library->place);
	case LIBRARY_FOLDER_ELSEWHERE:
		return xasprintf("the library folder '%s' is now at '%s'; move it back",
			library->was_at, library->now_at);
	case LIBRARY_UNKNOWN:
		return xasprintf("the library '%s' is not there, though games are installed in "
				 "it; insert its card",
			library->place);
	case LIBRARY_CARD_OUT:
	case LIBRARY_OTHER_CARD:
	case LIBRARY_CARD_ELSEWHERE:
	case LIBRARY_NOT_AWAY:
		break;
	}
	return xasprintf("the library '%s' %s", library->place, reason);
}

/* Did the disk itself fail? */
static bool is_of_disk(const struct error *err)
{
	switch (err->number) {
	case EIO:
	case ENODEV:
	case ENXIO:
	case EUCLEAN:
		return true;
	default:
		return false;
	}
}

void library_blame_disk(const char *name, const char *place, bool certain, struct error *err)
{
	struct error why = *err;
	bool card = strcmp(name, place) != 0;

	if (certain || is_of_disk(err)) {
		error_set(err, ERROR_IO, "the %s '%s' does not answer as it should: %s; %s",
			card ? "card" : "disk of the library", name, why.message,
			card ? "insert the card again, or check it in a PC" : "check the disk");
	}
}

static char *describe_present(const struct library *library, const struct library_sight *sight)
{
	if (!library->writable) {
		return xasprintf("games cannot be installed in '%s': %s", library->place,
			sight->not_writable);
	}
	if (sight->disk.quota_used) {
		return xasprintf("your quota on the disk of '%s' is used up; delete something "
				 "there, or have it raised",
			library->place);
	}
	if (!library->executable) {
		return xasprintf("games in '%s' will not start: its disk is mounted with "
				 "'noexec'; mount it without",
			library->place);
	}
	return xstrdup("");
}

static char *describe_unreadable(
	const struct library_context *context, const struct library_sight *sight)
{
	return sight->problem.kind != ERROR_NONE
		       ? xstrdup(sight->problem.message)
		       : xasprintf("it is not known what is in '%s': the lists in the folder of "
				   "'%s' cannot be read now",
				 sight->root, context->records->link.path);
}

/* --- Looking --- */

static void find_elsewhere(struct library *library, const struct library_context *context,
	const struct library_record *record)
{
	struct library_move move;

	if (library_moved_find(&move, context->records, record)) {
		library->is_replaced = library->absence == LIBRARY_OTHER_CARD;
		library->absence =
			move.is_of_card ? LIBRARY_CARD_ELSEWHERE : LIBRARY_FOLDER_ELSEWHERE;
		library->was_at = move.from;
		library->now_at = move.to;
	}
}

static void fill_from_record(struct library *library, const struct library_context *context)
{
	const struct library_record *record =
		library_records_find(context->records, library->id, library->place);

	if (record != NULL && library->presence == LIBRARY_AWAY) {
		free(library->root);
		library->root = xstrdup(record->root);
	}
	/* What is registered below an unused one is in another, whose place it is in. */
	if (library->presence != LIBRARY_UNUSED) {
		library_context_count(context, library->id, library->root, &library->held, NULL);
	}
	if (record == NULL) {
		return;
	}
	if (library->presence != LIBRARY_PRESENT && library->held.uploads < record->uploads) {
		library->held.uploads = record->uploads;
	}
	free(library->name);
	library->name = xstrdup(record->name);
	if (library->presence == LIBRARY_AWAY) {
		find_elsewhere(library, context, record);
	}
}

void library_look(struct library *library, struct library_sight *sight,
	struct library_context *context, const char *place)
{
	struct library_verdict verdict;

	library_sight_take(sight, place);
	verdict = library_verdict_reach(context, place, sight);
	*library = (struct library){
		.place = xstrdup(place),
		.root = xstrdup(sight->root),
		.id = verdict.id,
		.name = library_context_name(context, place, &sight->disk),
		.presence = verdict.presence,
		.absence = verdict.absence,
	};
	fill_from_record(library, context);
	switch (library->presence) {
	case LIBRARY_PRESENT:
	case LIBRARY_UNUSED:
		library->writable = sight->writable;
		library->executable = !sight->disk.no_exec;
		library->free_bytes = sight->disk.free_bytes;
		library->total_bytes = sight->disk.total_bytes;
		library->problem = describe_present(library, sight);
		break;
	case LIBRARY_AWAY:
		library->problem = library_describe_away(library);
		break;
	case LIBRARY_UNREADABLE:
		library->problem = describe_unreadable(context, sight);
		break;
	}
}

void library_look_absent(struct library *library, const struct library_context *context,
	const struct library *instead, size_t record)
{
	const struct library_record *absent = &context->records->libraries[record];

	*library = (struct library){
		.place = xstrdup(absent->place),
		.root = xstrdup(absent->root),
		.id = xstrdup(absent->id),
		.presence = LIBRARY_AWAY,
		.absence =
			instead->presence == LIBRARY_AWAY ? LIBRARY_CARD_OUT : LIBRARY_OTHER_CARD,
	};
	fill_from_record(library, context);
	library->problem = library_describe_away(library);
}

bool library_count_again(struct library *library, struct library_context *context)
{
	struct library_record *record =
		library_records_find(context->records, library->id, library->place);
	struct library_held before = library->held, held = { 0 };

	if (library->presence == LIBRARY_UNUSED) {
		return false; /* what is registered there is in another */
	}
	if (library->is_repeated) {
		/* The rest of it is counted where it is. */
		record = NULL;
	}
	library_context_count(
		context, library->is_repeated ? "" : library->id, library->root, &held, NULL);
	/* One that is away may hold more uploads than are known since the start. */
	if (record != NULL && library->presence != LIBRARY_PRESENT &&
		held.uploads < record->uploads) {
		held.uploads = record->uploads;
	}
	if (record != NULL && record->uploads != held.uploads) {
		record->uploads = held.uploads;
		context->records_changed = true;
	}
	library->held = held;
	return before.games != held.games || before.uploads != held.uploads ||
	       before.deleted != held.deleted;
}

/* --- Claiming --- */

bool library_check_claimable(
	const struct library *library, const struct library_sight *sight, struct error *err)
{
	if (library->presence == LIBRARY_AWAY) {
		return error_set(
			err, ERROR_CONFLICT, "%s, or choose another library", library->problem);
	}
	if (library->presence == LIBRARY_UNREADABLE) {
		enum error_kind kind = sight->problem.kind;

		return error_set(err,
			kind == ERROR_NONE || kind == ERROR_IO ? ERROR_IO : ERROR_CONFLICT, "%s",
			library->problem);
	}
	if (!library->writable) {
		return error_set(err, ERROR_CONFLICT, "%s", library->problem);
	}
	return !sight->disk.quota_used || error_set(err, ERROR_NO_SPACE, "%s", library->problem);
}

bool library_begin(struct library *now, struct library_context *context,
	const struct library *unused, struct error *err)
{
	AUTO(library_sight_finish) struct library_sight sight = { 0 };
	AUTO(free_ptr) char *id = library_id_new();
	AUTO(close_fd) int fd = -1;
	struct error why = { 0 };

	if (!make_dirs(unused->root, 0755, err)) {
		return false;
	}
	fd = open(unused->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return error_set_errno(err, "cannot open the library '%s'", unused->root);
	}
	if (!library_marker_write(fd, id, &why)) {
		return error_set(err, why.kind == ERROR_NO_SPACE ? why.kind : ERROR_IO,
			"games cannot be installed in '%s': %s; free some space there, or choose "
			"another library",
			unused->place, why.message);
	}
	library_look(now, &sight, context, unused->place);
	return strcmp(now->id, id) == 0 ||
	       error_set(err, ERROR_CONFLICT,
		       "the library '%s' has just been replaced by something else; try again",
		       unused->place);
}
