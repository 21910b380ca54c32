/*
 * The cef driver on a command line, for tests/e2e/cef.test.mjs: one request a line from stdin, one
 * answer a line, until stdin ends. $1: the debugger's port.
 *
 *	ready			{"ready":…,"reason":…}
 *	apply CHANGE		{"appId":…} or {"kind":…,"message":…}, as the other two
 *	show {"appId":…,"assetType":…,"path":…}
 *	restart
 *
 * Requests are passed on as they arrive, so that several lines at once are several operations.
 */
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "steam/cef/steam_driver_cef.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "ws/lws_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct loop *loop;
static struct steam_driver *driver;
static struct strbuf input;

static void on_done(void *user, uint32_t app_id, const struct error *err)
{
	static const char *const kinds[] = {
		[ERROR_NOT_FOUND] = "not_found",
		[ERROR_CONFLICT] = "conflict",
		[ERROR_IO] = "io",
		[ERROR_TIMEOUT] = "timeout",
		[ERROR_CANCELLED] = "cancelled",
	};
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (err == NULL) {
		printf("{\"appId\":%u}\n", app_id);
		return;
	}
	json_write_string(&line, err->message);
	printf("{\"kind\":\"%s\",\"message\":%s}\n",
		err->kind < sizeof(kinds) / sizeof(*kinds) && kinds[err->kind] != NULL
			? kinds[err->kind]
			: "other",
		strbuf_text(&line));
}

static void ready(const char *argument)
{
	AUTO(strbuf_finish) struct strbuf reason = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	bool is_ready = driver->ops->ready(driver, &reason);

	json_write_string(&line, strbuf_text(&reason));
	printf("{\"ready\":%s,\"reason\":%s}\n", is_ready ? "true" : "false", strbuf_text(&line));
}

static void apply(const char *argument)
{
	AUTO(steam_change_finish) struct steam_change change = { 0 };
	struct error err;

	if (json_read_text(&change, steam_change_fields, argument, strlen(argument), &err) &&
		steam_change_check(&change, &err)) {
		driver->ops->apply(driver, &change, on_done, NULL);
	} else {
		on_done(NULL, 0, &err);
	}
}

struct image {
	uint32_t app_id;
	int64_t asset_type;
	char *path;
};

static const struct json_field image_fields[] = {
	JSON_FIELD(struct image, app_id, "appId", JSON_UINT32, JSON_REQUIRED),
	JSON_FIELD(struct image, asset_type, "assetType", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct image, path, "path", JSON_STRING, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static void show(const char *argument)
{
	struct image image = { 0 };
	struct error err;

	if (json_read_text(&image, image_fields, argument, strlen(argument), &err)) {
		driver->ops->show_artwork(driver,
			&(struct steam_artwork_shown){
				.app_id = image.app_id,
				.asset_type = (int)image.asset_type,
				.path = image.path,
			},
			on_done, NULL);
	} else {
		on_done(NULL, 0, &err);
	}
	json_finish(&image, image_fields);
}

static void restart(const char *argument)
{
	driver->ops->restart(driver, on_done, NULL);
}

static void run_line(char *line)
{
	static const struct {
		const char *name;
		void (*run)(const char *argument);
	} commands[] = {
		{ "apply", apply },
		{ "ready", ready },
		{ "restart", restart },
		{ "show", show },
	};
	size_t length = strcspn(line, " ");
	const char *argument = line[length] != '\0' ? line + length + 1 : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strncmp(commands[i].name, line, length) == 0) {
			commands[i].run(argument);
		}
	}
}

static void on_input(void *user, uint32_t events)
{
	ssize_t count = read(STDIN_FILENO, strbuf_extend(&input, 4096), 4096);
	char *end;

	input.length -= (size_t)(4096 - (count > 0 ? count : 0));
	input.data[input.length] = '\0';
	while ((end = memchr(strbuf_text(&input), '\n', input.length)) != NULL) {
		AUTO(strbuf_finish) struct strbuf rest = { 0 };

		*end = '\0';
		strbuf_append_text(&rest, end + 1);
		run_line(input.data);
		strbuf_move(&input, &rest);
	}
	if (count <= 0) {
		loop_stop(loop);
	}
}

int main(int argc, char **argv)
{
	int64_t port = argc > 1 ? atoi(argv[1]) : 0;
	struct loop_watch *watch;
	struct lws_loop *lws_loop;
	struct worker *worker;

	if (port == 0) {
		fprintf(stderr, "usage: cef_tool PORT\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	loop = loop_create();
	lws_loop = lws_loop_create(loop, NULL);
	worker = worker_create(loop, 2);
	driver = steam_driver_cef_create(lws_loop, worker, &port);
	watch = loop_watch_add(loop, STDIN_FILENO, LOOP_READ, on_input, NULL);
	lws_loop_run(lws_loop);
	loop_watch_remove(watch);
	driver->ops->destroy(driver);
	worker_destroy(worker);
	lws_loop_destroy(lws_loop);
	loop_destroy(loop);
	strbuf_finish(&input);
	return 0;
}
