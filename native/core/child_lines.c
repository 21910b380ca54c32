#include "core/child_lines.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/spawn.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PART_BYTES 16384
/* More than a socket holds: anything that still writes after the child's end is not the child. */
#define LAST_PARTS_MAX 32
#define PING_MS (10 * 1000)
#define UNANSWERED_MAX 2    /* pings: with the period before them, three without a report */
#define EXIT_NOT_LOADED 127 /* the dynamic linker's */

struct child_lines {
	struct spawn *process;
	int fd;			  /* our end; non-blocking */
	struct loop_watch *watch; /* NULL: one side has closed, or it was killed */
	struct strbuf input;	  /* the beginning of a report */
	struct loop_timer *ping_timer;
	unsigned unanswered; /* pings */
	struct error why;    /* why it was killed, or zeroed */
	const char *name;
	size_t report_max_bytes;
	bool (*reported)(void *user, const char *report, size_t length);
	void (*ended)(void *user, const struct error *why);
	void (*ping)(void *user);
	int64_t ping_ms;
	void *user;
	bool is_reading;   /* destroying it is deferred until that is over */
	bool is_destroyed; /* meanwhile */
};

static void stop_reading(struct child_lines *child)
{
	loop_watch_remove(TAKE_PTR(child->watch));
	strbuf_finish(&child->input);
}

static void take_reports(struct child_lines *child)
{
	AUTO(strbuf_finish) struct strbuf report = { 0 };

	while (child->watch != NULL && strbuf_take_line(&child->input, &report)) {
		if (report.length > child->report_max_bytes) {
			child_lines_kill(child, "sent a report that is too long");
		} else if (!child->reported(child->user, strbuf_text(&report), report.length) &&
			   !child->is_destroyed) {
			child_lines_kill(child, "sent a malformed report");
		}
	}
	if (child->input.length > child->report_max_bytes) {
		child_lines_kill(child, "sent a report that is too long");
	}
}

/* False: nothing more to read at the moment. */
static bool read_part(struct child_lines *child)
{
	char part[PART_BYTES];
	ssize_t length = recv(child->fd, part, sizeof(part), 0);

	if (length > 0) {
		child->unanswered = 0;
		strbuf_append(&child->input, part, (size_t)length);
		take_reports(child);
		return child->watch != NULL;
	}
	if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
		stop_reading(child); /* what is left is its end */
	}
	return false;
}

/* False: it was destroyed meanwhile. */
static bool read_parts(struct child_lines *child, int count)
{
	child->is_reading = true;
	while (count > 0 && child->watch != NULL && read_part(child)) {
		count--;
	}
	child->is_reading = false;
	if (child->is_destroyed) {
		child_lines_destroy(child);
		return false;
	}
	return true;
}

static void on_readable(void *user, uint32_t events)
{
	read_parts(user, 1);
}

/* Pings are counted, not time: a loop that was blocked itself has not read the answers yet. */
static void on_ping_timer(void *user)
{
	struct child_lines *child = user;

	if (child->unanswered == UNANSWERED_MAX) {
		child_lines_kill(child, "does not answer");
		return;
	}
	child->unanswered++;
	loop_timer_set(child->ping_timer, child->ping_ms);
	child->ping(child->user);
}

static void explain(struct error *why, const char *name, int status)
{
	if (WIFSIGNALED(status)) {
		error_set(
			why, ERROR_CANCELLED, "%s was killed by signal %d", name, WTERMSIG(status));
	} else if (WEXITSTATUS(status) == EXIT_NOT_LOADED) {
		error_set(why, ERROR_CANCELLED, "%s is missing a library; the log names it", name);
	} else {
		error_set(
			why, ERROR_CANCELLED, "%s exited with code %d", name, WEXITSTATUS(status));
	}
}

static void on_exited(void *user, int status)
{
	struct child_lines *child = user;

	if (!read_parts(child, LAST_PARTS_MAX)) {
		return;
	}
	stop_reading(child);
	loop_timer_stop(child->ping_timer);
	if (child->why.kind == ERROR_NONE) {
		explain(&child->why, child->name, status);
	}
	child->ended(child->user, &child->why);
}

struct child_lines *child_lines_create(
	struct loop *loop, const struct child_lines_options *options, struct error *err)
{
	struct child_lines *child = xcalloc(1, sizeof(*child));
	AUTO(close_fd) int theirs = -1;
	int ends[2];

	child->fd = -1;
	child->name = options->name;
	child->report_max_bytes = options->report_max_bytes;
	child->reported = options->reported;
	child->ended = options->ended;
	child->ping = options->ping;
	child->ping_ms = options->ping_ms > 0 ? options->ping_ms : PING_MS;
	child->ping_timer = loop_timer_create(loop, on_ping_timer, child);
	child->user = options->user;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		error_set_errno(err, "cannot start '%s'", options->argv[0]);
		goto fail;
	}
	child->fd = ends[0];
	theirs = ends[1];
	fcntl(child->fd, F_SETFL, O_NONBLOCK); /* ours alone: the child may block */
	child->process = spawn_create(loop,
		&(struct spawn_options){
			.argv = options->argv,
			.stdin_fd = theirs,
			.stdout_fd = options->reports_on_stdout ? theirs : -1,
			.exited = on_exited,
			.user = child,
		},
		err);
	if (child->process == NULL) {
		goto fail;
	}
	child->watch = loop_watch_add(loop, child->fd, LOOP_READ, on_readable, child);
	return child;
fail:
	child_lines_destroy(child);
	return NULL;
}

bool child_lines_send(struct child_lines *child, struct strbuf *order, struct error *err)
{
	ssize_t sent = -1;

	strbuf_append_char(order, '\n');
	if (child->watch != NULL) {
		sent = send(child->fd, order->data, order->length, MSG_NOSIGNAL);
		if (sent == (ssize_t)order->length ||
			(sent < 0 && (errno == EPIPE || errno == ECONNRESET))) {
			return true; /* the latter: its last reports and ended() say why */
		}
	}
	/*
	 * Orders are far shorter than the socket's buffer: if one does not fit, the child has not
	 * read any for a long time.
	 */
	return error_set(err, ERROR_IO, "%s does not read its orders", child->name);
}

void child_lines_watch(struct child_lines *child)
{
	if (!loop_timer_running(child->ping_timer)) {
		loop_timer_set(child->ping_timer, child->ping_ms);
	}
}

void child_lines_end(struct child_lines *child)
{
	loop_timer_stop(child->ping_timer);
	stop_reading(child);
	shutdown(child->fd, SHUT_WR);
}

void child_lines_kill(struct child_lines *child, const char *why)
{
	if (child->why.kind == ERROR_NONE) {
		error_set(&child->why, ERROR_CANCELLED, "%s %s", child->name, why);
	}
	stop_reading(child);
	loop_timer_stop(child->ping_timer);
	spawn_signal(child->process, SIGKILL);
}

void child_lines_wait(struct child_lines *child, int wait_ms)
{
	spawn_wait(child->process, wait_ms);
}

void child_lines_destroy(struct child_lines *child)
{
	if (child == NULL) {
		return;
	}
	stop_reading(child);
	loop_timer_destroy(TAKE_PTR(child->ping_timer));
	spawn_destroy(TAKE_PTR(child->process));
	if (child->is_reading) {
		child->is_destroyed = true;
		return;
	}
	close_fd(&child->fd);
	free(child);
}
