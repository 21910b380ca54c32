#define LOG_MODULE "uploads"

#include "upload/upload_begin.h"

#include "core/cleanup.h"
#include "core/list.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/libraries.h"
#include "proto/proto_constants.h"
#include "proto/proto_upload.h"
#include "upload/upload.h"
#include "upload/upload_checkpoint.h"
#include "upload/upload_complete.h"
#include "upload/upload_content.h"
#include "upload/upload_load.h"
#include "upload/upload_manifest.h"
#include "upload/upload_preview.h"
#include "upload/upload_retention.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define UPLOAD_ID_DIGITS 32
/* How long an upload without hashes can be resumed. Source: protocol.md §5.7. */
#define UNHASHED_RESUME_MS (INT64_C(3600) * 1000)

/*
 * The states of one init_upload:
 *
 *	checking ──► waiting ──► taking over ──► loading ──► ended
 *	                │                          ▲ ▲ │
 *	                └──────────────────────────┘ │ ▼
 *	                                         making room
 *
 * and from checking and waiting to ended when it fails.
 */
enum begin_step {
	BEGIN_CHECKING,	   /* its manifest, on the worker */
	BEGIN_TRYING,	   /* of a dry run: what would be done, on the worker */
	BEGIN_WAITING,	   /* for the upload's other tasks */
	BEGIN_TAKING_OVER, /* waiting for the tasks of the upload that gives what it has */
	BEGIN_MAKING_ROOM, /* waiting for the tasks of the upload that is discarded for it */
	BEGIN_LOADING,	   /* finding out what is held, on the worker */
	BEGIN_ENDED,
};

struct upload_begin {
	struct upload_store *store;
	enum begin_step step;
	char *hub_id;
	struct init_upload request;
	struct upload_manifest *manifest;
	bool dry_run;
	struct upload_preview preview; /* of one */
	char *install_path;
	char *library; /* the id of the one that it goes to */
	char *library_name;
	struct upload *upload;
	bool resume;		   /* upload existed before */
	struct strvec spare;	   /* the ids of those that can make room for it */
	int64_t spare_bytes;	   /* that they take; measured if room is missing */
	struct upload *giver;	   /* of another build; its bytes are taken over while it is held */
	const struct upload *gave; /* the same once it has given; only compared */
	struct upload *discard;	   /* one of them: its staging is removed first */
	bool hub_gone;		   /* meanwhile */
	struct error error;
	struct upload_load load;
	struct worker_job job;
	struct upload_task task;
	struct upload_task giver_task;
	struct upload_task discard_task;
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err);
	void *user;
	LIST_ENTRY(upload_begin) link;
};

#define TO(step) (1u << (step))

static void set_step(struct upload_begin *begin, enum begin_step step)
{
	static const unsigned next[] = {
		[BEGIN_CHECKING] = TO(BEGIN_WAITING) | TO(BEGIN_TRYING) | TO(BEGIN_ENDED),
		[BEGIN_TRYING] = TO(BEGIN_ENDED),
		[BEGIN_WAITING] = TO(BEGIN_TAKING_OVER) | TO(BEGIN_LOADING) | TO(BEGIN_ENDED),
		[BEGIN_TAKING_OVER] = TO(BEGIN_LOADING),
		[BEGIN_MAKING_ROOM] = TO(BEGIN_LOADING),
		[BEGIN_LOADING] = TO(BEGIN_MAKING_ROOM) | TO(BEGIN_ENDED),
		[BEGIN_ENDED] = 0,
	};

	assert((next[begin->step] & TO(step)) != 0);
	begin->step = step;
}

static void end_begin(struct upload_begin *begin, const struct upload_init_response *response)
{
	set_step(begin, BEGIN_ENDED);
	LIST_REMOVE(begin, link);
	begin->done(begin->user, response, response != NULL ? NULL : &begin->error);
	json_finish(&begin->request, init_upload_fields);
	upload_manifest_destroy(begin->manifest);
	strvec_finish(&begin->spare);
	free(begin->install_path);
	free(begin->library);
	free(begin->library_name);
	free(begin->hub_id);
	free(begin);
}

/* After choose_upload(): the upload's task ends too; a new upload goes again. */
static void fail_begin(struct upload_begin *begin)
{
	struct upload *upload = begin->upload;

	if (upload->phase == PHASE_PREPARING) {
		upload_set_phase(upload, PHASE_GONE);
	}
	end_begin(begin, NULL);
	upload_task_done(upload);
}

