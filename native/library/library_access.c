#include "library/library_access.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/library_list.h"
#include "library/library_records.h"
#include "library/library_sight.h"

#include <string.h>

static bool refuse_away(
	const struct library *library, const char *subject, const char *remedy, struct error *err)
{
	AUTO(free_ptr)
	char *reason = subject != NULL ? library_describe_absence(library)
				       : library_describe_away(library);

	error_set(err, ERROR_CONFLICT, "%s%s%s%s", subject != NULL ? subject : "",
		subject != NULL ? " " : "", reason, remedy);
	return error_explain(err, "library_away", NULL);
}

/* What is asked for, and what the sentence of a refusal begins and ends with. */
struct question {
	const char *place;
	const char *id;
	bool writable;	     /* must be */
	const char *subject; /* NULL: the library itself */
	const char *remedy;
};

/* Looks. */
static bool check_there(
	struct library_access *access, const struct question *question, struct error *err)
{
	AUTO(library_sight_finish) struct library_sight sight = { 0 };
	AUTO(library_finish) struct library now = { 0 };
	AUTO(library_finish) struct library absent = { 0 };
	const struct library_record *record;
	const struct library *listed;

	library_look(&now, &sight, access->context, question->place);
	listed = library_list_find(access->list, now.id, now.place);
	access->is_news |= listed == NULL || listed->presence != now.presence ||
			   listed->writable != now.writable;
	if (now.presence == LIBRARY_UNREADABLE) {
		return error_set(err, ERROR_IO, "%s", now.problem);
	}
	if (strcmp(now.id, question->id) == 0 && now.presence != LIBRARY_AWAY) {
		return !question->writable || now.writable ||
		       error_set(err, ERROR_CONFLICT, "%s", now.problem);
	}
	record = library_records_find(access->context->records, question->id, question->place);
	if (record == NULL || strcmp(now.id, question->id) == 0) {
		return now.presence != LIBRARY_AWAY ||
		       refuse_away(&now, question->subject, question->remedy, err);
	}
	library_look_absent(&absent, access->context, &now,
		(size_t)(record - access->context->records->libraries));
	return refuse_away(&absent, question->subject, question->remedy, err);
}

static bool check_root(struct library_access *access, const char *root, const char *id,
	bool writable, struct error *err)
{
	const struct library_record *record =
		library_records_holding(access->context->records, id, root);
	AUTO(free_ptr) char *place = NULL;

	if (record == NULL) {
		return true;
	}
	place = xstrdup(record->place);
	return check_there(access,
		&(struct question){ .place = place,
			.id = id,
			.writable = writable,
			.remedy = ", then try again" },
		err);
}

bool library_access_to_root(
	struct library_access *access, const char *root, const char *id, struct error *err)
{
	return check_root(access, root, id, false, err);
}

bool library_access_to_game(
	struct library_access *access, const struct game *game, const char *what, struct error *err)
{
	const struct library_record *record =
		library_records_holding(access->context->records, game->library, game->dir);
	const struct library *library = library_list_at(access->list, game->dir);
	AUTO(free_ptr) char *subject = xasprintf("'%s'", game->name);
	AUTO(free_ptr) char *remedy = xasprintf(", then %s", what);
	AUTO(free_ptr) char *place = NULL;
	AUTO(free_ptr) char *id = NULL;

	if (record == NULL && library == NULL) {
		return true;
	}
	place = xstrdup(record != NULL ? record->place : library->place);
	id = xstrdup(record != NULL ? record->id : library->id);
	return check_there(access,
		&(struct question){
			.place = place, .id = id, .subject = subject, .remedy = remedy },
		err);
}

void library_access_explain(
	struct library_access *access, const char *root, const char *id, struct error *err)
{
	const struct library_record *record;
	struct error gone = { 0 };

	if (err->kind == ERROR_CANCELLED) {
		return;
	}
	if (!check_root(access, root, id, true, &gone) && gone.kind != ERROR_IO) {
		*err = gone;
		return;
	}
	record = library_records_holding(access->context->records, id, root);
	if (record != NULL) {
		library_blame_disk(record->name, record->place, gone.kind == ERROR_IO, err);
	}
}
