#define LOG_MODULE "overlay"

#include "pairing/pairing_overlay.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/spawn.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "pairing/pairing.h"
#include "proto/proto_constants.h"
#include "proto/proto_overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW_WAIT_MS 3000
#define END_WAIT_MS 500
#define STARTS_MAX 2 /* a code */
#define ELSEWHERE "read the code with 'capydeck ctl pairing'"
#define LATE "nothing is on the screen after 3 s; its server may hang; " ELSEWHERE
#define EXIT_NOT_LOADED 127 /* the dynamic linker's */

enum overlay_state {
	OVERLAY_IDLE,
	OVERLAY_STARTING,
	OVERLAY_ON_SCREEN,
	OVERLAY_LEAVING, /* hidden, unless another code follows at once */
	OVERLAY_GIVEN_UP,
};

struct pairing_overlay {
	struct pairing_overlay_options options;
	char *program;
	struct pairing_listener listener;
	enum overlay_state state;
	unsigned starts;     /* for the code that is valid */
	unsigned unanswered; /* orders whose "shown" is to come */
	bool late;	     /* nothing is shown within SHOW_WAIT_MS */
	struct error error;  /* why the last child ended */
	struct spawn *child; /* NULL: none */
	int fd;		     /* our end; −1: closed, the child is to end */
	struct loop_watch *watch;
	struct loop_timer *timer; /* for its first frame, or for its end */
	struct strbuf input;
};

/* --- The child --- */

static void close_end(struct pairing_overlay *overlay)
{
	loop_watch_remove(TAKE_PTR(overlay->watch));
	close_fd(&overlay->fd);
	overlay->fd = -1;
	strbuf_finish(&overlay->input);
}

static void drop_child(struct pairing_overlay *overlay)
{
	close_end(overlay);
	loop_timer_stop(overlay->timer);
	spawn_destroy(TAKE_PTR(overlay->child));
}

/* overlay->error says why; here it gets what to do. */
static void give_up(struct pairing_overlay *overlay)
{
	AUTO(free_ptr) char *reason = xstrdup(overlay->error.message);

	drop_child(overlay);
	overlay->state = OVERLAY_GIVEN_UP;
	error_set(&overlay->error, ERROR_IO, "%s; " ELSEWHERE, reason);
	log_warning("the pairing code is not on the screen: %s", overlay->error.message);
}

static void start_overlay(struct pairing_overlay *overlay);

/* The child is gone or useless. */
static void lose_child(struct pairing_overlay *overlay, const char *reason)
{
	drop_child(overlay);
	if (overlay->state == OVERLAY_LEAVING) {
		return; /* so is its code */
	}
	error_set(&overlay->error, ERROR_IO, "%s", reason);
	if (overlay->starts < STARTS_MAX) {
		log_info("restarting the overlay: %s", reason);
		start_overlay(overlay);
	} else {
		give_up(overlay);
	}
}

static void take_report(struct pairing_overlay *overlay, const char *line, size_t length)
{
	struct overlay_report report = { 0 };

	if (!json_read_text(&report, overlay_report_fields, line, length, NULL)) {
		json_finish(&report, overlay_report_fields);
		return;
	}
	if (strcmp(report.status, OVERLAY_SHOWN) == 0) {
		overlay->unanswered -= overlay->unanswered > 0;
		if (overlay->state == OVERLAY_STARTING && overlay->unanswered == 0) {
			overlay->state = OVERLAY_ON_SCREEN;
			overlay->late = false;
			loop_timer_stop(overlay->timer);
		}
	} else if (strcmp(report.status, OVERLAY_DISMISSED) == 0) {
		/* With an order still unanswered, what was clicked on is another code. */
		if (overlay->unanswered == 0) {
			pairing_dismiss(overlay->options.pairing, NULL);
		}
	} else if (strcmp(report.status, OVERLAY_FAILED) == 0) {
		error_set(&overlay->error, ERROR_IO, "%s",
			report.reason != NULL ? report.reason : "the overlay failed");
	}
	json_finish(&report, overlay_report_fields);
}

/* False: it is no overlay that talks so. */
static bool read_reports(struct pairing_overlay *overlay)
{
	char part[4096];
	ssize_t got = recv(overlay->fd, part, sizeof(part), MSG_DONTWAIT);
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (got <= 0) {
		/* Its end follows, and says more. */
		loop_watch_set(overlay->watch, got < 0 && errno == EAGAIN ? LOOP_READ : 0);
		return true;
	}
	strbuf_append(&overlay->input, part, (size_t)got);
	/* A dismissal closes our end, and the input goes with it. */
	while (overlay->fd >= 0 && strbuf_take_line(&overlay->input, &line)) {
		take_report(overlay, strbuf_text(&line), line.length);
	}
	return overlay->input.length <= OVERLAY_LINE_MAX_BYTES;
}

static void on_readable(void *user, uint32_t events)
{
	struct pairing_overlay *overlay = user;

	if (!read_reports(overlay)) {
		lose_child(overlay, "the overlay sent a malformed report");
	}
}

static void on_exited(void *user, int status)
{
	struct pairing_overlay *overlay = user;
	AUTO(free_ptr) char *reason = NULL;

	if (overlay->fd >= 0) {
		read_reports(overlay); /* its last words */
	}
	if (overlay->error.kind != ERROR_NONE) {
		reason = xstrdup(overlay->error.message);
	} else if (WIFSIGNALED(status)) {
		reason = xasprintf("the overlay was ended by signal %d", WTERMSIG(status));
	} else if (WEXITSTATUS(status) == EXIT_NOT_LOADED) {
		reason = xstrdup("the overlay is missing a library; the log names it");
	} else {
		reason = xasprintf("the overlay ended with code %d", WEXITSTATUS(status));
	}
	lose_child(overlay, reason);
}