static bool check_not_gone(struct upload_begin *begin)
{
	return begin->upload->phase != PHASE_GONE ||
	       error_set(&begin->error, ERROR_CONFLICT,
		       "the unfinished upload of '%s' was discarded in the meantime; try again",
		       begin->upload->head.game_name);
}

static bool is_wanted(struct upload_begin *begin)
{
	return !begin->store->closing ||
	       error_set(&begin->error, ERROR_CANCELLED, "the agent is stopping");
}

/* Is a request that came later for it? In store->begins that is nearer to the head. */
static bool is_for_a_later_one(const struct upload_begin *begin, const struct upload *other)
{
	const struct upload_begin *later;

	LIST_FOREACH (later, &begin->store->begins, link) {
		if (later == begin) {
			break;
		}
		if (later->upload == other) {
			return true;
		}
	}
	return false;
}

static bool is_for_any(const struct upload_store *store, const struct upload *other)
{
	const struct upload_begin *begin;

	LIST_FOREACH (begin, &store->begins, link) {
		if (begin->upload == other) {
			return true;
		}
	}
	return false;
}

static int64_t bytes_of(const struct upload *upload)
{
	return upload->content != NULL ? upload->content->held_bytes : upload->paused_bytes;
}

/* An earlier one of that Hub to the same folder: as soon as this one stands, it is of no use. */
static bool is_superseded(const struct upload_begin *begin, const struct upload *other)
{
	const struct upload *upload = begin->upload;

	return other != upload && other->phase != PHASE_GONE && !upload_is_completing(other) &&
	       strcmp(other->head.hub_id, upload->head.hub_id) == 0 &&
	       strcmp(other->head.dir, upload->head.dir) == 0 &&
	       strcmp(other->library, upload->library) == 0 && !is_for_a_later_one(begin, other);
}

static void discard_superseded(const struct upload_begin *begin)
{
	struct upload *other, *next;

	TAILQ_FOREACH_SAFE (other, &begin->store->uploads, link, next) {
		if (is_superseded(begin, other)) {
			upload_retention_discard(other);
		}
	}
}

static void succeed_begin(struct upload_begin *begin)
{
	struct upload *upload = begin->upload;
	struct upload_init_response response = { .upload_id = upload->head.upload_id,
		.chunk_size = CHUNK_SIZE_BYTES };

	upload->content = TAKE_PTR(begin->load.content);
	upload_set_phase(upload, PHASE_RECEIVING);
	upload->cancelled = false;
	upload_note_activity(upload);
	upload->rate = (struct transfer_rate){ 0 };
	upload->fault = (struct error){ 0 };
	log_info("%s the upload of '%s' to '%s': %" PRId64 " of %" PRId64 " bytes are there",
		begin->resume ? "resumed" : "started", upload->head.game_name, upload->head.dir,
		upload->content->held_bytes, upload->head.total_bytes);
	upload_content_resume_from(upload->content, &response.resume_from);
	if (begin->hub_gone) {
		upload_retention_pause(upload);
	} else {
		upload_list_changed(begin->store);
	}
	discard_superseded(begin);
	end_begin(begin, &response);
	json_finish(&response, upload_init_response_fields);
	upload_task_done(upload);
}

static struct upload_begin *of_job(struct worker_job *job)
{
	return CONTAINER_OF(job, struct upload_begin, job);
}

static void measure_spare(struct upload_begin *begin)
{
	begin->spare_bytes = 0;
	for (size_t i = 0; i < begin->spare.count; i++) {
		begin->spare_bytes += upload_staging_bytes(
			begin->upload->root, begin->upload->library, begin->spare.items[i]);
	}
}

static void load_run(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	if (begin->discard != NULL) {
		upload_staging_remove(begin->discard->root, begin->discard->library,
			begin->discard->head.upload_id, NULL);
	}
	if (!upload_load_run(&begin->load) && begin->load.missing_bytes > 0) {
		measure_spare(begin);
	}
}

static void discard_start(struct upload_task *task);

/* Once nothing else uses it, the load job removes its staging. */
static void make_room(struct upload_begin *begin)
{
	set_step(begin, BEGIN_MAKING_ROOM);
	begin->discard_task = (struct upload_task){ .start = discard_start, .exclusive = true };
	upload_enqueue(begin->discard, &begin->discard_task);
}

