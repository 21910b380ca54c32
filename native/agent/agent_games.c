#define LOG_MODULE "agent"

#include "agent/agent_games.h"

#include "agent/agent_state.h"
#include "agent/config.h"
#include "agent/library_contents.h"
#include "agent/library_follow.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_artwork.h"
#include "games/game_removal.h"
#include "games/game_setup.h"
#include "library/game_registry.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "steam/steam_artwork.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

#define DAYS_WITHOUT_SETTINGS 36500

/* A module's message for the owner; NULL: none. */
static void note_take(const struct agent_games *games, char *sentence)
{
	if (sentence != NULL) {
		games->options.events->noted(games->options.user, sentence);
	}
}

/* --- Events between modules --- */

static void on_uploads_changed(void *user)
{
	const struct agent_games *games = user;

	if (games->setup != NULL) {
		game_setup_sweep_images(games->setup);
	}
	if (games->uploads != NULL) {
		libraries_count_again(games->libraries);
	}
	games->options.events->uploads_changed(games->options.user);
}

/* At the start, before there is a setup, game_setup_resume() does it. */
static void on_installation_ended(void *user, const char *dir)
{
	const struct agent_games *games = user;

	if (games->setup != NULL) {
		game_setup_start(games->setup, dir, NULL, NULL);
	}
}

static void on_game_updated(void *user, const struct upload_installed *installed)
{
	const struct agent_games *games = user;

	games->options.events->game_updated(games->options.user, installed);
}

static void on_upload_notice(void *user, const char *sentence)
{
	note_take(user, xstrdup(sentence));
}

static void on_upload_progress(void *user, const struct upload_status *status)
{
	const struct agent_games *games = user;

	games->options.events->upload_progress(games->options.user, status);
}

static bool flush_games(void *part, struct error *err)
{
	return game_registry_flush(part, err);
}

static void on_games_changed(void *user)
{
	const struct agent_games *games = user;

	if (games->options.state != NULL) {
		agent_state_watch(games->options.state, flush_games, games->registry, NULL, NULL);
	}
	if (games->uploads != NULL) {
		libraries_count_again(games->libraries);
	}
	games->options.events->games_changed(games->options.user);
}

static struct library_contents contents_of(const struct agent_games *games)
{
	return (struct library_contents){
		.registry = games->registry,
		.trash = games->trash,
		.uploads = games->uploads,
	};
}

/* Whatever of an earlier build is in the libraries that are there. */
static void adopt_contents(const struct agent_games *games)
{
	const struct library_contents contents = contents_of(games);

	for (size_t i = 0; i < libraries_count(games->libraries); i++) {
		const struct library *library = libraries_at(games->libraries, i);

		if (library->presence == LIBRARY_PRESENT) {
			library_contents_adopt(&contents, library);
		}
	}
}

/* What was moved is registered where it is now, before anything else is done with it. */
static void follow_libraries(const struct agent_games *games)
{
	const struct library_contents contents = contents_of(games);

	library_follow(&contents, games->libraries, games->options.paths->state_dir);
}

static bool on_count(
	void *user, const char *id, const char *root, struct library_held *held, bool *seen)
{
	const struct agent_games *games = user;
	const struct library_contents contents = contents_of(games);

	return library_contents_count(&contents, id, root, held, seen);
}

/* The trash first: a game in it is not installed, whatever a crash left. */
static void on_library_arrived(void *user, const struct library *library)
{
	const struct agent_games *games = user;

	log_info("the library '%s' is there", library->place);
	adopt_contents(games);
	follow_libraries(games);
	game_trash_resume(games->trash);
	upload_store_library_arrived(games->uploads, library);
	follow_libraries(games); /* the uploads that were found there, too */
	game_setup_resume(games->setup);
}

static void on_library_left(void *user, const struct library *library)
{
	const struct agent_games *games = user;

	log_info("the library '%s' has gone", library->place);
	upload_store_library_left(games->uploads, library);
}

static void on_libraries_changed(void *user)
{
	const struct agent_games *games = user;

	games->options.events->libraries_changed(games->options.user);
}

static void on_game_gone(void *user, const struct game *game)
{
	const struct agent_games *games = user;

	/* Is its app id in use again? Images that stay do less harm than images that are missing.
	 */
	if (state_link_ready(game_registry_link(games->registry), NULL)) {
		game_artwork_discard(games->artwork, game);
		kept_files_forget_game(games->kept, game->dir);
	}
}

