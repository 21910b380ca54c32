#include "steam/steam_drivers.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/cef/steam_driver_cef.h"
#include "steam/files/steam_driver_files.h"
#include "steam/steam_driver_ui.h"

#include <stdlib.h>

void steam_drivers_init(struct steam_drivers *drivers, const struct steam_drivers_options *options)
{
	*drivers = (struct steam_drivers){ 0 };
	if (options->ui != NULL) {
		drivers->items[STEAM_DRIVER_UI] =
			steam_driver_ui_create(options->loop, options->ui);
	}
	if (options->lws_loop != NULL) {
		drivers->items[STEAM_DRIVER_CEF] = steam_driver_cef_create(
			options->lws_loop, options->worker, options->debugger_port);
	}
	drivers->items[STEAM_DRIVER_FILES] =
		steam_driver_files_create(options->worker, options->home, options->steam_dir);
}

void steam_drivers_finish(struct steam_drivers *drivers)
{
	for (size_t i = 0; i < STEAM_DRIVER_COUNT; i++) {
		struct steam_driver *driver = TAKE_PTR(drivers->items[i]);

		if (driver != NULL) {
			driver->ops->destroy(driver);
		}
	}
}

struct steam_driver *steam_drivers_ready(const struct steam_drivers *drivers, struct strbuf *reason)
{
	AUTO(strbuf_finish) struct strbuf obstacles = { 0 };

	for (size_t i = 0; i < STEAM_DRIVER_COUNT; i++) {
		struct steam_driver *driver = drivers->items[i];
		AUTO(strbuf_finish) struct strbuf why = { 0 };

		if (driver == NULL) {
			continue;
		}
		if (driver->ops->ready(driver, &why)) {
			strbuf_append_text(reason, strbuf_text(&why));
			return driver;
		}
		strbuf_appendf(
			&obstacles, "%s%s", obstacles.length > 0 ? "; " : "", strbuf_text(&why));
	}
	strbuf_append_text(reason, strbuf_text(&obstacles));
	return NULL;
}

bool steam_drivers_restart(const struct steam_drivers *drivers, steam_driver_done *done, void *user)
{
	for (size_t i = 0; i < STEAM_DRIVER_COUNT; i++) {
		struct steam_driver *driver = drivers->items[i];
		AUTO(strbuf_finish) struct strbuf why = { 0 };

		if (driver != NULL && driver->ops->restart != NULL &&
			driver->ops->ready(driver, &why)) {
			driver->ops->restart(driver, done, user);
			return true;
		}
	}
	return false;
}

/* --- Showing an image --- */

struct showing {
	const struct steam_drivers *drivers;
	size_t next; /* to be asked; its number */
	/* Owned, and what image names. */
	char *account_id, *type, *path;
	struct steam_artwork_shown image;
	steam_driver_done *done;
	void *user;
};

static void end_showing(struct showing *showing, const struct error *err)
{
	showing->done(showing->user, showing->image.app_id, err);
	free(showing->account_id);
	free(showing->type);
	free(showing->path);
	free(showing);
}

static void on_shown(void *user, uint32_t app_id, const struct error *err);

static void ask_next(struct showing *showing)
{
	while (showing->next < STEAM_DRIVER_COUNT) {
		struct steam_driver *driver = showing->drivers->items[showing->next++];

		if (driver != NULL && driver->ops->show_artwork != NULL) {
			driver->ops->show_artwork(driver, &showing->image, on_shown, showing);
			return;
		}
	}
	end_showing(showing, NULL);
}

static void on_shown(void *user, uint32_t app_id, const struct error *err)
{
	struct showing *showing = user;

	if (err != NULL && steam_driver_is_refusal(err)) {
		ask_next(showing);
	} else {
		end_showing(showing, err);
	}
}

void steam_drivers_show_artwork(const struct steam_drivers *drivers,
	const struct steam_artwork_shown *image, steam_driver_done *done, void *user)
{
	struct showing *showing = xcalloc(1, sizeof(*showing));

	*showing = (struct showing){
		.drivers = drivers,
		.account_id = xstrdup(image->account_id),
		.type = xstrdup(image->type),
		.path = xstrdup(image->path),
		.image = *image,
		.done = done,
		.user = user,
	};
	showing->image.account_id = showing->account_id;
	showing->image.type = showing->type;
	showing->image.path = showing->path;
	ask_next(showing);
}
