#include "steam/cef/http_get.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "core/xalloc.h"
#include "steam/cef/http_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (16 * 1024)
#define HTTP_OK 200

struct http_get {
	uint16_t port;
	size_t max_bytes;
	http_get_done *done;
	void *user;
	int fd; /* −1: it could not be made, or all is over */
	struct loop_watch *watch;
	struct loop_timer *timer; /* the deadline; at once, where it could not begin */
	struct error failure;	  /* why it could not begin */
	struct strbuf request;	  /* and how much of it has left */
	size_t sent_bytes;
	struct strbuf input;
	struct http_answer answer;
};

/* The last thing that is done with it: done may destroy it. */
static void finish(struct http_get *get, const struct error *err)
{
	loop_watch_remove(get->watch);
	get->watch = NULL;
	loop_timer_stop(get->timer);
	if (get->fd >= 0) {
		close(get->fd);
		get->fd = -1;
	}
	if (err != NULL) {
		get->done(get->user, NULL, 0, err);
	} else {
		get->done(get->user, strbuf_text(&get->input) + get->answer.head_bytes,
			get->input.length - get->answer.head_bytes, NULL);
	}
}

static bool send_request(struct http_get *get, struct error *err)
{
	while (get->sent_bytes < get->request.length) {
		ssize_t count = send(get->fd, get->request.data + get->sent_bytes,
			get->request.length - get->sent_bytes, MSG_NOSIGNAL);

		if (count < 0 && errno == EAGAIN) {
			return true;
		}
		if (count < 0) {
			return error_set_errno(err, "cannot reach port %u", get->port);
		}
		get->sent_bytes += (size_t)count;
	}
	loop_watch_set(get->watch, LOOP_READ);
	return true;
}

/* The bytes that are in are the document's; may they be more, and are they all? */
static bool check_answer(struct http_get *get, bool ended, bool *complete, struct error *err)
{
	const struct http_answer *answer = &get->answer;
	size_t length = get->input.length - answer->head_bytes;

	if (answer->status != HTTP_OK) {
		return error_set(
			err, ERROR_IO, "port %u answers with HTTP %u", get->port, answer->status);
	}
	if (answer->body_bytes > (int64_t)get->max_bytes || length > get->max_bytes) {
		return error_set(err, ERROR_TOO_LARGE,
			"what port %u answers is longer than %zu bytes", get->port, get->max_bytes);
	}
	if (answer->body_bytes >= 0 && length >= (size_t)answer->body_bytes) {
		get->input.length = answer->head_bytes + (size_t)answer->body_bytes;
		*complete = true;
	}
	if (answer->body_bytes < 0 && ended) {
		*complete = true;
	}
	return true;
}

static bool look_at_input(struct http_get *get, bool ended, bool *complete, struct error *err)
{
	if (get->answer.head_bytes == 0 &&
		!http_answer_read(&get->answer, strbuf_text(&get->input), get->input.length, err)) {
		return false;
	}
	if (get->answer.head_bytes > 0 && !check_answer(get, ended, complete, err)) {
		return false;
	}
	return *complete || !ended ||
	       error_set(err, ERROR_IO, "port %u ended the connection before its answer did",
		       get->port);
}

static bool receive(struct http_get *get, bool *complete, struct error *err)
{
	size_t before = get->input.length;
	ssize_t count;

	while (!*complete) {
		count = recv(get->fd, strbuf_extend(&get->input, READ_BYTES), READ_BYTES, 0);
		get->input.length = before + (count > 0 ? (size_t)count : 0);
		before = get->input.length;
		if (count < 0 && errno == EAGAIN) {
			return true;
		}
		if (count < 0) {
			return error_set_errno(err, "cannot reach port %u", get->port);
		}
		if (!look_at_input(get, count == 0, complete, err)) {
			return false;
		}
	}
	return true;
}

static void on_ready(void *user, uint32_t events)
{
	struct http_get *get = user;
	bool complete = false;
	struct error err;

	if (get->sent_bytes < get->request.length ? !send_request(get, &err)
						  : !receive(get, &complete, &err)) {
		finish(get, &err);
	} else if (complete) {
		finish(get, NULL);
	}
}

static void on_timer(void *user)
{
	struct http_get *get = user;

	if (get->failure.kind == ERROR_NONE) {
		error_set(&get->failure, ERROR_TIMEOUT, "port %u does not answer", get->port);
	}
	finish(get, &get->failure);
}

struct http_get *http_get_create(
	struct loop *loop, const struct http_get_options *options, http_get_done *done, void *user)
{
	struct http_get *get = xcalloc(1, sizeof(*get));

	get->port = options->port;
	get->max_bytes = options->max_bytes;
	get->done = done;
	get->user = user;
	get->timer = loop_timer_create(loop, on_timer, get);
	get->fd = tcp_socket_connect_local(options->port);
	if (get->fd < 0) {
		error_set_errno(&get->failure, "nothing can be reached on port %u", options->port);
		loop_timer_set(get->timer, 0);
		return get;
	}
	strbuf_appendf(&get->request,
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n", options->path,
		options->port);
	get->watch = loop_watch_add(loop, get->fd, LOOP_WRITE, on_ready, get);
	loop_timer_set(get->timer, options->wait_ms);
	return get;
}

void http_get_destroy(struct http_get *get)
{
	if (get == NULL) {
		return;
	}
	loop_watch_remove(get->watch);
	loop_timer_destroy(get->timer);
	if (get->fd >= 0) {
		close(get->fd);
	}
	strbuf_finish(&get->request);
	strbuf_finish(&get->input);
	free(get);
}
