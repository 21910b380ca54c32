#include "steam/steam_driver_ui.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/steam_ui.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A new shortcut can take several attempts. */
#define APPLY_WAIT_MS (20 * 1000)
#define SHOW_ARTWORK_WAIT_MS (10 * 1000)
#define RESTART_WAIT_MS (5 * 1000)

struct steam_driver_ui {
	struct steam_driver base;
	struct loop *loop;
	const struct steam_ui *ui;
	LIST_HEAD(, call) calls;
};

/* One request to the plugin. */
struct call {
	LIST_ENTRY(call) link;
	struct steam_driver_ui *driver; /* NULL: destroyed; done was called */
	uint32_t app_id;		/* that the answer must have … */
	bool any_id;			/* … or any shortcut's: the plugin finds or makes it */
	int64_t file;			/* the number it is offered under; 0: none */
	struct error err;		/* why there was no request */
	steam_driver_done *done;
	void *user;
};

/* What the plugin needs to know of an image besides the file. */
struct artwork_params {
	uint32_t app_id;
	const char *artwork_type;
	int64_t asset_type;
	const char *image_type;
	int64_t file;
	int64_t bytes;
};

static const struct json_field artwork_params_fields[] = {
	JSON_FIELD(struct artwork_params, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct artwork_params, artwork_type, "artworkType", JSON_STRING, 0),
	JSON_FIELD(struct artwork_params, asset_type, "assetType", JSON_INT64, 0),
	JSON_FIELD(struct artwork_params, image_type, "imageType", JSON_STRING, 0),
	JSON_FIELD(struct artwork_params, file, "file", JSON_INT64, 0),
	JSON_FIELD(struct artwork_params, bytes, "bytes", JSON_INT64, 0),
	JSON_FIELDS_END,
};

struct answer {
	uint32_t app_id;
};

static const struct json_field answer_fields[] = {
	JSON_FIELD(struct answer, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELDS_END,
};

static struct call *add_call(
	struct steam_driver_ui *driver, uint32_t app_id, steam_driver_done *done, void *user)
{
	struct call *call = xcalloc(1, sizeof(*call));

	*call = (struct call){
		.driver = driver,
		.app_id = app_id,
		.done = done,
		.user = user,
	};
	LIST_INSERT_HEAD(&driver->calls, call, link);
	return call;
}

/* Last, as done may destroy the driver. */
static void end_call(struct call *call, uint32_t app_id, const struct error *err)
{
	struct steam_driver_ui *driver = call->driver;

	LIST_REMOVE(call, link);
	if (call->file != 0) {
		driver->ui->withdraw_file(driver->ui->owner, call->file);
	}
	call->done(call->user, app_id, err);
	free(call);
}

static bool check_answer(
	const struct call *call, const cJSON *result, struct answer *answer, struct error *err)
{
	struct error why;

	if (!json_read(answer, answer_fields, result, &why)) {
		return error_set(err, ERROR_IO, "the game-mode plugin sent a malformed answer: %s",
			why.message);
	}
	if (call->any_id && shortcuts_is_app_id(answer->app_id)) {
		return true;
	}
	if (call->any_id && (call->app_id == 0 || answer->app_id != call->app_id)) {
		return error_set(err, ERROR_IO,
			"the game-mode plugin answered with app id %u, which is not a shortcut's",
			answer->app_id);
	}
	if (answer->app_id != call->app_id) {
		return error_set(err, ERROR_IO,
			"the game-mode plugin answered for app id %u, not %u", answer->app_id,
			call->app_id);
	}
	return true;
}

static void on_answer(void *user, const cJSON *result, const struct error *failure)
{
	struct call *call = user;
	struct answer answer = { 0 };
	struct error err;

	if (failure != NULL) {
		end_call(call, 0, failure);
	} else if (check_answer(call, result, &answer, &err)) {
		end_call(call, answer.app_id, NULL);
	} else {
		end_call(call, 0, &err);
	}
}

static void send_request(
	struct call *call, const char *method, const struct strbuf *params, int64_t wait_ms)
{
	const struct steam_ui *ui = call->driver->ui;

	ui->request(ui->owner, method, strbuf_text(params), wait_ms, on_answer, call);
}

static void ui_apply(struct steam_driver *base, const struct steam_change *change,
	steam_driver_done *done, void *user)
{
	struct call *call = add_call((struct steam_driver_ui *)base, change->app_id, done, user);
	AUTO(strbuf_finish) struct strbuf params = { 0 };

	call->any_id = steam_change_is(change, STEAM_CHANGE_PUT);
	json_write(&params, steam_change_fields, change);
	send_request(call, "steam.apply", &params, APPLY_WAIT_MS);
}

static void answer_failed_offer(void *user)
{
	struct call *call = user;

	if (call->driver != NULL) {
		end_call(call, 0, &call->err);
	} else {
		free(call);
	}
}

static bool is_jpeg(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".jpg") == 0;
}

