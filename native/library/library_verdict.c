#define LOG_MODULE "libraries"

#include "library/library_verdict.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/disk.h"
#include "library/library_context.h"
#include "library/library_marker.h"
#include "library/library_records.h"
#include "library/library_sight.h"

#include <fcntl.h>
#include <string.h>

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

/*
 * Is this what that file system is mounted on, seen because it is not? If not, something else is
 * mounted where it was, or over the library: another card.
 */
static bool is_beneath(const struct disk *disk, const struct library_record *last)
{
	return strcmp(disk->mount_point, last->mount_point) != 0 &&
	       path_is_within(last->mount_point, disk->mount_point);
}

static struct library_verdict is_present(struct library_context *context, const char *place,
	const struct library_sight *sight, const char *id)
{
	struct library_verdict verdict = { LIBRARY_PRESENT, LIBRARY_NOT_AWAY, xstrdup(id) };

	if (context->records->link.is_read && *id != '\0') {
		library_context_note(context, place, sight, verdict.id);
	}
	return verdict;
}

/* The same for one that is recognised without its marker: nothing is lost if that fails. */
static struct library_verdict is_recognised(struct library_context *context, const char *place,
	const struct library_sight *sight, const char *id)
{
	if (sight->writable) {
		mark(sight, id);
	}
	return is_present(context, place, sight, id);
}

static struct library_verdict is_away(enum library_absence absence, const char *id)
{
	return (struct library_verdict){ LIBRARY_AWAY, absence, xstrdup(id) };
}

static struct library_verdict is_unused(void)
{
	return (struct library_verdict){ LIBRARY_UNUSED, LIBRARY_NOT_AWAY, xstrdup("") };
}

static struct library_verdict is_unreadable(const char *id)
{
	return (struct library_verdict){ LIBRARY_UNREADABLE, LIBRARY_NOT_AWAY, xstrdup(id) };
}

/*
 * A folder without a marker, which is none of the libraries known there: one of before there were
 * markers, a new one, or the folder that a card is mounted on.
 */
static struct library_verdict judge_stranger(
	struct library_context *context, const char *place, const struct library_sight *sight)
{
	bool seen = false;
	struct library_held held;
	bool known = library_context_count(context, "", sight->root, &held, &seen);

	/* A card is marked as soon as it is seen, or it would be forgotten once it is out. */
	if (seen || sight->own_folder ||
		(sight->writable && library_context_is_card(context, sight->disk.mount_point) &&
			!library_held_any(&held))) {
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
	return library_held_any(&held) ? is_away(LIBRARY_UNKNOWN, "")
	       : known		       ? is_unused()
				       : is_unreadable("");
}

static struct library_verdict judge_folder(
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
	if (library_context_is_same_disk(context, &sight->disk, last)) {
		return is_recognised(context, place, sight, last->id);
	}
	return is_beneath(&sight->disk, last) ? is_away(LIBRARY_CARD_OUT, last->id)
					      : judge_stranger(context, place, sight);
}

static struct library_verdict judge_nothing(
	struct library_context *context, const char *place, const struct library_sight *sight)
{
	const struct library_record *last = library_records_last_at(context->records, place);
	struct library_held held;
	bool known = library_context_count(context, last != NULL ? last->id : "",
		last != NULL ? last->root : sight->root, &held, NULL);

	if (!context->records->link.is_read) {
		return is_unreadable("");
	}
	if (last != NULL && !library_context_is_same_disk(context, &sight->disk, last)) {
		return is_beneath(&sight->disk, last) ? is_away(LIBRARY_CARD_OUT, last->id)
						      : is_unused();
	}
	if (library_held_any(&held)) {
		return last != NULL ? is_away(LIBRARY_FOLDER_GONE, last->id)
				    : is_away(LIBRARY_UNKNOWN, "");
	}
	if (last == NULL && known && library_context_is_card(context, sight->disk.mount_point)) {
		AUTO(free_ptr) char *id = library_id_new();

		library_context_note(context, place, sight, id);
	}
	return known ? is_unused() : is_unreadable("");
}

struct library_verdict library_verdict_reach(
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
