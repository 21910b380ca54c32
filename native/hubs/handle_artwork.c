#include "hubs/handle_artwork.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_artwork.h"
#include "hubs/agent_session.h"
#include "library/game_registry.h"
#include "proto/proto_upload.h"
#include "steam/change/shortcuts.h"
#include "steam/client/steam_users.h"
#include "steam/steam.h"
#include "steam/steam_artwork.h"
#include "upload/upload_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void apply_artwork_finish(struct apply_artwork *request)
{
	json_finish(request, apply_artwork_fields);
}

/* --- Finding the shortcut --- */

static bool has_shortcut(
	struct steam *steam, const char *user_id, uint32_t app_id, struct error *err)
{
	AUTO(shortcut_list_finish) struct shortcut_list list = { 0 };
	uint32_t actual = steam_actual_app_id(steam, app_id);

	if (!steam_list_shortcuts(steam, user_id, &list, err)) {
		return false;
	}
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].app_id == app_id || list.items[i].app_id == actual) {
			return true;
		}
	}
	return error_set(err, ERROR_NOT_FOUND, "no shortcut has the appId %" PRIu32, app_id);
}

/* The account whose list has the shortcut; NULL: none. Caller frees. */
static char *find_owner(struct steam *steam, uint32_t app_id, struct error *err)
{
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };

	if (!steam_list_users(steam, &users, err)) {
		return NULL;
	}
	error_set(err, ERROR_NOT_FOUND, "no shortcut has the appId %" PRIu32, app_id);
	for (size_t i = 0; i < users.count; i++) {
		if (has_shortcut(steam, users.items[i].account_id, app_id, err)) {
			return xstrdup(users.items[i].account_id);
		}
	}
	return NULL;
}

/*
 * The account that has the shortcut, by the registry or by Steam's own list. user_id NULL: any
 * account. Caller frees. Errors: NOT_FOUND, or why the list cannot be read.
 */
static char *find_account(const struct handle_artwork_options *options, const char *user_id,
	uint32_t app_id, struct error *err)
{
	struct steam *steam = options->steam;
	const struct game *game = game_registry_find_app(options->registry, app_id);
	char *account_id = NULL;

	if (app_id == 0) {
		error_set(err, ERROR_NOT_FOUND, "an image for a shortcut needs its 'appId'");
		return NULL;
	}
	if (game == NULL) {
		game = game_registry_find_app(
			options->registry, steam_actual_app_id(steam, app_id));
	}
	if (user_id == NULL || *user_id == '\0') {
		return game != NULL && *game->user_id != '\0' ? xstrdup(game->user_id)
							      : find_owner(steam, app_id, err);
	}
	if (!steam_find_account(steam, user_id, NULL, &account_id, err)) {
		return NULL;
	}
	if ((game == NULL || strcmp(game->user_id, account_id) != 0) &&
		!has_shortcut(steam, user_id, app_id, err)) {
		free(TAKE_PTR(account_id));
	}
	return account_id;
}

/* --- apply_artwork --- */

static void on_applied(void *user, const struct steam_artwork_result *results)
{
	struct agent_ticket *ticket = user;
	struct artwork_failure failures[ARTWORK_KIND_COUNT];
	struct artwork_response response = { .failed = failures };

	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		const char *type = artwork_kind_name((enum artwork_kind)i);

		if (results[i].wanted && results[i].error.kind == ERROR_NONE) {
			strvec_push(&response.applied, type);
		} else if (results[i].wanted) {
			failures[response.failed_count++] = (struct artwork_failure){
				.type = type,
				.error = results[i].error.message,
			};
		}
	}
	agent_ticket_reply_take(ticket, "artwork_response", artwork_response_fields, &response);
	strvec_finish(&response.applied);
}