static void ui_show_artwork(struct steam_driver *base, const struct steam_artwork_shown *image,
	steam_driver_done *done, void *user)
{
	struct steam_driver_ui *driver = (struct steam_driver_ui *)base;
	struct call *call = add_call(driver, image->app_id, done, user);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct artwork_params params = {
		.app_id = image->app_id,
		.artwork_type = image->type,
		.asset_type = image->asset_type,
		.image_type = is_jpeg(image->path) ? "jpg" : "png",
	};

	call->file =
		driver->ui->offer_file(driver->ui->owner, image->path, &params.bytes, &call->err);
	if (call->file == 0) {
		loop_defer(driver->loop, answer_failed_offer, call);
		return;
	}
	params.file = call->file;
	json_write(&text, artwork_params_fields, &params);
	send_request(call, "steam.show_artwork", &text, SHOW_ARTWORK_WAIT_MS);
}

static void ui_restart(struct steam_driver *base, steam_driver_done *done, void *user)
{
	struct call *call = add_call((struct steam_driver_ui *)base, 0, done, user);
	AUTO(strbuf_finish) struct strbuf params = { 0 };

	strbuf_append_text(&params, "{}");
	send_request(call, "steam.restart", &params, RESTART_WAIT_MS);
}

static bool ui_ready(struct steam_driver *base, struct strbuf *reason)
{
	const struct steam_ui *ui = ((struct steam_driver_ui *)base)->ui;
	bool attached = ui->attached(ui->owner);

	strbuf_append_text(reason, attached ? "the game-mode plugin is attached; Steam makes "
					      "changes at once"
					    : "the game-mode plugin is not attached");
	return attached;
}

static void ui_destroy(struct steam_driver *base)
{
	struct steam_driver_ui *driver = (struct steam_driver_ui *)base;
	const struct steam_ui *ui = driver->ui;
	struct call *call;
	struct error err;

	error_set(&err, ERROR_CANCELLED, "CapyDeck ended before the game-mode plugin answered");
	while ((call = LIST_FIRST(&driver->calls)) != NULL) {
		if (call->err.kind == ERROR_NONE) {
			ui->forget(ui->owner, call);
			end_call(call, 0, &err);
		} else {
			LIST_REMOVE(call, link);
			call->driver = NULL;
			call->done(call->user, 0, &err);
		}
	}
	free(driver);
}

static const struct steam_driver_ops ops = {
	.name = "ui",
	.ready = ui_ready,
	.apply = ui_apply,
	.show_artwork = ui_show_artwork,
	.restart = ui_restart,
	.destroy = ui_destroy,
};

struct steam_driver *steam_driver_ui_create(struct loop *loop, const struct steam_ui *ui)
{
	struct steam_driver_ui *driver = xcalloc(1, sizeof(*driver));

	driver->base.ops = &ops;
	driver->loop = loop;
	driver->ui = ui;
	return &driver->base;
}
