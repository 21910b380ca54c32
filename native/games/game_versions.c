#define LOG_MODULE "games"

#include "games/game_versions.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/state_file.h"
#include "core/xalloc.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "steam/client/steam_install.h"
#include "steam/steam.h"
#include "upload/upload_store.h"

#include <stdlib.h>

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
