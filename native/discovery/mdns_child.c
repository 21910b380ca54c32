#include "discovery/mdns_child.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/spawn.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "proto/proto_mdns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_NAME "capydeck-mdns"
#define GOODBYE_WAIT_MS 1000

struct mdns_child {
	struct spawn *process;
	int fd; /* non-blocking */
	struct loop_watch *watch;
	struct strbuf input; /* the beginning of a line */
	struct error why;    /* it ends, or zeroed */
	const struct mdns_child_events *events;
	void *user;
};

/* That it has ended is told when it has. */
static void disown(struct mdns_child *child, const char *sentence)
{
	error_set(&child->why, ERROR_CANCELLED, "%s", sentence);
	loop_watch_remove(TAKE_PTR(child->watch));
	spawn_signal(child->process, SIGKILL);
}

static bool take_report(struct mdns_child *child, const struct strbuf *line)
{
	struct mdns_report report = { 0 };
	bool ok = json_read_text(&report, mdns_report_fields, line->data, line->length, NULL);

	if (!ok) {
		disown(child, PROGRAM_NAME " sent a malformed report");
	} else if (strcmp(report.event, MDNS_CANNOT) == 0) {
		error_set(&child->why, ERROR_IO, "%s",
			report.error != NULL ? report.error : PROGRAM_NAME " failed");
	} else {
		child->events->reported(child->user, &report);
	}
	json_finish(&report, mdns_report_fields);
	return ok;
}

/* Returns false when nothing more is to be read. */
static bool read_some(struct mdns_child *child)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	char buffer[16384];
	ssize_t length = read(child->fd, buffer, sizeof(buffer));

	if (length <= 0) {
		return length < 0 && errno == EINTR;
	}
	strbuf_append(&child->input, buffer, (size_t)length);
	while (strbuf_take_line(&child->input, &line)) {
		if (!take_report(child, &line)) {
			return false;
		}
	}
	if (child->input.length > MDNS_LINE_MAX_BYTES) {
		disown(child, PROGRAM_NAME " sent a report that is too long");
		return false;
	}
	return true;
}

static void on_readable(void *user, uint32_t events)
{
	struct mdns_child *child = user;

	if (!read_some(child) && (events & LOOP_HANGUP) != 0) {
		loop_watch_remove(TAKE_PTR(child->watch)); /* what is left is its end */
	}
}

static void explain(struct error *why, int status)
{
	if (WIFSIGNALED(status)) {
		error_set(why, ERROR_CANCELLED, PROGRAM_NAME " was ended by signal %d",
			WTERMSIG(status));
	} else {
		error_set(why, ERROR_CANCELLED, PROGRAM_NAME " ended with exit code %d",
			WEXITSTATUS(status));
	}
}

static void on_exited(void *user, int status)
{
	struct mdns_child *child = user;

	/* Its last words; the descriptor of a process that has ended is readable at once. */
	while (child->watch != NULL && read_some(child)) {
	}
	loop_watch_remove(TAKE_PTR(child->watch));
	if (child->why.kind == ERROR_NONE) {
		explain(&child->why, status);
	}
	child->events->ended(child->user, &child->why);
}

struct mdns_child *mdns_child_create(
	struct loop *loop, const struct mdns_child_events *events, void *user, struct error *err)
{
	AUTO(free_ptr) char *program = path_beside_program(PROGRAM_NAME);
	AUTO(close_fd) int theirs = -1;
	struct mdns_child *child = xcalloc(1, sizeof(*child));
	const char *const argv[] = { program, NULL };
	int ends[2];

	child->fd = -1;
	child->events = events;
	child->user = user;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		error_set_errno(err, "cannot start '%s'", program);
		goto fail;
	}
	child->fd = ends[0];
	theirs = ends[1];
	fcntl(child->fd, F_SETFL, O_NONBLOCK);
	child->process = spawn_create(loop,
		&(struct spawn_options){
			.argv = argv,
			.stdin_fd = theirs,
			.stdout_fd = theirs,
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
	mdns_child_destroy(child);
	return NULL;
}

void mdns_child_send(struct mdns_child *child, const struct mdns_order *order)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_write(&line, mdns_order_fields, order);
	strbuf_append_char(&line, '\n');
	/* An order is far shorter than what the socket holds: one that does not fit met a child
	 * that has read none for a long time. */
	if (child->watch != NULL &&
		send(child->fd, line.data, line.length, MSG_NOSIGNAL) != (ssize_t)line.length) {
		disown(child, PROGRAM_NAME " does not read its orders");
	}
}

void mdns_child_destroy(struct mdns_child *child)
{
	if (child == NULL) {
		return;
	}
	loop_watch_remove(child->watch);
	if (child->process != NULL) {
		shutdown(child->fd, SHUT_WR);
		spawn_wait(child->process, GOODBYE_WAIT_MS);
		spawn_destroy(child->process);
	}
	close_fd(&child->fd);
	strbuf_finish(&child->input);
	free(child);
}
