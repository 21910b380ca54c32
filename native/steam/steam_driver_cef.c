#include "steam/steam_driver_cef.h"

#include "core/atomic_file.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "net/tcp_socket.h"
#include "steam/artwork.h"
#include "steam/cef_message.h"
#include "steam/cef_session.h"
#include "steam/steam_change.h"
#include "steam/steam_driver.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The script gives up first, so that it can say why. */
#define SCRIPT_WAIT_MS 15000
#define OPERATION_WAIT_MS 20000
/* Nobody waits for so long: this machine answers itself at once. */
#define READY_WAIT_MS 20

struct steam_driver_cef {
	struct steam_driver base;
	struct worker *worker;
	const int64_t *port;
	struct cef_session *session;
	int64_t next_id;
	/* Linked by next; the first is under way. */
	struct operation *first;
	struct operation *last;
};

/* Owns all it needs, so that the worker may finish with it when the driver is gone. */
struct operation {
	struct worker_job job;
	struct operation *next;
	struct steam_driver_cef *driver; /* NULL: gone; done was called */
	bool with_worker;
	int64_t id;
	char *image_path; /* to be shown; NULL: none */
	uint32_t app_id;
	int asset_type;
	struct strbuf argument;
	struct strbuf message;
	struct error err;
	steam_driver_done *done;
	void *user;
};

static struct operation *operation_of(struct worker_job *job)
{
	return (struct operation *)((char *)job - offsetof(struct operation, job));
}

static void operation_destroy(struct operation *operation)
{
	free(operation->image_path);
	strbuf_finish(&operation->argument);
	strbuf_finish(&operation->message);
	free(operation);
}

/* The argument of the script; its head describes it. */
static void begin_argument(struct strbuf *out, const char *method)
{
	strbuf_appendf(out, "{\"waitMs\":%d,\"method\":\"%s\"", SCRIPT_WAIT_MS, method);
}

/* What Steam calls the kind of file; it looks at the bytes all the same. */
static const char *image_type(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".jpg") == 0 ? "jpg" : "png";
}

static bool append_image(struct operation *operation, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf bytes = { 0 };
	struct strbuf *out = &operation->argument;

	if (!atomic_file_read(operation->image_path, ARTWORK_MAX_BYTES, &bytes, err)) {
		return false;
	}
	strbuf_appendf(out,
		",\"image\":{\"appId\":%u,\"assetType\":%d,\"imageType\":\"%s\",\"data\":\"",
		operation->app_id, operation->asset_type, image_type(operation->image_path));
	base64_encode(out, strbuf_text(&bytes), bytes.length);
	strbuf_append_text(out, "\"}");
	return true;
}

static void run_job(struct worker_job *job)
{
	struct operation *operation = operation_of(job);

	if (operation->image_path != NULL && !append_image(operation, &operation->err)) {
		return;
	}
	strbuf_append_char(&operation->argument, '}');
	cef_message_write(&operation->message, operation->id, strbuf_text(&operation->argument));
	strbuf_finish(&operation->argument);
}

static void start_first(struct steam_driver_cef *driver)
{
	struct operation *operation = driver->first;

	operation->with_worker = true;
	operation->id = ++driver->next_id;
	worker_submit(driver->worker, &operation->job);
}

/* Ends the first operation; the next one starts. Last, done may destroy the driver. */
static void finish_first(void *user, uint32_t app_id, const struct error *err)
{
	struct steam_driver_cef *driver = user;
	struct operation *operation = driver->first;

	driver->first = operation->next;
	if (driver->first != NULL) {
		start_first(driver);
	}
	operation->done(operation->user, app_id, err);
	operation_destroy(operation);
}

static void job_finished(struct worker_job *job)
{
	struct operation *operation = operation_of(job);
	struct steam_driver_cef *driver = operation->driver;

	operation->with_worker = false;
	if (driver == NULL) {
		operation_destroy(operation);
		return;
	}
	if (operation->err.kind != ERROR_NONE) {
		finish_first(driver, 0, &operation->err);
		return;
	}
	cef_session_ask(driver->session, &(struct cef_request){
						 .port = (uint16_t)*driver->port,
						 .id = operation->id,
						 .message_take = &operation->message,
						 .wait_ms = OPERATION_WAIT_MS,
						 .done = finish_first,
						 .user = driver,
					 });
}

static struct operation *operation_create(
	struct steam_driver *base, const char *method, steam_driver_done *done, void *user)
{
	struct operation *operation = xcalloc(1, sizeof(*operation));

	*operation = (struct operation){
		.job = { .run = run_job, .done = job_finished },
		.driver = (struct steam_driver_cef *)base,
		.done = done,
		.user = user,
	};
	begin_argument(&operation->argument, method);
	return operation;
}

static void enqueue(struct operation *operation)
{
	struct steam_driver_cef *driver = operation->driver;

	if (driver->first == NULL) {
		driver->first = operation;
		start_first(driver);
	} else {
		driver->last->next = operation;
	}
	driver->last = operation;
}

static void cef_apply(struct steam_driver *base, const struct steam_change *change,
	steam_driver_done *done, void *user)
{
	struct operation *operation = operation_create(base, "apply", done, user);

	strbuf_append_text(&operation->argument, ",\"change\":");
	json_write(&operation->argument, steam_change_fields, change);
	enqueue(operation);
}

static void cef_show_artwork(struct steam_driver *base, const struct steam_artwork_shown *image,
	steam_driver_done *done, void *user)
{
	struct operation *operation = operation_create(base, "showArtwork", done, user);

	operation->app_id = image->app_id;
	operation->asset_type = image->asset_type;
	operation->image_path = xstrdup(image->path);
	enqueue(operation);
}

static void cef_restart(struct steam_driver *base, steam_driver_done *done, void *user)
{
	enqueue(operation_create(base, "restart", done, user));
}

static bool cef_ready(struct steam_driver *base, struct strbuf *reason)
{
	struct steam_driver_cef *driver = (struct steam_driver_cef *)base;
	uint16_t port = (uint16_t)*driver->port;

	if (!tcp_socket_local_answers(port, READY_WAIT_MS)) {
		strbuf_appendf(reason, "nothing listens on port %u: Steam's debugger is off", port);
		return false;
	}
	strbuf_appendf(reason, "Steam's debugger answers on port %u", port);
	return true;
}

static void cef_destroy(struct steam_driver *base)
{
	struct steam_driver_cef *driver = (struct steam_driver_cef *)base;
	struct operation *next;
	struct error err;

	error_set(&err, ERROR_CANCELLED, "what Steam was asked to do was not waited for");
	for (struct operation *operation = driver->first; operation != NULL; operation = next) {
		next = operation->next;
		operation->driver = NULL;
		operation->done(operation->user, 0, &err);
		if (!operation->with_worker) {
			operation_destroy(operation);
		}
	}
	cef_session_destroy(driver->session);
	free(driver);
}

static const struct steam_driver_ops ops = {
	.name = "cef",
	.ready = cef_ready,
	.apply = cef_apply,
	.show_artwork = cef_show_artwork,
	.restart = cef_restart,
	.destroy = cef_destroy,
};

struct steam_driver *steam_driver_cef_create(
	struct lws_loop *lws_loop, struct worker *worker, const int64_t *port)
{
	struct steam_driver_cef *driver = xcalloc(1, sizeof(*driver));

	*driver = (struct steam_driver_cef){
		.base = { .ops = &ops },
		.worker = worker,
		.port = port,
		.session = cef_session_create(lws_loop),
	};
	return &driver->base;
}
