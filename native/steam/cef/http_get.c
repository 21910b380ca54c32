#include "steam/cef/http_get.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "core/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (16 * 1024)
#define HTTP_OK 200
#define STATUS_LINE "HTTP/1.x 200"

struct http_get {
	uint16_t port;
	size_t max_bytes;
	http_get_done *done;
	void *user;
	int fd; /* −1: it could not be opened, or everything is done */
	struct loop_watch *watch;
	struct loop_timer *timer; /* the deadline; expires at once if it could not start */
	struct error failure;	  /* why it could not start */
	struct strbuf request;	  /* and how much of it was sent */
	size_t sent_bytes;
	struct strbuf input;
	struct http_get_head head;
};

/* --- The head --- */

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool read_status(struct http_get_head *head, const char *line, size_t length)
{
	const char *digits = line + strlen("HTTP/1.x ");

	if (length < strlen(STATUS_LINE) || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ') {
		return false;
	}
	head->status = 0;
	for (int i = 0; i < 3; i++) {
		if (!is_digit(digits[i])) {
			return false;
		}
		head->status = head->status * 10 + (unsigned)(digits[i] - '0');
	}
	return true;
}

/* The value of this field's line, trimmed; NULL: another field. */
static const char *field_value(const char *line, size_t length, const char *name, size_t *left)
{
	size_t name_length = strlen(name);

	if (length <= name_length || line[name_length] != ':' ||
		strncasecmp(line, name, name_length) != 0) {
		return NULL;
	}
	line += name_length + 1;
	length -= name_length + 1;
	while (length > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)line[length - 1])) {
		length--;
	}
	*left = length;
	return line;
}

static bool read_length(struct http_get_head *head, const char *digits, size_t count)
{
	if (count == 0 || count > 15 || head->body_bytes >= 0) {
		return false;
	}
	head->body_bytes = 0;
	for (size_t i = 0; i < count; i++) {
		if (!is_digit(digits[i])) {
			return false;
		}
		head->body_bytes = head->body_bytes * 10 + (digits[i] - '0');
	}
	return true;
}

static bool read_field(struct http_get_head *head, const char *line, size_t length)
{
	size_t value_length;
	const char *value = field_value(line, length, "Content-Length", &value_length);

	if (value != NULL) {
		return read_length(head, value, value_length);
	}
	return field_value(line, length, "Transfer-Encoding", &value_length) == NULL;
}

static bool read_lines(struct http_get_head *head, const char *text, const char *end)
{
	const char *next;

	head->body_bytes = -1;
	for (const char *line = text; line < end; line = next) {
		next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
		if (!(line == text ? read_status(head, line, (size_t)(next - line))
				   : read_field(head, line, (size_t)(next - line)))) {
			return false;
		}
	}
	return true;
}

bool http_get_read_head(
	struct http_get_head *head, const char *text, size_t length, struct error *err)
{
	const char *end = memmem(text, length, "\r\n\r\n", 4);
	size_t head_bytes = end != NULL ? (size_t)(end - text) + 4 : length + 1; /* at least */

	if (head_bytes > HTTP_GET_HEAD_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE, "the HTTP header is longer than %d bytes",
			HTTP_GET_HEAD_MAX_BYTES);
	}
	if (end == NULL) {
		return true;
	}
	if (!read_lines(head, text, end + 2)) {
		return error_set(err, ERROR_INVALID, "not a plain HTTP/1 server");
	}
	head->head_bytes = head_bytes;
	return true;
}

/* --- The request --- */

/* Must be the last use of it: done may destroy it. */
static void end_get(struct http_get *get, const struct error *err)
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
		get->done(get->user, strbuf_text(&get->input) + get->head.head_bytes,
			get->input.length - get->head.head_bytes, NULL);
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

/* What came after the header belongs to the document: is it too much, or all of it? */
static bool check_answer(struct http_get *get, bool ended, bool *complete, struct error *err)
{
	const struct http_get_head *head = &get->head;
	size_t length = get->input.length - head->head_bytes;

	if (head->status != HTTP_OK) {
		return error_set(
			err, ERROR_IO, "port %u answered with HTTP %u", get->port, head->status);
	}
	if (head->body_bytes > (int64_t)get->max_bytes || length > get->max_bytes) {
		return error_set(err, ERROR_TOO_LARGE,
			"the answer from port %u is longer than %zu bytes", get->port,
			get->max_bytes);
	}
	if (head->body_bytes >= 0 && length >= (size_t)head->body_bytes) {
		get->input.length = head->head_bytes + (size_t)head->body_bytes;
		*complete = true;
	}
	if (head->body_bytes < 0 && ended) {
		*complete = true;
	}
	return true;
}

static bool look_at_input(struct http_get *get, bool ended, bool *complete, struct error *err)
{
	if (get->head.head_bytes == 0 &&
		!http_get_read_head(&get->head, strbuf_text(&get->input), get->input.length, err)) {
		return false;
	}
	if (get->head.head_bytes > 0 && !check_answer(get, ended, complete, err)) {
		return false;
	}
	return *complete || !ended ||
	       error_set(err, ERROR_IO,
		       "port %u closed the connection before the answer was complete", get->port);
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
		end_get(get, &err);
	} else if (complete) {
		end_get(get, NULL);
	}
}

static void on_timer(void *user)
{
	struct http_get *get = user;

	if (get->failure.kind == ERROR_NONE) {
		error_set(&get->failure, ERROR_TIMEOUT, "port %u does not answer", get->port);
	}
	end_get(get, &get->failure);
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
		error_set_errno(&get->failure, "cannot connect to port %u", options->port);
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
