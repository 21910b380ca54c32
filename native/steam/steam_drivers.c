#include "steam/steam_drivers.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "steam/cef/steam_driver_cef.h"
#include "steam/change/steam_driver.h"
#include "steam/files/steam_driver_files.h"
#include "steam/steam.h"
#include "steam/steam_driver_ui.h"

void steam_drivers_init(struct steam_drivers *drivers, struct loop *loop, struct worker *worker,
	const struct steam_options *options)
{
	*drivers = (struct steam_drivers){ 0 };
	if (options->ui != NULL) {
		drivers->items[STEAM_DRIVER_UI] = steam_driver_ui_create(loop, options->ui);
	}
	if (options->lws_loop != NULL) {
		drivers->items[STEAM_DRIVER_CEF] =
			steam_driver_cef_create(options->lws_loop, worker, options->debugger_port);
	}
	drivers->items[STEAM_DRIVER_FILES] = steam_driver_files_create(worker, options);
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

struct steam_driver *steam_drivers_restarter(const struct steam_drivers *drivers)
{
	for (size_t i = 0; i < STEAM_DRIVER_COUNT; i++) {
		struct steam_driver *driver = drivers->items[i];
		AUTO(strbuf_finish) struct strbuf why = { 0 };

		if (driver != NULL && driver->ops->restart != NULL &&
			driver->ops->ready(driver, &why)) {
			return driver;
		}
	}
	return NULL;
}

bool steam_drivers_is_refusal(const struct error *err)
{
	return err->kind == ERROR_CONFLICT || err->kind == ERROR_TIMEOUT;
}
