#define LOG_MODULE "libraries"

#include "library/library.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/disk.h"
#include "library/library_marker.h"
#include "library/library_moved.h"
#include "library/library_records.h"
#include "library/library_sight.h"

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

static bool holds(const struct library_held *held)
{
	return held->games > 0 || held->uploads > 0 || held->deleted > 0;
}

bool library_holds_any(const struct library *library)
{
	return holds(&library->held);
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

/* --- Recording --- */

/* False: not known now. */
static bool count_held(const struct library_context *context, const char *id, const char *root,
	struct library_held *held, bool *seen)
{
	*held = (struct library_held){ 0 };
	return context->count(context->user, id, root, held, seen);
}

static char *name_of(
	const struct library_context *context, const char *place, const struct disk *disk)
{
	if (path_is_within(context->home, disk->mount_point)) {
		return xstrdup(place);
	}
	return xstrdup(disk->label[0] != '\0' ? disk->label : path_base(disk->mount_point));
}

/* Records that the library with this id is in the place. */
static void note(struct library_context *context, const char *place,
	const struct library_sight *sight, char *id)
{
	AUTO(free_ptr) char *own_place = xstrdup(place);
	AUTO(free_ptr) char *name = name_of(context, place, &sight->disk);
	const struct library_record *known = library_records_find(context->records, id, place);
	const struct library_record record = {
		.id = id,
		.place = own_place,
		.root = sight->root,
		.name = name,
		.uuid = sight->disk.uuid,
		.mount_point = sight->disk.mount_point,
		.uploads = known != NULL ? known->uploads : 0,
	};

	if (known != NULL && known == library_records_last_at(context->records, place) &&
		strcmp(known->root, record.root) == 0 && strcmp(known->name, name) == 0 &&
		strcmp(known->uuid, record.uuid) == 0 &&
		strcmp(known->mount_point, record.mount_point) == 0) {
		return;
	}
	library_records_put(context->records, &record);
	context->records_changed = true;
}

static bool mark(const struct library_sight *sight, const char *id)
{
	AUTO(close_fd) int fd = open(sight->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	if (fd < 0) {
		return false;
	}
	if (!library_marker_write(fd, id, &err)) {
		log_warning("'%s' cannot be marked as a library: %s", sight->root, err.message);
		return false;
	}
	return true;
}

/* Is it one that may be taken out? What home is on is always there. */
static bool is_card(const struct library_context *context, const char *mount_point)
{
	return !path_is_within(context->home, mount_point);
}

/* Is this the file system that the library was on? Home's may have got another UUID. */
static bool is_same_disk(const struct library_context *context, const struct disk *disk,
	const struct library_record *last)
{
	return disk_is(disk, last->uuid, last->mount_point) ||
	       (strcmp(disk->mount_point, last->mount_point) == 0 &&
		       !is_card(context, disk->mount_point));
}

/*
 * Is this what that file system is mounted on, seen because it is not? If not, something else is
 * mounted where it was, or over the library: another card.
 */
static bool is_beneath(const struct disk *disk, const struct library_record *last)
{
	return strcmp(disk->mount_point, last->mount_point) != 0 &&
	       path_is_within(last->mount_point, disk->mount_point);
}

/* --- Judging --- */

/* What is in the place. */
struct verdict {
	enum library_presence presence;
	enum library_absence absence;
	char *id; /* "": none */
};

static struct verdict is_present(struct library_context *context, const char *place,
	const struct library_sight *sight, const char *id)
{
	struct verdict verdict = { LIBRARY_PRESENT, LIBRARY_NOT_AWAY, xstrdup(id) };

	if (context->records->link.is_read && *id != '\0') {
		note(context, place, sight, verdict.id);
	}
	return verdict;
}

/* The same for one that is recognised without its marker: nothing is lost if that fails. */
static struct verdict is_recognised(struct library_context *context, const char *place,
	const struct library_sight *sight, const char *id)
{
	if (sight->writable) {
		mark(sight, id);
	}
	return is_present(context, place, sight, id);
}

static struct verdict is_away(enum library_absence absence, const char *id)
{
	return (struct verdict){ LIBRARY_AWAY, absence, xstrdup(id) };
}

static struct verdict is_unused(void)
{
	return (struct verdict){ LIBRARY_UNUSED, LIBRARY_NOT_AWAY, xstrdup("") };
}

static struct verdict is_unreadable(const char *id)
{
	return (struct verdict){ LIBRARY_UNREADABLE, LIBRARY_NOT_AWAY, xstrdup(id) };
}

/*
 * A folder without a marker, which is none of the libraries known there: one of before there were
 * markers, a new one, or the folder that a card is mounted on.
 */
static struct verdict judge_stranger(
	struct library_context *context, const char *place, const struct library_sight *sight)
{
	bool seen = false;
	struct library_held held;
	bool known = count_held(context, "", sight->root, &held, &seen);

	/* A card is marked as soon as it is seen, or it would be forgotten once it is out. */
	if (seen || sight->own_folder ||
		(sight->writable && is_card(context, sight->disk.mount_point) && !holds(&held))) {
		AUTO(free_ptr) char *id = library_id_new();

		if ((sight->writable && mark(sight, id)) || sight->disk.uuid[0] != '\0') {
			return is_present(context, place, sight, id);
		}
		/* Nothing would tell it from another the next time. */
		return seen || sight->own_folder ? is_present(context, place, sight, "")
						 : is_unused();
	}
	if (library_records_last_at(context->records, place) != NULL) {
		return is_unused(); /* another card */
	}
	return holds(&held) ? is_away(LIBRARY_UNKNOWN, "")
	       : known	    ? is_unused()
			    : is_unreadable("");
}

static struct verdict judge_folder(
	struct library_context *context, const char *place, const struct library_sight *sight)
{
	const struct library_record *last = library_records_last_at(context->records, place);

	if (sight->mark == LIBRARY_MARK_FOUND) {
		return is_present(context, place, sight, sight->id);
	}
	if (!context->records->link.is_read) {
		return is_unreadable("");
	}
	if (last == NULL) {
		return judge_stranger(context, place, sight);
	}
	if (is_same_disk(context, &sight->disk, last)) {
		return is_recognised(context, place, sight, last->id);
	}
	return is_beneath(&sight->disk, last) ? is_away(LIBRARY_CARD_OUT, last->id)
					      : judge_stranger(context, place, sight);
}

static struct verdict judge_nothing(
	struct library_context *context, const char *place, const struct library_sight *sight)
{
	const struct library_record *last = library_records_last_at(context->records, place);
	struct library_held held;
	bool known = count_held(context, last != NULL ? last->id : "",
		last != NULL ? last->root : sight->root, &held, NULL);

	if (!context->records->link.is_read) {
		return is_unreadable("");
	}
	if (last != NULL && !is_same_disk(context, &sight->disk, last)) {
		return is_beneath(&sight->disk, last) ? is_away(LIBRARY_CARD_OUT, last->id)
						      : is_unused();
	}
	if (holds(&held)) {
		return last != NULL ? is_away(LIBRARY_FOLDER_GONE, last->id)
				    : is_away(LIBRARY_UNKNOWN, "");
	}
	if (last == NULL && known && is_card(context, sight->disk.mount_point)) {
		AUTO(free_ptr) char *id = library_id_new();

		note(context, place, sight, id);
	}
	return known ? is_unused() : is_unreadable("");
}

static struct verdict judge(
	struct library_context *context, const char *place, const struct library_sight *sight)
{
	const struct library_record *last = library_records_last_at(context->records, place);

	switch (sight->kind) {
	case LIBRARY_SIGHT_FOLDER:
		return judge_folder(context, place, sight);
	case LIBRARY_SIGHT_NOTHING:
		return judge_nothing(context, place, sight);
	case LIBRARY_SIGHT_BROKEN_LINK:
		if (last != NULL) {
			return is_away(LIBRARY_CARD_OUT, last->id);
		}
		break;
	case LIBRARY_SIGHT_NOT_A_FOLDER:
	case LIBRARY_SIGHT_UNREADABLE:
		break;
	}
	return is_unreadable(last != NULL ? last->id : "");
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
		count_held(context, library->id, library->root, &library->held, NULL);
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
	struct verdict verdict;

	library_sight_take(sight, place);
	verdict = judge(context, place, sight);
	*library = (struct library){
		.place = xstrdup(place),
		.root = xstrdup(sight->root),
		.id = verdict.id,
		.name = name_of(context, place, &sight->disk),
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
	count_held(context, library->is_repeated ? "" : library->id, library->root, &held, NULL);
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
