#define LOG_MODULE "libwebsockets"

#include "ws/lws_loop.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/fatal.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/xalloc.h"

#include <assert.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Descriptors lws may hold: guests, Hubs, closing connections, the loop's. It searches them all. */
#define LWS_FDS_MAX 64
/* Its own handshake time-outs; ours are shorter and give a reason. */
#define LWS_TIMEOUT_S 120

struct lws_loop {
	struct loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	STAILQ_HEAD(, lws_loop_task) tasks;
	unsigned held_count;
};

static int on_loop_fd(
	struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t length)
{
	if (reason == LWS_CALLBACK_RAW_RX_FILE) {
		struct lws_loop *lws_loop = lws_context_user(lws_get_context(wsi));

		loop_dispatch(lws_loop->loop);
	}
	return 0;
}

static const struct lws_protocols loop_protocols[] = {
	{ .name = "capydeck-loop", .callback = on_loop_fd },
	{ 0 },
};

static void log_line(int level, const char *line)
{
	log_debug("%.*s", (int)strcspn(line, "\n"), line);
}

/*
 * port: distinguishes vhosts that do not listen, since lws binds a request to the first vhost of
 * its port, whichever one adopted the socket.
 */
static struct lws_vhost *create_vhost(struct lws_loop *lws_loop, const char *name, int port,
	const struct lws_protocols *protocols)
{
	const struct lws_context_creation_info info = {
		.vhost_name = name,
		.port = port,
		.protocols = protocols,
		.alpn = "http/1.1",
		.timeout_secs = LWS_TIMEOUT_S,
		.options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
	};
	struct lws_vhost *vhost = lws_create_vhost(lws_loop->context, &info);

	/* lws takes $http_proxy; our peers are on the local network, and no proxy may read along.
	 */
	if (vhost != NULL) {
		lws_set_proxy(vhost, ":0");
	}
	return vhost;
}

static bool adopt_loop(struct lws_loop *lws_loop, struct error *err)
{
	struct lws_vhost *vhost =
		create_vhost(lws_loop, "loop", CONTEXT_PORT_NO_LISTEN, loop_protocols);
	/* lws closes what it adopted. */
	lws_sock_file_fd_type fd = { .filefd = fcntl(loop_fd(lws_loop->loop), F_DUPFD_CLOEXEC, 0) };

	if (fd.filefd < 0) {
		return error_set_errno(err, "cannot duplicate the event loop's descriptor");
	}
	if (vhost == NULL || lws_adopt_descriptor_vhost(
				     vhost, LWS_ADOPT_RAW_FILE_DESC, fd, NULL, NULL) == NULL) {
		close(fd.filefd);
		return error_set(err, ERROR_IO, "libwebsockets refused the event loop");
	}
	return true;
}

/* lws crashes where it gets no memory, e.g. for the headers of a connection that was accepted. */
static void *allocate(void *pointer, size_t bytes, const char *reason)
{
	void *grown;

	if (bytes == 0) {
		free(pointer);
		return NULL;
	}
	grown = realloc(pointer, bytes);
	if (grown == NULL) {
		fatal_memory(bytes);
	}
	return grown;
}

struct lws_loop *lws_loop_create(struct loop *loop, struct error *err)
{
	struct lws_loop *lws_loop = xcalloc(1, sizeof(*lws_loop));
	const struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.user = lws_loop,
		.pt_serv_buf_size = LWS_LOOP_READ_BYTES,
		.fd_limit_per_thread = LWS_FDS_MAX,
		.alpn = "http/1.1",
		.timeout_secs = LWS_TIMEOUT_S,
		/* No DO_SSL_GLOBAL_INIT: it alone takes longer than our whole startup. */
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8 |
			   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
	};

	lws_loop->loop = loop;
	STAILQ_INIT(&lws_loop->tasks);
	lws_set_allocator(allocate);
	lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
	lws_loop->context = lws_create_context(&info);
	if (lws_loop->context == NULL) {
		error_set(err, ERROR_IO, "libwebsockets cannot start; run with --verbose");
		goto fail;
	}
	if (!adopt_loop(lws_loop, err)) {
		goto fail;
	}
	return lws_loop;
fail:
	lws_loop_destroy(lws_loop);
	return NULL;
}

static void run_tasks(struct lws_loop *lws_loop)
{
	while (!STAILQ_EMPTY(&lws_loop->tasks)) {
		struct lws_loop_task *task = STAILQ_FIRST(&lws_loop->tasks);

		STAILQ_REMOVE_HEAD(&lws_loop->tasks, link);
		task->waiting = false;
		task->run(task);
	}
}

void lws_loop_destroy(struct lws_loop *lws_loop)
{
	if (lws_loop == NULL) {
		return;
	}
	run_tasks(lws_loop);
	if (lws_loop->context != NULL) {
		lws_context_destroy(lws_loop->context);
	}
	run_tasks(lws_loop); /* of the sockets closed with the context */
	assert(lws_loop->held_count == 0);
	free(lws_loop);
}

void lws_loop_run(struct lws_loop *lws_loop)
{
	struct pollfd core = { .fd = loop_fd(lws_loop->loop), .events = POLLIN };

	for (;;) {
		run_tasks(lws_loop);
		if (loop_stopped(lws_loop->loop)) {
			break;
		}
		if (lws_loop->held_count > 0) {
			lws_service(lws_loop->context, 0); /* blocks until something happens */
			continue;
		}
		/* lws wakes every 30 s whether it has sockets or not; without any, leave it out. */
		if (poll(&core, 1, -1) > 0) {
			loop_dispatch(lws_loop->loop);
		}
	}
	loop_run(lws_loop->loop); /* returns at once and clears the stop */
}

struct lws_context *lws_loop_context(struct lws_loop *lws_loop)
{
	return lws_loop->context;
}

struct loop *lws_loop_core(struct lws_loop *lws_loop)
{
	return lws_loop->loop;
}

struct lws_vhost *lws_loop_vhost(struct lws_loop *lws_loop, const struct lws_protocols *protocols)
{
	if (lws_loop->vhost == NULL) {
		lws_loop->vhost = create_vhost(
			lws_loop, "websocket", CONTEXT_PORT_NO_LISTEN_SERVER, protocols);
	}
	return lws_loop->vhost;
}

void lws_loop_later(struct lws_loop *lws_loop, struct lws_loop_task *task)
{
	if (task->waiting) {
		return;
	}
	task->waiting = true;
	STAILQ_INSERT_TAIL(&lws_loop->tasks, task, link);
}

void lws_loop_hold(struct lws_loop *lws_loop)
{
	lws_loop->held_count++;
}

void lws_loop_release(struct lws_loop *lws_loop)
{
	assert(lws_loop->held_count > 0);
	lws_loop->held_count--;
}
