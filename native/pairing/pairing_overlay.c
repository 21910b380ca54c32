#define LOG_MODULE "overlay"

#include "pairing/pairing_overlay.h"

#include "core/child_lines.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "pairing/pairing.h"
#include "proto/proto_constants.h"
#include "proto/proto_overlay.h"

#include <stdlib.h>
#include <string.h>

#define SHOW_WAIT_MS 3000
#define END_WAIT_MS 500
#define STARTS_MAX 2 /* a code */
#define ELSEWHERE "read the code with 'capydeck ctl pairing'"
#define LATE "nothing is on the screen after 3 s; its server may hang; " ELSEWHERE

enum overlay_state {
	OVERLAY_IDLE,
	OVERLAY_STARTING,
	OVERLAY_ON_SCREEN,
	OVERLAY_LEAVING, /* hidden, unless another code follows at once */
	OVERLAY_ENDING,	 /* told to; killed after END_WAIT_MS */
	OVERLAY_GIVEN_UP,
};

struct pairing_overlay {
	struct pairing_overlay_options options;
	char *program;
	struct pairing_listener listener;
	enum overlay_state state;
	unsigned starts;	   /* for the code that is valid */
	unsigned unanswered;	   /* orders whose "shown" is to come */
	bool late;		   /* nothing is shown within SHOW_WAIT_MS */
	struct error error;	   /* why the last child ended */
	struct child_lines *child; /* NULL: none */
	struct loop_timer *timer;  /* for its first frame, or for its end */
};

/* --- The child --- */

static void drop_child(struct pairing_overlay *overlay)
{
	loop_timer_stop(overlay->timer);
	child_lines_destroy(TAKE_PTR(overlay->child));
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

/* What is no report is passed over. */
static bool on_reported(void *user, const char *line, size_t length)
{
	struct pairing_overlay *overlay = user;
	struct overlay_report report = { 0 };

	if (!json_read_text(&report, overlay_report_fields, line, length, NULL)) {
		json_finish(&report, overlay_report_fields);
		return true;
	}
	if (strcmp(report.status, OVERLAY_SHOWN) == 0) {
		overlay->unanswered -= overlay->unanswered > 0;
		if (overlay->state == OVERLAY_STARTING && overlay->unanswered == 0) {
			overlay->state = OVERLAY_ON_SCREEN;
			overlay->late = false;
			loop_timer_stop(overlay->timer);
			/* Not before: one that still waits for a server would only start later. */
			child_lines_watch(overlay->child);
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
	return true;
}

static void on_timer(void *user)
{
	struct pairing_overlay *overlay = user;

	if (overlay->state == OVERLAY_STARTING) {
		/* A server that hangs may go on, and a busy machine gets there in the end. */
		overlay->late = true;
		log_warning("%s", LATE);
	} else if (overlay->state == OVERLAY_LEAVING) {
		overlay->state = OVERLAY_ENDING;
		child_lines_end(overlay->child);
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
	bool ok;

	json_write(&line, overlay_order_fields, &order);
	ok = child_lines_send(overlay->child, &line, err);
	explicit_bzero(line.data, line.length);
	if (!ok) {
		return false;
	}
	if (overlay->state != OVERLAY_STARTING) {
		loop_timer_set(overlay->timer, SHOW_WAIT_MS);
	}
	overlay->state = OVERLAY_STARTING;
	overlay->unanswered++;
	return true;
}

static void on_ping(void *user)
{
	struct pairing_overlay *overlay = user;
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_write(&line, overlay_ping_fields, &(struct overlay_ping){ .ping = true });
	/* What does not arrive is not answered, and that is noticed. */
	child_lines_send(overlay->child, &line, NULL);
}

static void on_ended(void *user, const struct error *why);

static bool start_child(struct pairing_overlay *overlay, struct error *err)
{
	const char *const argv[] = { overlay->program, NULL };

	overlay->child = child_lines_create(overlay->options.loop,
		&(struct child_lines_options){
			.argv = argv,
			.name = "the overlay",
			.report_max_bytes = OVERLAY_LINE_MAX_BYTES,
			.reported = on_reported,
			.ended = on_ended,
			.ping = on_ping,
			.ping_ms = overlay->options.ping_ms,
			.user = overlay,
		},
		err);
	return overlay->child != NULL;
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

static void on_ended(void *user, const struct error *why)
{
	struct pairing_overlay *overlay = user;
	const struct error *reason = overlay->error.kind != ERROR_NONE ? &overlay->error : why;

	if (overlay->state == OVERLAY_LEAVING || overlay->state == OVERLAY_ENDING) {
		drop_child(overlay); /* its code is gone, too */
	} else if (overlay->starts < STARTS_MAX) {
		log_info("restarting the overlay: %s", reason->message);
		drop_child(overlay);
		start_overlay(overlay);
	} else {
		overlay->error = *reason;
		give_up(overlay);
	}
}

/* --- Pairing's listener --- */

static void on_show(void *user, const struct pairing_shown *shown)
{
	struct pairing_overlay *overlay = user;

	/* Another code in the same place, if there still is one to take it. */
	if (overlay->child != NULL && send_order(overlay, &overlay->error)) {
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
		[OVERLAY_ENDING] = "ready",
		[OVERLAY_GIVEN_UP] = "failed",
	};

	if (overlay->state == OVERLAY_GIVEN_UP) {
		strbuf_append_text(detail, overlay->error.message);
	} else if (overlay->state == OVERLAY_STARTING && overlay->late) {
		strbuf_append_text(detail, LATE);
	}
	return names[overlay->state];
}
