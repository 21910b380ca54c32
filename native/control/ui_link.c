#define LOG_MODULE "ui"

#include "control/ui_link.h"

#include "control/offered_files.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "ipc/ipc_server.h"
#include "proto/proto_ipc.h"
#include "steam/steam_ui.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The requests of steam/change/steam_driver_ui.c. */
static const char *const requests[] = { "steam.apply", "steam.restart", "steam.show_artwork" };

struct plugin {
	LIST_ENTRY(plugin) link;
	struct ipc_client_conn *conn;
};

struct request {
	LIST_ENTRY(request) link;
	struct ui_link *owner;
	const struct ipc_client_conn *conn; /* the plugin that must answer; NULL: failed with err */
	struct error err;
	char id[32];
	char *method;
	int64_t wait_ms;
	struct loop_timer *timer;
	steam_ui_done *done;
	void *user;
};

struct ui_link {
	struct loop *loop;
	struct steam_ui ui;
	LIST_HEAD(, plugin) plugins;   /* by link, the newest first */
	LIST_HEAD(, request) requests; /* by link */
	struct offered_files files;
	int64_t last_id;
	struct loop_timer *changed_timer;
	void (*changed)(void *user);
	void *user;
};

static void on_changed_timer(void *user)
{
	const struct ui_link *link = user;

	if (link->changed != NULL) {
		link->changed(link->user);
	}
}

/* On the next turn: a plugin that has just attached gets its answer first, then requests. */
static void tell_changed(const struct ui_link *link)
{
	loop_timer_set(link->changed_timer, 0);
}

/* --- Requests --- */

static void request_destroy(struct request *request)
{
	LIST_REMOVE(request, link);
	loop_timer_destroy(request->timer);
	free(request->method);
	free(request);
}

/* It is out of the list before done is called, which may ask for more. */
static void end_request(struct request *request, const cJSON *result, const struct error *err)
{
	steam_ui_done *done = request->done;
	void *user = request->user;
	struct error why;

	if (err != NULL) {
		why = *err; /* it may be the request's own */
	}
	request_destroy(request);
	done(user, result, err != NULL ? &why : NULL);
}

/* Its err is set; done is called on the loop's next turn. */
static void fail_request(struct request *request)
{
	request->conn = NULL;
	loop_timer_set(request->timer, 0);
}

static struct plugin *find_plugin(const struct ui_link *link, const struct ipc_client_conn *conn)
{
	struct plugin *plugin;

	LIST_FOREACH (plugin, &link->plugins, link) {
		if (plugin->conn == conn) {
			return plugin;
		}
	}
	return NULL;
}

void ui_link_detach(struct ui_link *link, const struct ipc_client_conn *conn)
{
	struct plugin *plugin = find_plugin(link, conn);
	struct request *request;

	if (plugin == NULL) {
		return;
	}
	LIST_REMOVE(plugin, link);
	free(plugin);
	LIST_FOREACH (request, &link->requests, link) {
		if (request->conn == conn) {
			error_set(&request->err, ERROR_CONFLICT,
				"the game-mode plugin went away before it answered '%s'",
				request->method);
			fail_request(request);
		}
	}
	tell_changed(link);
}

static void on_timer(void *user)
{
	struct request *request = user;
	const struct ipc_client_conn *silent = request->conn;

	if (silent != NULL) {
		error_set(&request->err, ERROR_TIMEOUT,
			"the game-mode plugin did not answer '%s' within %g seconds",
			request->method, (double)request->wait_ms / 1000);
		log_warning("%s", request->err.message);
		request->conn = NULL;
		ui_link_detach(request->owner, silent);
	}
	end_request(request, NULL, &request->err);
}

static size_t count_requests(const struct ui_link *link, const struct ipc_client_conn *conn)
{
	const struct request *request;
	size_t count = 0;

	LIST_FOREACH (request, &link->requests, link) {
		count += request->conn == conn;
	}
	return count;
}

static bool send_request(struct request *request, const char *params, struct error *err)
{
	struct ui_link *link = request->owner;
	struct plugin *newest = LIST_FIRST(&link->plugins);
	struct ipc_client_conn *conn = newest != NULL ? newest->conn : NULL;
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (conn == NULL) {
		return error_set(err, ERROR_CONFLICT, "the game-mode plugin is not attached");
	}
	if (count_requests(link, conn) >= UI_LINK_REQUESTS_MAX) {
		return error_set(err, ERROR_CONFLICT,
			"the game-mode plugin already has %d unanswered requests",
			UI_LINK_REQUESTS_MAX);
	}
	ipc_write_call(&line, request->id, request->method, params);
	if (line.length > IPC_LINE_MAX_BYTES) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' has %zu bytes, more than the game-mode plugin accepts",
			request->method, line.length);
	}
	request->conn = conn;
	ipc_server_send(conn, line.data, line.length);
	return true;
}

