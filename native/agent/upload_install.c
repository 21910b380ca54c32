#define LOG_MODULE "install"

#include "agent/upload_install.h"

#include "agent/agent_session.h"
#include "agent/game_registry.h"
#include "agent/upload_store.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "proto/proto_upload.h"
#include "steam/steam.h"

#include <stdlib.h>
#include <string.h>

struct install {
	struct agent_ticket *ticket;
	struct agent_services *services;
	struct complete_upload request;
	/* Known once the store is done. */
	char *dir;
	char *game_name;
};

static const char *text_or(const char *text, const char *otherwise)
{
	return text != NULL && *text != '\0' ? text : otherwise;
}

static void install_free(struct install *install)
{
	json_finish(&install->request, complete_upload_fields);
	free(install->dir);
	free(install->game_name);
	free(install);
}

void upload_install_announce(
	struct agent_session *session, const char *status, const char *game_name)
{
	bool is_complete = strcmp(status, "complete") == 0;
	const char *message = is_complete ? "Installation complete" : "Installation started";
	const struct operation_event event = {
		.type = (char *)"install",
		.status = (char *)status,
		.game_name = (char *)game_name,
		.progress = is_complete ? 100 : 0,
		/* The desktop app shows any message as an error. */
		.message = (char *)(agent_session_hub(session)->is_desktop ? "" : message),
	};

	agent_session_push(session, "operation_event", operation_event_fields, &event);
}

static void succeed_take(struct install *install, uint32_t app_id, const char *message)
{
	struct agent_session *session = agent_session_ref(agent_ticket_session(install->ticket));
	const struct operation_result result = {
		.success = true,
		.path = install->dir,
		.app_id = app_id,
		.message = (char *)message,
	};

	if (message != NULL) {
		log_info("'%s': %s", install->game_name, message);
	}
	agent_ticket_reply_take(
		install->ticket, "operation_result", operation_result_fields, &result);
	upload_install_announce(session, "complete", install->game_name);
	agent_session_unref(session);
	install_free(install);
}

static void remember_shortcut(const struct install *install, const struct steam_outcome *outcome)
{
	struct game_registry *games = install->services->games;
	const struct game *known = game_registry_find(games, install->dir);
	struct error err = { 0 };
	struct game game;

	if (known == NULL || (known->app_id == outcome->app_id &&
				     strcmp(known->user_id, outcome->account_id) == 0)) {
		return;
	}
	game = *known;
	game.app_id = outcome->app_id;
	game.user_id = (char *)outcome->account_id;
	if (!game_registry_put(games, &game, &err)) {
		log_warning("the shortcut of '%s' could not be remembered: %s", install->game_name,
			err.message);
	}
}

static void on_shortcut(void *user, const struct steam_outcome *outcome, const struct error *err)
{
	struct install *install = user;
	AUTO(free_ptr) char *message = NULL;

	if (err != NULL) {
		message = xasprintf(
			"the game is installed, without a shortcut in Steam: %s", err->message);
	} else {
		remember_shortcut(install, outcome);
	}
	succeed_take(install, outcome != NULL ? outcome->app_id : 0, message);
}

/* Absolute paths stay, others lie in the game's folder; NULL for "". */
static char *in_game_dir(const char *dir, const char *path)
{
	if (path == NULL || *path == '\0') {
		return NULL;
	}
	return *path == '/' ? xstrdup(path) : path_join(dir, path);
}

/* The executable within the game's folder, as registered: complete_upload may name another one. */
static const char *executable_of(
	const struct install *install, const struct upload_installed *installed)
{
	const struct game *game = game_registry_find(install->services->games, installed->dir);

	return game != NULL && *game->executable != '\0' ? game->executable : installed->executable;
}

static void put_shortcut(struct install *install, const struct upload_installed *installed)
{
	const struct shortcut_config *shortcut = &install->request.shortcut;
	AUTO(free_ptr) char *exe = path_join(installed->dir, executable_of(install, installed));
	AUTO(free_ptr) char *start_dir = in_game_dir(installed->dir, shortcut->start_dir);
	const struct steam_shortcut_request request = {
		.user_id = install->request.user_id,
		.app_id = installed->known_app_id,
		.name = text_or(shortcut->name, installed->game_name),
		.exe = exe,
		.any_name = true,
		.start_dir = start_dir,
		.launch_options =
			text_or(shortcut->launch_options, text_or(installed->launch_options, NULL)),
		.tags = shortcut->tags.count > 0 ? &shortcut->tags : installed->tags,
	};

	steam_put_shortcut(install->services->steam, &request, on_shortcut, install);
}

static void on_installed(
	void *user, const struct upload_installed *installed, const struct error *err)
{
	struct install *install = user;

	if (err != NULL) {
		agent_ticket_fail_take(install->ticket, err);
		install_free(install);
		return;
	}
	install->dir = xstrdup(installed->dir);
	install->game_name = xstrdup(installed->game_name);
	if (!install->request.create_shortcut) {
		succeed_take(install, 0, NULL);
	} else if (*executable_of(install, installed) == '\0') {
		succeed_take(install, 0,
			"the game is installed, without a shortcut in Steam: no executable was "
			"named");
	} else {
		put_shortcut(install, installed);
	}
}

/* A folder within the game's is cleaned of back-slashes; one that leaves it is refused. */
static bool normalise_start_dir(struct shortcut_config *shortcut, struct error *err)
{
	char *clean;

	if (shortcut->start_dir == NULL || *shortcut->start_dir == '\0' ||
		*shortcut->start_dir == '/') {
		return true;
	}
	clean = path_normalise_relative(shortcut->start_dir, err);
	if (clean == NULL) {
		return false;
	}
	free(shortcut->start_dir);
	shortcut->start_dir = clean;
	return true;
}

bool upload_install_start(
	struct agent_session *session, struct complete_upload *request, struct error *err)
{
	struct install *install;
	const char *exe;

	if (!normalise_start_dir(&request->shortcut, err)) {
		return false;
	}
	install = xcalloc(1, sizeof(*install));
	install->ticket = agent_session_take_request(session);
	install->services = agent_session_services(session);
	install->request = *request;
	*request = (struct complete_upload){ 0 };
	exe = text_or(install->request.shortcut.exe, NULL);
	upload_store_complete(install->services->uploads, agent_session_hub(session)->id,
		install->request.upload_id, exe, on_installed, install);
	return true;
}
