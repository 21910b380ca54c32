#define LOG_MODULE "games"

#include "games/game_versions.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/state_file.h"
#include "core/xalloc.h"
#include "games/game_setup.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "steam/client/steam_install.h"
#include "steam/steam.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

struct game_versions {
	struct game_versions_options options;
};

struct game_versions *game_versions_create(const struct game_versions_options *options)
{
	struct game_versions *versions = xcalloc(1, sizeof(*versions));

	versions->options = *options;
	return versions;
}

void game_versions_destroy(struct game_versions *versions)
{
	free(versions);
}

static bool check_idle(
	const struct game_versions_options *options, const char *dir, struct error *err)
{
	const struct game *game = game_registry_find(options->registry, dir);
	const struct upload_filter filter = { .dir = dir };
	uint32_t app_id;

	if (game == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "no game is installed in '%s'", dir);
	}
	if (upload_store_find(options->uploads, &filter, &(struct upload_status){ 0 })) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' is being uploaded; cancel the upload or wait until it has finished",
			game->name);
	}
	app_id = steam_actual_app_id(options->steam, game->app_id);
	return app_id == 0 || !steam_install_runs_game(app_id) ||
	       error_set(err, ERROR_CONFLICT, "'%s' is running; quit it and try again", game->name);
}

bool game_versions_restore(struct game_versions *versions, const char *id, const char *path,
	size_t *count, char **name, struct error *err)
{
	const struct game_versions_options *options = &versions->options;
	AUTO(kept_list_finish) struct kept_list list = { 0 };
	const struct kept_place *place;

	*count = 0;
	if (!state_link_ready(game_registry_link(options->registry), err)) {
		return false;
	}
	kept_files_list(options->kept, &list);
	place = kept_list_find(&list, id, err);
	if (place == NULL || !check_idle(options, place->record.dir, err) ||
		!kept_files_restore(options->kept, id, path, count, err)) {
		return false;
	}
	log_info("restored %zu kept files of '%s'", *count, place->record.game_name);
	*name = xstrdup(place->record.game_name);
	return true;
}

/* --- The previous build --- */

struct rolling_back {
	struct game_versions *versions;
	char *name;
	game_rollback_done *done;
	void *user;
};

static void end_rolling_back(
	struct rolling_back *rolling, const char *note, const struct error *err)
{
	const struct game_rolled_back rolled_back = { .name = rolling->name, .note = note };

	rolling->done(rolling->user, err != NULL ? NULL : &rolled_back, err);
	free(rolling->name);
	free(rolling);
}

static void on_set_up(void *user, uint32_t app_id, bool later, const char *message)
{
	end_rolling_back(user, message, NULL);
}

static void on_installed(
	void *user, const struct upload_installed *installed, const struct error *err)
{
	struct rolling_back *rolling = user;

	if (err != NULL) {
		end_rolling_back(rolling, NULL, err);
		return;
	}
	log_info("'%s' is its previous build again", rolling->name);
	game_setup_start(rolling->versions->options.setup, installed->dir, on_set_up, rolling);
}

/* The newest one that has a previous build. */
static const struct kept_place *find_previous(
	const struct kept_list *list, const struct game *game, struct error *err)
{
	for (size_t i = 0; i < list->places_count; i++) {
		const struct kept_place *place = &list->places[i];

		if (place->record.previous_files > 0 && strcmp(place->record.dir, game->dir) == 0) {
			return place;
		}
	}
	error_set(err, ERROR_NOT_FOUND, "no previous build of '%s' is kept", game->name);
	return NULL;
}

static bool start_rollback(struct rolling_back *rolling, const char *dir, struct error *err)
{
	const struct game_versions_options *options = &rolling->versions->options;
	AUTO(kept_list_finish) struct kept_list list = { 0 };
	AUTO(free_ptr) char *pending = NULL;
	const struct kept_place *place;
	const struct game *game;
	struct game_setup_plan plan = { 0 };

	if (!state_link_ready(game_registry_link(options->registry), err) ||
		!check_idle(options, dir, err)) {
		return false;
	}
	game = game_registry_find(options->registry, dir);
	kept_files_list(options->kept, &list);
	place = find_previous(&list, game, err);
	if (place == NULL) {
		return false;
	}
	rolling->name = xstrdup(game->name);
	plan.wants_shortcut = game->app_id != 0;
	plan.user_id = game->user_id;
	pending = game_setup_plan_text(&plan);
	upload_store_rollback(options->uploads,
		&(struct upload_rollback_options){ .game = game,
			.root = place->root,
			.library = place->library,
			.folder = place->folder,
			.pending = pending },
		on_installed, rolling);
	return true;
}

void game_versions_rollback(
	struct game_versions *versions, const char *dir, game_rollback_done *done, void *user)
{
	struct rolling_back *rolling = xcalloc(1, sizeof(*rolling));
	struct error err = { 0 };

	*rolling = (struct rolling_back){ .versions = versions, .done = done, .user = user };
	if (!start_rollback(rolling, dir, &err)) {
		end_rolling_back(rolling, NULL, &err);
	}
}