static bool is_request(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (strcmp(requests[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static void link_request(void *owner, const char *method, const char *params, int64_t wait_ms,
	steam_ui_done *done, void *user)
{
	struct ui_link *link = owner;
	struct request *request = xcalloc(1, sizeof(*request));

	assert(is_request(method));
	*request = (struct request){
		.owner = link,
		.method = xstrdup(method),
		.wait_ms = wait_ms,
		.done = done,
		.user = user,
	};
	snprintf(request->id, sizeof(request->id), "\"steam-%lld\"", (long long)++link->last_id);
	request->timer = loop_timer_create(link->loop, on_timer, request);
	LIST_INSERT_HEAD(&link->requests, request, link);
	if (send_request(request, params, &request->err)) {
		loop_timer_set(request->timer, wait_ms);
	} else {
		fail_request(request);
	}
}

static void link_forget(void *owner, void *user)
{
	const struct ui_link *link = owner;
	struct request *request;

	LIST_FOREACH (request, &link->requests, link) {
		if (request->user == user) {
			request_destroy(request);
			return;
		}
	}
}

/* --- Answers --- */

static bool read_error(
	const struct request *request, const cJSON *json, struct error *what, struct error *err)
{
	struct ipc_error error = { 0 };
	bool ok = json_read(&error, ipc_error_fields, json, err);

	if (ok && error.code == IPC_METHOD_NOT_FOUND) {
		error_set(what, ERROR_CONFLICT, "the game-mode plugin does not know '%s'",
			request->method);
	} else if (ok) {
		error_set(what, ipc_error_kind(error.code), "%s",
			error.message != NULL && *error.message != '\0'
				? error.message
				: "the game-mode plugin failed without saying why");
	}
	json_finish(&error, ipc_error_fields);
	return ok;
}

static struct request *find_request(
	const struct ui_link *link, const struct ipc_client_conn *conn, const cJSON *id)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct request *request;

	if (id == NULL) {
		return NULL;
	}
	json_print(id, &text);
	LIST_FOREACH (request, &link->requests, link) {
		if (request->conn == conn && strcmp(request->id, text.data) == 0) {
			return request;
		}
	}
	return NULL;
}

bool ui_link_take_answer(
	struct ui_link *link, const struct ipc_client_conn *conn, const cJSON *message)
{
	const cJSON *result = json_member(message, "result");
	const cJSON *error = json_member(message, "error");
	struct request *request;
	struct error why, err;

	if (json_member(message, "method") != NULL) {
		return false;
	}
	request = find_request(link, conn, json_member(message, "id"));
	if (request == NULL) {
		return result != NULL || error != NULL;
	}
	if (error == NULL && json_is_object(result)) {
		end_request(request, result, NULL);
	} else if (error != NULL && read_error(request, error, &why, &err)) {
		end_request(request, NULL, &why);
	} else {
		error_set(&why, ERROR_IO,
			"the game-mode plugin's answer to '%s' has neither an object as 'result' "
			"nor an 'error' with 'code' and 'message'",
			request->method);
		end_request(request, NULL, &why);
	}
	return true;
}

/* --- Plugins --- */

static bool link_attached(void *owner)
{
	const struct ui_link *link = owner;

	return !LIST_EMPTY(&link->plugins);
}

void ui_link_attach(struct ui_link *link, struct ipc_client_conn *conn, const char *name)
{
	struct plugin *plugin = find_plugin(link, conn);

	if (plugin != NULL) {
		LIST_REMOVE(plugin, link);
	} else {
		plugin = xcalloc(1, sizeof(*plugin));
		plugin->conn = conn;
	}
	LIST_INSERT_HEAD(&link->plugins, plugin, link);
	log_info("the game-mode plugin '%s' is attached", name != NULL ? name : "");
	tell_changed(link);
}

/* --- Files --- */

static int64_t link_offer_file(void *owner, const char *path, int64_t *bytes, struct error *err)
{
	struct ui_link *link = owner;

	return offered_files_add(&link->files, path, bytes, err);
}

static void link_withdraw_file(void *owner, int64_t number)
{
	struct ui_link *link = owner;

	offered_files_remove(&link->files, number);
}

bool ui_link_read_file(const struct ui_link *link, const struct ipc_client_conn *conn,
	int64_t number, int64_t offset, struct strbuf *data, int64_t *total, struct error *err)
{
	if (count_requests(link, conn) == 0) {
		return error_set(err, ERROR_NOT_FOUND,
			"file %lld can only be read by a plugin with an open request",
			(long long)number);
	}
	return offered_files_read(
		&link->files, number, offset, UI_LINK_PART_MAX_BYTES, data, total, err);
}

struct ui_link *ui_link_create(struct loop *loop)
{
	struct ui_link *link = xcalloc(1, sizeof(*link));

	link->loop = loop;
	link->changed_timer = loop_timer_create(loop, on_changed_timer, link);
	link->ui = (struct steam_ui){
		.attached = link_attached,
		.request = link_request,
		.forget = link_forget,
		.offer_file = link_offer_file,
		.withdraw_file = link_withdraw_file,
		.owner = link,
	};
	return link;
}

void ui_link_destroy(struct ui_link *link)
{
	struct plugin *plugin, *next;

	if (link == NULL) {
		return;
	}
	assert(LIST_EMPTY(&link->requests));
	LIST_FOREACH_SAFE (plugin, &link->plugins, link, next) {
		free(plugin);
	}
	loop_timer_destroy(link->changed_timer);
	offered_files_finish(&link->files);
	free(link);
}

const struct steam_ui *ui_link_steam_ui(const struct ui_link *link)
{
	return &link->ui;
}

void ui_link_set_changed(struct ui_link *link, void (*changed)(void *user), void *user)
{
	link->changed = changed;
	link->user = user;
}