static void on_artwork_announced(
	void *user, const char *status, const char *game_name, const char *message)
{
	const struct agent_games *games = user;

	games->options.events->artwork_announced(games->options.user, status, game_name, message);
}

static const struct upload_store_events upload_events = {
	.progress = on_upload_progress,
	.changed = on_uploads_changed,
	.installed = on_installation_ended,
	.updated = on_game_updated,
	.notice = on_upload_notice,
};

/* --- What could not be read at the start arrives --- */

/* What is done at the start with the games that are known. */
void agent_games_resume(struct agent_games *games)
{
	game_removal_resume(games->removal);
	game_setup_resume(games->setup);
	game_setup_sweep_images(games->setup);
}

static void on_games_arrived(void *user)
{
	struct agent_games *games = user;

	libraries_look(games->libraries);
	game_trash_resume(games->trash);
	agent_games_resume(games);
	on_games_changed(games);
}

static void on_trash_arrived(void *user)
{
	struct agent_games *games = user;

	libraries_look(games->libraries);
	game_trash_resume(games->trash);
	game_removal_resume(games->removal);
	on_games_changed(games);
}

/* --- Creating the modules --- */

static void open_registry(struct agent_games *games)
{
	AUTO(free_ptr) char *path = path_join(games->options.paths->state_dir, "games.json");
	char *notice = NULL;

	games->registry = game_registry_create(path, &notice);
	note_take(games, notice);
	agent_state_watch_link(
		games->options.state, game_registry_link(games->registry), on_games_arrived, games);
	game_registry_set_changed(games->registry, on_games_changed, games);
}

/* A setting in days; without the settings nothing expires. */
static int64_t days_ms(const struct agent_games *games, int64_t days)
{
	return (games->options.config->is_unread ? DAYS_WITHOUT_SETTINGS : days) * CONFIG_DAY_MS;
}

static void on_libraries_arrived(void *user)
{
	const struct agent_games *games = user;

	libraries_look(games->libraries);
}

/* Not looked at before there is a list of what is in them: libraries_start() counts it. */
static void open_libraries(struct agent_games *games)
{
	const struct agent_games_options *options = &games->options;
	char *notice = NULL;

	games->libraries = libraries_create(
		&(struct libraries_options){
			.loop = options->loop,
			.state_dir = options->paths->state_dir,
			.home = options->paths->home,
			.library_path = options->config->library_path,
			.library_extra = &options->config->library_extra,
			.count = on_count,
			.arrived = on_library_arrived,
			.left = on_library_left,
			.changed = on_libraries_changed,
			.user = games,
		},
		&notice);
	note_take(games, notice);
	agent_state_watch_link(games->options.state, libraries_link(games->libraries),
		on_libraries_arrived, games);
}

/* Games in the trash are not installed, whatever a crash left: before the uploads. */
static void open_trash(struct agent_games *games)
{
	char *notice = NULL;

	games->trash = game_trash_create(
		&(struct game_trash_options){
			.loop = games->options.loop,
			.worker = games->options.worker,
			.state_dir = games->options.paths->state_dir,
			.registry = games->registry,
			.libraries = games->libraries,
			.expire_after_ms = days_ms(games, games->options.config->games_trash_days),
			.gone = on_game_gone,
			.user = games,
		},
		&notice);
	note_take(games, notice);
	agent_state_watch_link(
		games->options.state, game_trash_link(games->trash), on_trash_arrived, games);
}

static bool open_uploads(struct agent_games *games, struct error *err)
{
	const struct config *config = games->options.config;
	const struct paths *paths = games->options.paths;
	const struct strvec own_dirs = {
		.items = (char *[]){ paths->config_dir, paths->state_dir, paths->runtime_dir },
		.count = 3,
	};
	const struct upload_store_options options = {
		.loop = games->options.loop,
		.worker = games->options.worker,
		.registry = games->registry,
		.libraries = games->libraries,
		.home = paths->home,
		.state_dir = paths->state_dir,
		.own_dirs = &own_dirs,
		.expire_after_ms = days_ms(games, config->uploads_expire_days),
		.keep_previous = &config->games_keep_previous,
	};

	games->uploads = upload_store_create(&options, &upload_events, games, err);
	return games->uploads != NULL;
}

