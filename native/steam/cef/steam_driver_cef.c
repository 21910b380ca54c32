#include "steam/cef/steam_driver_cef.h"

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/cef/cef_message.h"
#include "steam/cef/cef_session.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The script times out first, so that it can say why. */
#define SCRIPT_WAIT_MS 15000
#define OPERATION_WAIT_MS 20000
/* Never reached in practice: local connections are answered at once. */
#define READY_WAIT_MS 20
/*
 * Bytes of an image per call: masking a message takes the loop's time. A multiple of 3, for base64.
 */
#define PIECE_BYTES (192 * 1024)

struct steam_driver_cef {
	struct steam_driver base;
	struct worker *worker;
	const int64_t *port;
	struct cef_session *session;
	int64_t next_id;
	TAILQ_HEAD(, operation) operations; /* the first is under way */
};

/*
 * One operation: one call of the script; for an image, one call per piece, then the last one. Owns
 * all it needs, so that the worker may finish after the driver is destroyed.
 */
struct operation {
	struct worker_job job; /* makes the next call's message */
	TAILQ_ENTRY(operation) link;
	struct steam_driver_cef *driver; /* NULL: destroyed; done was called */
	bool with_worker;
	int64_t deadline_ms;
	struct strbuf argument; /* of the last call, still without its end */
	char *image_path;	/* to be transferred first; NULL: none */
	int image_fd;
	int64_t sent_bytes; /* of the image's base64 */
	int64_t id;	    /* of the message */
	struct strbuf message;
	bool is_last;
	struct error err; /* why there is no message */
	steam_driver_done *done;
	void *user;
};

static struct operation *operation_of(struct worker_job *job)
{
	return CONTAINER_OF(job, struct operation, job);
}

static void operation_destroy(struct operation *operation)
{
	close_fd(&operation->image_fd);
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

/* Steam's name for the type of the file; it checks the bytes anyway. */
static const char *image_type(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".jpg") == 0 ? "jpg" : "png";
}

static bool read_piece(struct operation *operation, struct strbuf *piece, struct error *err)
{
	off_t offset = operation->sent_bytes / 4 * 3;
	ssize_t count = -1;

	if (operation->image_fd < 0) {
		operation->image_fd = open(operation->image_path, O_RDONLY | O_CLOEXEC);
	}
	if (operation->image_fd >= 0) {
		count = pread(operation->image_fd, strbuf_extend(piece, PIECE_BYTES), PIECE_BYTES,
			offset);
	}
	if (count < 0) {
		return error_set_errno(err, "cannot read '%s'", operation->image_path);
	}
	if (count > 0 && offset + count > STEAM_DRIVER_IMAGE_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE, "'%s' is longer than %d bytes",
			operation->image_path, STEAM_DRIVER_IMAGE_MAX_BYTES);
	}
	piece->length = (size_t)count;
	return true;
}

/* The call that transfers the next piece; argument stays empty when there is none. */
static bool append_piece(struct operation *operation, struct strbuf *argument, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf piece = { 0 };

	if (!read_piece(operation, &piece, err)) {
		return false;
	}
	if (piece.length > 0) {
		begin_argument(argument, "holdImage");
		strbuf_appendf(
			argument, ",\"offset\":%lld,\"data\":\"", (long long)operation->sent_bytes);
		base64_encode(argument, piece.data, piece.length);
		strbuf_append_text(argument, "\"}");
		operation->sent_bytes += (int64_t)(piece.length + 2) / 3 * 4;
	}
	return true;
}

static void run_job(struct worker_job *job)
{
	struct operation *operation = operation_of(job);
	AUTO(strbuf_finish) struct strbuf argument = { 0 };

	if (operation->image_path != NULL && !append_piece(operation, &argument, &operation->err)) {
		return;
	}
	if (argument.length == 0) {
		operation->is_last = true;
		strbuf_move(&argument, &operation->argument);
		if (operation->image_path != NULL) {
			strbuf_appendf(
				&argument, ",\"length\":%lld}", (long long)operation->sent_bytes);
		}
		strbuf_append_char(&argument, '}');
	}
	cef_message_write(&operation->message, operation->id, strbuf_text(&argument));
}

static void start_call(struct steam_driver_cef *driver)
{
	struct operation *operation = TAILQ_FIRST(&driver->operations);

	operation->with_worker = true;
	operation->id = ++driver->next_id;
	worker_submit(driver->worker, &operation->job);
}

static void start_first(struct steam_driver_cef *driver)
{
	struct operation *operation = TAILQ_FIRST(&driver->operations);

	if (operation != NULL) {
		operation->deadline_ms = loop_now_ms() + OPERATION_WAIT_MS;
		start_call(driver);
	}
}

/* Ends the first operation; the next one starts. Last, done may destroy the driver. */
static void finish_first(struct steam_driver_cef *driver, uint32_t app_id, const struct error *err)
{
	struct operation *operation = TAILQ_FIRST(&driver->operations);

	TAILQ_REMOVE(&driver->operations, operation, link);
	start_first(driver);
	operation->done(operation->user, app_id, err);
	operation_destroy(operation);
}

static void on_answer(void *user, uint32_t app_id, const struct error *err)
{
	struct steam_driver_cef *driver = user;

	if (err == NULL && !TAILQ_FIRST(&driver->operations)->is_last) {
		start_call(driver);
	} else {
		finish_first(driver, app_id, err);
	}
}

static void job_finished(struct worker_job *job)
{
	struct operation *operation = operation_of(job);
	struct steam_driver_cef *driver = operation->driver;
	int64_t left_ms = operation->deadline_ms - loop_now_ms();

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
						 .wait_ms = left_ms > 0 ? left_ms : 0,
						 .done = on_answer,
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
		.image_fd = -1,
		.done = done,
		.user = user,
	};
	begin_argument(&operation->argument, method);
	return operation;
}

static void enqueue(struct operation *operation)
{
	struct steam_driver_cef *driver = operation->driver;

	TAILQ_INSERT_TAIL(&driver->operations, operation, link);
	if (TAILQ_FIRST(&driver->operations) == operation) {
		start_first(driver);
	}
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

	strbuf_appendf(&operation->argument,
		",\"image\":{\"appId\":%u,\"assetType\":%d,\"imageType\":\"%s\"", image->app_id,
		image->asset_type, image_type(image->path));
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
		strbuf_appendf(reason, "nothing listens on port %u; Steam's debugger is off", port);
		return false;
	}
	strbuf_appendf(reason, "Steam's debugger answers on port %u", port);
	return true;
}

static void cef_destroy(struct steam_driver *base)
{
	struct steam_driver_cef *driver = (struct steam_driver_cef *)base;
	struct operation *operation, *next;
	struct error err;

	error_set(&err, ERROR_CANCELLED, "CapyDeck ended before Steam answered");
	TAILQ_FOREACH_SAFE (operation, &driver->operations, link, next) {
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
	TAILQ_INIT(&driver->operations);
	return &driver->base;
}