static void on_timer(void *user)
{
	struct pairing_overlay *overlay = user;

	if (overlay->state == OVERLAY_STARTING) {
		/* A server that hangs may go on, and a busy machine gets there in the end. */
		overlay->late = true;
		log_warning("%s", LATE);
	} else if (overlay->fd >= 0) {
		close_end(overlay);
		loop_timer_set(overlay->timer, END_WAIT_MS);
	} else {
		drop_child(overlay);
	}
}

/* Never waits: a child that takes no orders shows none. */
static bool send_order(struct pairing_overlay *overlay, struct error *err)
{
	const struct pairing_overlay_options *options = &overlay->options;
	const struct pairing_shown *shown = pairing_shown(options->pairing);
	AUTO(free_ptr)
	char *language = **options->language != '\0' ? xstrdup(*options->language)
						     : options->session_language(options->user);
	const struct overlay_order order = {
		.code = shown->code,
		.hub_name = shown->hub_name,
		.left_ms = shown->expires_at_ms - loop_now_ms(),
		.total_ms = PAIRING_EXPIRES_S * 1000,
		.language = language,
		.large_text = *options->large_text,
		.reduced_motion = *options->reduced_motion,
	};
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	ssize_t sent;

	json_write(&line, overlay_order_fields, &order);
	strbuf_append_char(&line, '\n');
	sent = send(overlay->fd, line.data, line.length, MSG_NOSIGNAL | MSG_DONTWAIT);
	explicit_bzero(line.data, line.length);
	if (sent != (ssize_t)line.length) {
		return error_set(err, ERROR_IO, "the overlay does not accept orders");
	}
	if (overlay->state != OVERLAY_STARTING) {
		loop_timer_set(overlay->timer, SHOW_WAIT_MS);
	}
	overlay->state = OVERLAY_STARTING;
	overlay->unanswered++;
	return true;
}

static bool start_child(struct pairing_overlay *overlay, struct error *err)
{
	const char *const argv[] = { overlay->program, NULL };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		return error_set_errno(err, "cannot create a socket for the overlay");
	}
	overlay->child = spawn_create(overlay->options.loop,
		&(struct spawn_options){
			.argv = argv,
			.stdin_fd = ends[1],
			.stdout_fd = -1,
			.exited = on_exited,
			.user = overlay,
		},
		err);
	close(ends[1]);
	if (overlay->child == NULL) {
		close(ends[0]);
		return false;
	}
	overlay->fd = ends[0];
	overlay->watch =
		loop_watch_add(overlay->options.loop, overlay->fd, LOOP_READ, on_readable, overlay);
	return true;
}

static void start_overlay(struct pairing_overlay *overlay)
{
	overlay->starts++;
	overlay->unanswered = 0;
	overlay->late = false;
	overlay->state = OVERLAY_IDLE;
	overlay->error = (struct error){ .kind = ERROR_NONE };
	if (!start_child(overlay, &overlay->error) || !send_order(overlay, &overlay->error)) {
		give_up(overlay);
	}
}

/* --- Pairing's listener --- */

static void on_show(void *user, const struct pairing_shown *shown)
{
	struct pairing_overlay *overlay = user;

	/* Another code in the same place, if there still is one to take it. */
	if (overlay->fd >= 0 && send_order(overlay, &overlay->error)) {
		overlay->starts = 1;
		return;
	}
	drop_child(overlay);
	overlay->starts = 0;
	start_overlay(overlay);
}

static void on_hide(void *user, enum pairing_end end)
{
	struct pairing_overlay *overlay = user;

	if (overlay->child != NULL) {
		overlay->state = OVERLAY_LEAVING;
		loop_timer_set(overlay->timer, 0);
	}
}

struct pairing_overlay *pairing_overlay_create(const struct pairing_overlay_options *options)
{
	struct pairing_overlay *overlay = xcalloc(1, sizeof(*overlay));

	overlay->options = *options;
	overlay->program = xstrdup(options->program);
	overlay->fd = -1;
	overlay->timer = loop_timer_create(options->loop, on_timer, overlay);
	overlay->listener = (struct pairing_listener){
		.show = on_show,
		.hide = on_hide,
		.user = overlay,
	};
	pairing_listen(options->pairing, &overlay->listener);
	return overlay;
}

void pairing_overlay_destroy(struct pairing_overlay *overlay)
{
	if (overlay == NULL) {
		return;
	}
	pairing_unlisten(overlay->options.pairing, &overlay->listener);
	drop_child(overlay);
	loop_timer_destroy(overlay->timer);
	free(overlay->program);
	free(overlay);
}

const char *pairing_overlay_state(const struct pairing_overlay *overlay, struct strbuf *detail)
{
	static const char *const names[] = {
		[OVERLAY_IDLE] = "ready",
		[OVERLAY_STARTING] = "starting",
		[OVERLAY_ON_SCREEN] = "shown",
		[OVERLAY_LEAVING] = "ready",
		[OVERLAY_GIVEN_UP] = "failed",
	};

	if (overlay->state == OVERLAY_GIVEN_UP) {
		strbuf_append_text(detail, overlay->error.message);
	} else if (overlay->state == OVERLAY_STARTING && overlay->late) {
		strbuf_append_text(detail, LATE);
	}
	return names[overlay->state];
}