/* Can it make room? Only on the same disk, and if no request is for it. */
static bool is_spare(const struct upload_begin *begin, const struct upload *other)
{
	return strcmp(other->library, begin->upload->library) == 0 &&
	       strcmp(other->root, begin->upload->root) == 0 && !is_for_any(begin->store, other) &&
	       (is_superseded(begin, other) || (other->phase == PHASE_PAUSED && other->cancelled));
}

/* The next to be discarded: what goes anyway first. NULL: none. */
static struct upload *find_spare(const struct upload_begin *begin)
{
	struct upload *other, *found = NULL;

	TAILQ_FOREACH (other, &begin->store->uploads, link) {
		bool superseded = is_superseded(begin, other);

		/* If it is not known how much is missing, an upload that may be resumed stays. */
		if (other != begin->gave && is_spare(begin, other) &&
			(other->cancelled || begin->load.missing_bytes > 0) &&
			(found == NULL || (superseded && !is_superseded(begin, found)))) {
			found = other;
		}
	}
	return found;
}

/* No space: others are discarded, one after the other, if that makes enough of it. */
static bool discard_another(struct upload_begin *begin)
{
	struct upload *other = find_spare(begin);

	if (other == NULL || begin->spare_bytes < begin->load.missing_bytes) {
		return false;
	}
	log_info("discarding the unfinished upload of '%s' to make room for '%s'",
		other->head.game_name, begin->upload->head.game_name);
	upload_set_phase(other, PHASE_GONE);
	begin->discard = other;
	make_room(begin);
	return true;
}

static void load_done(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);
	struct upload *discarded = TAKE_PTR(begin->discard);
	struct upload *giver = TAKE_PTR(begin->giver);

	if (giver != NULL) {
		begin->gave = begin->load.taken_bytes > 0 ? giver : NULL;
		upload_task_done(giver);
	}
	if (discarded != NULL) {
		upload_list_changed(begin->store);
		upload_task_done(discarded);
	}
	if (begin->load.content != NULL) {
		begin->manifest = NULL; /* now owned by the content */
	}
	if (begin->load.notice != NULL) {
		log_warning("%s", begin->load.notice);
		free(TAKE_PTR(begin->load.notice));
	}
	if (!is_wanted(begin) || !check_not_gone(begin)) {
		upload_content_destroy(begin->load.content);
		fail_begin(begin);
		return;
	}
	if (begin->load.content != NULL) {
		succeed_begin(begin);
		return;
	}
	begin->error = begin->load.error;
	upload_explain(begin->upload, &begin->error);
	if (begin->error.kind != ERROR_NO_SPACE || !discard_another(begin)) {
		fail_begin(begin);
	}
}

static void load_submit(struct upload_begin *begin)
{
	struct upload *upload = begin->upload, *other;

	set_step(begin, BEGIN_LOADING);
	strvec_finish(&begin->spare);
	TAILQ_FOREACH (other, &begin->store->uploads, link) {
		if (is_spare(begin, other)) {
			strvec_push(&begin->spare, other->head.upload_id);
		}
	}
	free(begin->library_name);
	begin->library_name =
		libraries_name(begin->store->libraries, upload->root, upload->library);
	begin->load = (struct upload_load){ .root = upload->root,
		.library = upload->library,
		.library_name = begin->library_name,
		.state_dir = begin->store->state_dir,
		.head = &upload->head,
		.resume = begin->resume,
		.giver = begin->giver != NULL ? &begin->giver->head : NULL,
		.now_ms = upload_now_ms(),
		.manifest = begin->manifest };
	begin->job = (struct worker_job){ .run = load_run, .done = load_done };
	worker_submit(begin->store->worker, &begin->job);
}

static void discard_start(struct upload_task *task)
{
	struct upload_begin *begin = CONTAINER_OF(task, struct upload_begin, discard_task);

	/* Files that are open take room after they are removed. */
	upload_content_destroy(begin->discard->content);
	begin->discard->content = NULL;
	load_submit(begin);
}

/* The superseded one that holds most. NULL: none. */
static struct upload *find_giver(const struct upload_begin *begin)
{
	struct upload *other, *found = NULL;