bool handle_apply_artwork(const struct handle_artwork_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(apply_artwork_finish) struct apply_artwork request = { 0 };
	AUTO(free_ptr) char *account_id = NULL;
	struct steam_artwork_request order = {
		.allow_local = *options->allow_local,
	};

	if (!json_read(&request, apply_artwork_fields, payload, err)) {
		return false;
	}
	account_id = find_account(options, request.user_id, request.app_id, err);
	if (account_id == NULL) {
		return false;
	}
	order.user_id = account_id;
	order.app_id = request.app_id;
	game_artwork_urls(&request.artwork, order.urls);
	steam_artwork_apply(
		options->steam_artwork, &order, on_applied, agent_session_take_request(session));
	return true;
}

/* --- Binary images --- */

struct image_job {
	struct agent_ticket *ticket;
	char *type; /* as given by the Hub; "" if not given */
	enum artwork_kind kind;
};

/* err NULL: the image is in place. */
static void answer_image_take(struct image_job *job, const struct error *err)
{
	const struct artwork_image_response response = {
		.success = err == NULL,
		.artwork_type = job->type,
		.error = err != NULL ? err->message : NULL,
	};

	agent_ticket_reply_take(
		job->ticket, "artwork_image_response", artwork_image_response_fields, &response);
	free(job->type);
	free(job);
}

static void on_kept(void *user, const struct error *err)
{
	answer_image_take(user, err);
}

static void on_image_applied(void *user, const struct steam_artwork_result *results)
{
	struct image_job *job = user;
	const struct error *err = &results[job->kind].error;

	answer_image_take(job, err->kind != ERROR_NONE ? err : NULL);
}

static bool apply_image(const struct handle_artwork_options *options, struct image_job *job,
	uint32_t app_id, struct strbuf *image, struct error *err)
{
	AUTO(free_ptr) char *account_id = find_account(options, NULL, app_id, err);
	struct steam_artwork_request order = { .user_id = account_id, .app_id = app_id };

	if (account_id == NULL) {
		return false;
	}
	strbuf_move(&order.images[job->kind], image);
	steam_artwork_apply(options->steam_artwork, &order, on_image_applied, job);
	return true;
}

/* Before complete_upload, "appId": 0 means the game being uploaded. upload_id: NULL or its id. */
static bool keep_image(const struct handle_artwork_options *options, struct image_job *job,
	const char *upload_id, struct strbuf *image, struct error *err)
{
	const struct upload_filter filter = {
		.hub_id = agent_session_hub(agent_ticket_session(job->ticket))->id,
		.upload_id = upload_id,
		.receiving = true,
	};
	struct upload_status found;

	if (!upload_store_find(options->uploads, &filter, &found)) {
		if (upload_id != NULL) {
			return error_set(
				err, ERROR_NOT_FOUND, "no upload '%s' is in progress", upload_id);
		}
		return error_set(err, ERROR_NOT_FOUND,
			"no upload is in progress for an image with appId 0; start one, or name a "
			"shortcut by its appId");
	}
	return game_artwork_keep(options->game_artwork, found.upload_id,
		artwork_kind_name(job->kind), image, on_kept, job, err);
}

/* On success the job is taken. */
static bool place_image(const struct handle_artwork_options *options, struct image_job *job,
	const struct upload_chunk *header, struct strbuf *image, struct error *err)
{
	if (header->artwork_type == NULL) {
		return error_set(err, ERROR_INVALID, "an image needs its 'artworkType'");
	}
	if (!artwork_kind_find(header->artwork_type, &job->kind, err) ||
		!artwork_check(job->kind, image->data, image->length, err)) {
		return false;
	}
	return header->app_id != 0
		       ? apply_image(options, job, header->app_id, image, err)
		       : keep_image(options, job,
				 json_is_given(header->upload_id) ? header->upload_id : NULL, image,
				 err);
}

void handle_artwork_image(const struct handle_artwork_options *options, struct agent_ticket *ticket,
	const struct upload_chunk *header, struct strbuf *image)
{
	struct image_job *job = xcalloc(1, sizeof(*job));
	struct error err = { 0 };

	job->ticket = ticket;
	job->type = xstrdup(header->artwork_type != NULL ? header->artwork_type : "");
	if (!place_image(options, job, header, image, &err)) {
		answer_image_take(job, &err);
	}
	strbuf_finish(image);
}