static void open_work(struct agent_games *games)
{
	const struct agent_games_options *options = &games->options;
	AUTO(free_ptr) char *downloads = path_join(options->paths->state_dir, "downloads");

	games->steam_artwork = steam_artwork_create(options->loop, games->options.steam, downloads);
	games->artwork = game_artwork_create(&(struct game_artwork_options){
		.loop = options->loop,
		.worker = options->worker,
		.state_dir = options->paths->state_dir,
		.registry = games->registry,
		.trash = games->trash,
		.steam = games->options.steam,
		.steam_artwork = games->steam_artwork,
		.allow_local = &options->config->artwork_local_servers,
		.announce = on_artwork_announced,
		.user = games,
	});
	games->setup = game_setup_create(&(struct game_setup_options){
		.registry = games->registry,
		.libraries = games->libraries,
		.uploads = games->uploads,
		.steam = games->options.steam,
		.artwork = games->artwork,
		.compat_tool = &options->config->steam_compat_tool,
	});
	games->removal = game_removal_create(&(struct game_removal_options){
		.registry = games->registry,
		.trash = games->trash,
		.uploads = games->uploads,
		.steam = games->options.steam,
		.setup = games->setup,
	});
	games->versions = game_versions_create(&(struct game_versions_options){
		.registry = games->registry,
		.kept = games->kept,
		.uploads = games->uploads,
		.steam = games->options.steam,
		.setup = games->setup,
	});
}

/* --- Creating and destroying --- */

bool agent_games_init(
	struct agent_games *games, const struct agent_games_options *options, struct error *err)
{
	*games = (struct agent_games){ .options = *options };
	open_registry(games);
	open_libraries(games);
	open_trash(games);
	libraries_start(games->libraries);
	games->kept = kept_files_create(&(struct kept_files_options){
		.loop = options->loop,
		.registry = games->registry,
		.libraries = games->libraries,
		.expire_after_ms = days_ms(games, options->config->games_trash_days),
	});
	adopt_contents(games);
	follow_libraries(games);
	if (!open_uploads(games, err)) {
		return false;
	}
	follow_libraries(games);
	open_work(games);
	return true;
}

void agent_games_stop(struct agent_games *games)
{
	games->options.state = NULL;
	game_setup_stop(games->setup);
}

void agent_games_end_work(struct agent_games *games)
{
	upload_store_destroy(TAKE_PTR(games->uploads));
	game_artwork_stop(games->artwork);
	steam_artwork_destroy(TAKE_PTR(games->steam_artwork));
}

void agent_games_finish(struct agent_games *games)
{
	game_versions_destroy(games->versions);
	game_removal_destroy(games->removal);
	game_setup_destroy(games->setup);
	game_artwork_destroy(games->artwork);
	game_trash_destroy(games->trash);
	kept_files_destroy(games->kept);
	libraries_destroy(games->libraries);
	game_registry_destroy(games->registry);
	*games = (struct agent_games){ 0 };
}

/* --- Changes --- */

void agent_games_app_id_changed(
	struct agent_games *games, const char *account_id, uint32_t reported, uint32_t actual)
{
	const struct game *known = game_registry_find_app(games->registry, reported);
	struct game game;

	if (known == NULL || strcmp(known->user_id, account_id) != 0) {
		return;
	}
	game = *known;
	game.app_id = actual;
	game_registry_record(games->registry, &game, NULL);
}

static void on_forgotten(void *user, const struct game_removed *removed, const struct error *err)
{
	if (err != NULL) {
		log_warning("%s", err->message);
	}
}

bool agent_games_may_forget_library(
	const struct agent_games *games, const char *id, struct error *err)
{
	return libraries_check_forgettable(games->libraries, id, err);
}

bool agent_games_forget_library(struct agent_games *games, const char *id, struct error *err)
{
	AUTO(strvec_finish) struct strvec dirs = { 0 };

	if (!agent_games_may_forget_library(games, id, err)) {
		return false;
	}
	for (size_t i = 0; i < game_registry_count(games->registry); i++) {
		const struct game *game = game_registry_at(games->registry, i);

		if (strcmp(game->library, id) == 0) {
			strvec_push(&dirs, game->dir);
		}
	}
	for (size_t i = 0; i < dirs.count; i++) {
		game_removal_start(games->removal,
			&(struct game_removal_request){ .dir = dirs.items[i], .forget = true },
			on_forgotten, NULL);
	}
	upload_store_forget_library(games->uploads, id);
	return game_trash_forget(games->trash, id, err) &&
	       libraries_forget(games->libraries, id, err);
}