	TAILQ_FOREACH (other, &begin->store->uploads, link) {
		if (is_superseded(begin, other) && !is_for_any(begin->store, other) &&
			strcmp(other->root, begin->upload->root) == 0 &&
			(other->phase == PHASE_PAUSED || other->phase == PHASE_RECEIVING) &&
			(found == NULL || bytes_of(other) >= bytes_of(found))) {
			found = other;
		}
	}
	return found;
}

static void start_giving(struct upload_task *task)
{
	struct upload_begin *begin = CONTAINER_OF(task, struct upload_begin, giver_task);
	struct upload *giver = begin->giver;

	if (giver->phase == PHASE_RECEIVING ||
		(giver->phase == PHASE_PAUSED && giver->content != NULL)) {
		/* What has arrived is saved first. */
		upload_retention_pause(giver);
		upload_enqueue(giver, &begin->giver_task);
		upload_task_done(giver);
		return;
	}
	if (giver->phase != PHASE_PAUSED) {
		begin->giver = NULL; /* discarded, or completed, meanwhile */
		upload_task_done(giver);
	}
	load_submit(begin);
}

static void start_begin(struct upload_task *task)
{
	struct upload_begin *begin = CONTAINER_OF(task, struct upload_begin, task);

	if (!check_not_gone(begin)) {
		fail_begin(begin);
		return;
	}
	if (upload_is_completing(begin->upload)) {
		error_set(&begin->error, ERROR_CONFLICT,
			"'%s' is being moved into place; try again in a moment",
			begin->upload->head.game_name);
		fail_begin(begin);
		return;
	}
	if (begin->upload->content != NULL) {
		/* Another init_upload was faster: what arrived since is saved and read back. */
		upload_retention_pause(begin->upload);
		upload_enqueue(begin->upload, &begin->task);
		upload_task_done(begin->upload);
		return;
	}
	begin->giver = find_giver(begin);
	if (begin->giver == NULL) {
		load_submit(begin);
		return;
	}
	set_step(begin, BEGIN_TAKING_OVER);
	begin->giver_task = (struct upload_task){ .start = start_giving, .exclusive = true };
	upload_enqueue(begin->giver, &begin->giver_task);
}

static struct upload *create_upload(struct upload_begin *begin, struct install_dir *dir)
{
	struct upload *upload = upload_create(begin->store, PHASE_PREPARING);

	upload->head.upload_id = random_hex(UPLOAD_ID_DIGITS);
	upload->head.hub_id = xstrdup(begin->hub_id);
	upload->head.game_name = xstrdup(begin->manifest->game_name);
	upload->head.manifest_digest = xstrdup(begin->manifest->digest);
	upload->head.total_bytes = begin->manifest->total_bytes;
	upload->head.started_at_ms = upload_now_ms();
	upload->head.dir = TAKE_PTR(dir->path);
	upload->root = TAKE_PTR(dir->root);
	upload->library = TAKE_PTR(begin->library);
	return upload;
}

static bool can_resume(const struct upload_begin *begin, const struct upload *upload)
{
	int64_t age_ms = upload_age_ms(upload);

	return strcmp(upload->head.manifest_digest, begin->manifest->digest) == 0 &&
	       (begin->manifest->hashed ||
		       (age_ms >= -UNHASHED_RESUME_MS && age_ms <= UNHASHED_RESUME_MS));
}

/* Another upload to the same folder: resumed, in the way, or to be superseded. */
static bool look_at_others(struct upload_begin *begin, const char *dir)
{
	struct upload *other;

	TAILQ_FOREACH (other, &begin->store->uploads, link) {
		bool mine = strcmp(other->head.hub_id, begin->hub_id) == 0;

		/* The folder of the same name on another card is another folder. */
		if (other->phase == PHASE_GONE || strcmp(other->head.dir, dir) != 0 ||
			strcmp(other->library, begin->library) != 0) {
			continue;
		}
		if (upload_is_completing(other) || (!mine && other->phase != PHASE_PAUSED)) {
			return error_set(&begin->error, ERROR_CONFLICT,
				mine ? "'%s' is being moved into place; try again in a moment"
				     : "'%s' is being uploaded by another Hub; wait until that ends",
				other->head.game_name);
		}
		if (mine && can_resume(begin, other)) {
			begin->upload = other;
			begin->resume = true;
		}
	}
	return true;
}

