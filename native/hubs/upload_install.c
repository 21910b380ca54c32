#include "hubs/upload_install.h"

#include "core/cleanup.h"
#include "core/data_url.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_artwork.h"
#include "games/game_setup.h"
#include "hubs/agent_session.h"
#include "proto/proto_upload.h"
#include "steam/images/artwork.h"
#include "upload/upload_manifest.h"
#include "upload/upload_store.h"

#include <stdlib.h>
#include <string.h>

struct install {
	struct agent_ticket *ticket;
	struct agent_services *services;
	/* Known once the store is done. */
	char *dir;
	char *game_name;
};

static void install_free(struct install *install)
{
	free(install->dir);
	free(install->game_name);
	free(install);
}

static void on_set_up(void *user, uint32_t app_id, const char *message)
{
	struct install *install = user;
	struct agent_session *session = agent_session_ref(agent_ticket_session(install->ticket));
	const struct operation_result result = {
		.success = true,
		.path = install->dir,
		.app_id = app_id,
		.message = message,
	};

	agent_ticket_reply_take(
		install->ticket, "operation_result", operation_result_fields, &result);
	agent_session_announce(
		session, "install", "complete", install->game_name, "Installation complete");
	agent_session_unref(session);
	install_free(install);
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
	game_setup_start(install->services->game_setup, install->dir, on_set_up, install);
}

static bool is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

/*
 * A folder within the game's is cleaned of back-slashes, into *clean, which the caller frees; one
 * that leaves it is refused.
 */
static bool normalise_start_dir(struct shortcut_config *shortcut, char **clean, struct error *err)
{
	if (!is_given(shortcut->start_dir) || *shortcut->start_dir == '/') {
		return true;
	}
	*clean = path_normalise_relative(shortcut->start_dir, err);
	shortcut->start_dir = *clean;
	return *clean != NULL;
}

/* The registry is no place for images: those that came as data: URLs wait with the others. */
static void keep_images(
	struct agent_services *services, const char *upload_id, struct artwork_urls *artwork)
{
	const char **const urls[ARTWORK_KIND_COUNT] = {
		[ARTWORK_GRID] = &artwork->grid,
		[ARTWORK_BANNER] = &artwork->banner,
		[ARTWORK_HERO] = &artwork->hero,
		[ARTWORK_LOGO] = &artwork->logo,
		[ARTWORK_ICON] = &artwork->icon,
	};

	for (enum artwork_kind kind = 0; kind < ARTWORK_KIND_COUNT; kind++) {
		if (*urls[kind] != NULL && data_url_is(*urls[kind])) {
			game_artwork_keep_url_take(
				services->game_artwork, upload_id, kind, xstrdup(*urls[kind]));
			*urls[kind] = NULL;
		}
	}
}

/*
 * What is to be done once the files are there. What complete_upload leaves open is as init_upload
 * said. setup borrows from both, and takes the tags.
 */
static void fill_setup(struct game_setup_plan *setup, struct complete_upload *request,
	const struct upload_manifest *manifest)
{
	setup->upload_id = request->upload_id;
	setup->wants_shortcut = request->create_shortcut;
	if (!request->create_shortcut) {
		return;
	}
	setup->user_id = request->user_id;
	setup->shortcut = request->shortcut;
	request->shortcut.tags = (struct strvec){ 0 };
	setup->shortcut.exe = NULL; /* the store makes it the game's own */
	if (manifest != NULL && !is_given(setup->shortcut.launch_options)) {
		setup->shortcut.launch_options = manifest->launch_options;
	}
	if (manifest != NULL && setup->shortcut.tags.count == 0) {
		strvec_copy(&setup->shortcut.tags, &manifest->tags);
	}
}

bool upload_install_start(
	struct agent_session *session, struct complete_upload *request, struct error *err)
{
	struct agent_services *services = agent_session_services(session);
	const char *hub_id = agent_session_hub(session)->id;
	AUTO(game_setup_plan_finish) struct game_setup_plan setup = { 0 };
	AUTO(free_ptr) char *start_dir = NULL;
	AUTO(free_ptr) char *pending = NULL;
	const struct upload_manifest *manifest;
	struct install *install;

	if (!normalise_start_dir(&request->shortcut, &start_dir, err)) {
		return false;
	}
	manifest = upload_store_manifest(services->uploads, hub_id, request->upload_id);
	fill_setup(&setup, request, manifest);
	if (manifest != NULL) {
		keep_images(services, request->upload_id, &setup.shortcut.artwork);
	}
	pending = game_setup_plan_text(&setup);
	if (strlen(pending) > GAME_SETUP_PLAN_MAX_BYTES) {
		return error_set(err, ERROR_INVALID,
			"the shortcut's texts have %zu bytes; %d are allowed", strlen(pending),
			GAME_SETUP_PLAN_MAX_BYTES);
	}
	install = xcalloc(1, sizeof(*install));
	install->ticket = agent_session_take_request(session);
	install->services = services;
	upload_store_complete(services->uploads, hub_id, request->upload_id, request->shortcut.exe,
		pending, on_installed, install);
	return true;
}