/* A commit that failed half-way is retried before anything else changes the game. */
static bool finish_commits(struct upload_begin *begin)
{
	struct upload *other;

	TAILQ_FOREACH (other, &begin->store->uploads, link) {
		/* One whose card is out goes on when it is back. */
		if (other->phase == PHASE_UNFINISHED &&
			libraries_check(
				other->store->libraries, other->root, other->library, NULL) &&
			strcmp(other->head.game_name, begin->manifest->game_name) == 0) {
			upload_complete_again(other);
			return error_set(&begin->error, ERROR_CONFLICT,
				"the last upload of '%s' is still being moved into place; try "
				"again in a moment",
				other->head.game_name);
		}
	}
	return true;
}

/* The folders of all unfinished uploads; caller frees. */
static struct install_claim *list_claims(const struct upload_store *store, size_t *count)
{
	struct install_claim *claims = NULL;
	const struct upload *upload;

	*count = 0;
	TAILQ_FOREACH (upload, &store->uploads, link) {
		if (upload->phase != PHASE_GONE) {
			claims = xrealloc(claims, *count + 1, sizeof(*claims));
			claims[(*count)++] = (struct install_claim){ .dir = upload->head.dir,
				.game_name = upload->head.game_name };
		}
	}
	return claims;
}

static bool is_away(void *user, const struct game *game)
{
	const struct upload_store *store = user;
	struct error err;

	return !libraries_check_game(store->libraries, game, "try again", &err);
}

#define UPDATE_REMEDY "try again, or name another library as installPath"

/*
 * The same for a game of that name that is in this library already: its card has come back at
 * another mount point. A copy of the library may have its own.
 */
static bool check_elsewhere(struct upload_begin *begin, const struct install_dir *dir)
{
	const struct upload_store *store = begin->store;

	for (size_t i = 0; i < game_registry_count(store->registry); i++) {
		const struct game *game = game_registry_at(store->registry, i);

		if (*begin->library != '\0' && strcmp(game->library, begin->library) == 0 &&
			strcmp(game->name, begin->manifest->game_name) == 0 &&
			!path_is_within(game->dir, dir->root) &&
			libraries_is_elsewhere(store->libraries, game) &&
			!libraries_check_game(
				store->libraries, game, UPDATE_REMEDY, &begin->error)) {
			return false;
		}
	}
	return true;
}

/* The library must be there, and the game that is updated too: not a second one is installed. */
static bool claim_library(struct upload_begin *begin, const struct install_dir *dir)
{
	const struct upload_store *store = begin->store;
	const struct game *game = game_registry_find(store->registry, dir->path);

	return (game == NULL || libraries_check_game(
					store->libraries, game, UPDATE_REMEDY, &begin->error)) &&
	       libraries_claim(store->libraries, dir->root, &begin->library, &begin->error) &&
	       check_elsewhere(begin, dir);
}

/* The game that was moved is where it is now, with all that is known of it. */
static bool follow_moved(struct upload_begin *begin, const struct install_dir *dir)
{
	const struct upload_store *store = begin->store;

	if (dir->was == NULL) {
		return true;
	}
	if (!installed_manifest_copy(store->state_dir, dir->was, dir->path, &begin->error) ||
		!game_registry_move(
			store->registry, dir->was, dir->path, begin->library, &begin->error)) {
		return false;
	}
	installed_manifest_forget(store->state_dir, dir->was);
	log_info("'%s', which was in '%s', is in '%s' now", begin->manifest->game_name, dir->was,
		dir->path);
	return true;
}

static bool choose_dir(
	struct upload_begin *begin, const struct install_dir_rules *rules, struct install_dir *dir)
{
	const char *path = begin->install_path;

	if (install_dir_choose(dir, rules, path, begin->manifest->game_name, &begin->error)) {
		return true;
	}
	libraries_explain_path(begin->store->libraries,
		json_is_given(path) ? path : rules->library_dir, &begin->error);
	return false;
}

static struct install_dir_rules make_rules(struct upload_store *store)
{
	return (struct install_dir_rules){ .home = store->home,
		.library_dir = libraries_default(store->libraries),
		.library_extra = libraries_extra(store->libraries),
		.registry = store->registry,
		.is_away = is_away,
		.user = store,
		.own_dirs = &store->own_dirs };
}

static bool choose_upload(struct upload_begin *begin)
{
	struct upload_store *store = begin->store;
	AUTO(free_ptr) struct install_claim *claims = NULL;
	struct install_dir_rules rules = make_rules(store);
	AUTO(install_dir_finish) struct install_dir dir = { 0 };

	/* What waits on a card that has just come back is found before another upload is begun. */
	libraries_look(store->libraries);
	rules.claims = claims = list_claims(store, &rules.claims_count);
	if (!finish_commits(begin) || !choose_dir(begin, &rules, &dir) ||
		!claim_library(begin, &dir) || !follow_moved(begin, &dir) ||
		!look_at_others(begin, dir.path)) {
		return false;
	}
	if (!begin->resume) {
		begin->upload = create_upload(begin, &dir);
	} else if (begin->upload->phase == PHASE_RECEIVING) {
		/* The connection was lost without our noticing. */
		upload_retention_pause(begin->upload);
	} else if (begin->upload->phase == PHASE_PREPARING) {
		/* Another init_upload was quicker: chunks that follow its answer are saved first.
		 */
		upload_checkpoint_queue(begin->upload, true);
	}
	return true;
}

static void manifest_run(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	begin->install_path = xstrdup_or_null(begin->request.config.install_path);
	begin->dry_run = begin->request.dry_run;
	begin->manifest = upload_manifest_create(&begin->request, &begin->error);
	json_finish(&begin->request, init_upload_fields);
}

/* --- A dry run --- */

static void preview_run(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	upload_preview_run(&begin->preview, begin->manifest, &begin->error);
}

static void preview_done(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);
	struct upload_preview *preview = &begin->preview;
	struct upload_init_response response = { .upload_id = "",
		.chunk_size = CHUNK_SIZE_BYTES,
		.resume_from = preview->resume_from,
		.path = preview->dir,
		.changes = preview->changes };
	struct upload_preview done = *preview;			      /* begin is freed before it */
	struct upload_manifest *manifest = TAKE_PTR(begin->manifest); /* the map borrows from it */

	end_begin(begin, begin->error.kind == ERROR_NONE ? &response : NULL);
	upload_preview_finish(&done);
	upload_manifest_destroy(manifest);
}

/* Where it would go: nothing is claimed, and no other upload is in the way. */
static bool choose_preview(struct upload_begin *begin)
{
	struct upload_store *store = begin->store;
	struct install_dir_rules rules = make_rules(store);
	AUTO(install_dir_finish) struct install_dir dir = { 0 };

	libraries_look(store->libraries);
	if (!upload_manifest_check(begin->manifest, &begin->error) ||
		!choose_dir(begin, &rules, &dir)) {
		return false;
	}
	begin->preview.dir = TAKE_PTR(dir.path);
	begin->preview.root = TAKE_PTR(dir.root);
	begin->preview.state_dir = store->state_dir;
	return true;
}

static void start_preview(struct upload_begin *begin)
{
	if (!choose_preview(begin)) {
		end_begin(begin, NULL);
		return;
	}
	set_step(begin, BEGIN_TRYING);
	begin->job = (struct worker_job){ .run = preview_run, .done = preview_done };
	worker_submit(begin->store->worker, &begin->job);
}

static void manifest_done(struct worker_job *job)
{
	struct upload_begin *begin = of_job(job);

	if (is_wanted(begin) && begin->manifest != NULL && begin->dry_run) {
		start_preview(begin);
		return;
	}
	if (!is_wanted(begin) || begin->manifest == NULL || !choose_upload(begin)) {
		end_begin(begin, NULL);
		return;
	}
	set_step(begin, BEGIN_WAITING);
	begin->task = (struct upload_task){ .start = start_begin, .exclusive = true };
	upload_enqueue(begin->upload, &begin->task);
}

void upload_begin(struct upload_store *store, const char *hub_id, struct init_upload *request,
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err),
	void *user)
{
	struct upload_begin *begin = xcalloc(1, sizeof(*begin));

	begin->store = store;
	begin->hub_id = xstrdup(hub_id);
	begin->request = *request;
	*request = (struct init_upload){ 0 };
	begin->done = done;
	begin->user = user;
	LIST_INSERT_HEAD(&store->begins, begin, link);
	begin->job = (struct worker_job){ .run = manifest_run, .done = manifest_done };
	worker_submit(store->worker, &begin->job);
}

void upload_begin_hub_gone(struct upload_store *store, const char *hub_id)
{
	struct upload_begin *begin;

	LIST_FOREACH (begin, &store->begins, link) {
		if (strcmp(begin->hub_id, hub_id) == 0) {
			begin->hub_gone = true;
		}
	}
}
