#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "overlay/overlay_display.h"
#include "overlay/overlay_strings.h"
#include "overlay/overlay_text.h"
#include "overlay/overlay_view.h"
#include "overlay/overlay_window.h"
#include "proto/proto_overlay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEMO_MS (10 * 1000)
#define ORDERS_FD STDIN_FILENO

/* The overlay's process. */
struct overlay {
	struct overlay_display display;
	SDL_Rect screen;
	struct overlay_text *text;
	struct overlay_window *window; /* NULL: nothing is shown */
	struct overlay_order order;
	int64_t expires_at_ms;
	struct strbuf input; /* of ORDERS_FD, up to the next line feed */
	bool is_demo;
	bool ended;
};

static void report(const struct overlay *overlay, const char *status, const char *reason)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	const struct overlay_report message = {
		.status = (char *)status,
		.reason = (char *)reason,
	};

	if (overlay->is_demo) {
		if (reason != NULL) {
			fprintf(stderr, "capydeck overlay: %s\n", reason);
		}
		return;
	}
	json_write(&line, overlay_report_fields, &message);
	strbuf_append_char(&line, '\n');
	/* Who reads it may be gone; then standard input ends too. */
	if (write(ORDERS_FD, line.data, line.length) < 0 && errno != EPIPE) {
		fprintf(stderr, "capydeck overlay: cannot report: %s\n", strerror(errno));
	}
}

/* The session's language where the agent names none. */
static const char *locale(const struct overlay *overlay)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	if (overlay->order.language != NULL && *overlay->order.language != '\0') {
		return overlay->order.language;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0') {
			return value;
		}
	}
	return NULL;
}

static int seconds_left(const struct overlay *overlay)
{
	int64_t left_ms = overlay->expires_at_ms - loop_now_ms();

	return left_ms > 0 ? (int)((left_ms + 999) / 1000) : 0;
}

static bool draw(struct overlay *overlay, struct error *err)
{
	SDL_Surface *surface = overlay_window_surface(overlay->window);
	const struct overlay_model model = {
		.code = overlay->order.code,
		.hub_name = overlay->order.hub_name,
		.seconds_left = seconds_left(overlay),
		.seconds_total = (int)(overlay->order.total_ms / 1000),
		.strings = overlay_strings_for(locale(overlay)),
		.game_mode = overlay->display.kind == OVERLAY_GAMESCOPE,
		.large_text = overlay->order.large_text,
		.reduced_motion = overlay->order.reduced_motion,
		.opaque = overlay_window_opaque(overlay->window),
	};

	if (surface == NULL) {
		return error_set(err, ERROR_IO, "the window has no surface: %s", SDL_GetError());
	}
	overlay_view_draw(surface, overlay_window_card(overlay->window), overlay->screen.w,
		overlay->screen.h, &model, overlay->text);
	return overlay_window_present(overlay->window, err);
}

static bool show(struct overlay *overlay, struct error *err)
{
	if (overlay->window == NULL) {
		SDL_Rect card = overlay_view_card(
			overlay->screen.w, overlay->screen.h, overlay->order.large_text);

		overlay->window =
			overlay_window_create(&overlay->display, overlay->screen, card, err);
	}
	if (overlay->window == NULL || !draw(overlay, err)) {
		return false;
	}
	report(overlay, OVERLAY_SHOWN, NULL);
	return true;
}

static bool take_order(struct overlay *overlay, const char *line, size_t length, struct error *err)
{
	struct overlay_order order = { 0 };

	if (!json_read_text(&order, overlay_order_fields, line, length, err)) {
		json_finish(&order, overlay_order_fields);
		return false;
	}
	json_finish(&overlay->order, overlay_order_fields);
	overlay->order = order;
	overlay->expires_at_ms = loop_now_ms() + order.left_ms;
	return show(overlay, err);
}

/* False: failed. An end of the input ends the overlay. */
static bool read_orders(struct overlay *overlay, struct error *err)
{
	char part[4096];
	ssize_t got = read(ORDERS_FD, part, sizeof(part));
	const char *end;

	if (got <= 0) {
		overlay->ended = got == 0 || errno != EINTR;
		return true;
	}
	strbuf_append(&overlay->input, part, (size_t)got);
	while ((end = memchr(overlay->input.data, '\n', overlay->input.length)) != NULL) {
		size_t length = (size_t)(end - overlay->input.data);
		bool ok = take_order(overlay, overlay->input.data, length, err);

		overlay->input.length -= length + 1;
		memmove(overlay->input.data, end + 1, overlay->input.length);
		if (!ok) {
			return false;
		}
	}
	return overlay->input.length <= OVERLAY_LINE_MAX_BYTES ||
	       error_set(err, ERROR_TOO_LARGE, "an order of more than %d bytes",
		       OVERLAY_LINE_MAX_BYTES);
}

static void handle_events(struct overlay *overlay)
{
	SDL_Event event;

	while (SDL_PollEvent(&event)) {
		if (event.type == SDL_MOUSEBUTTONDOWN || event.type == SDL_QUIT) {
			report(overlay, OVERLAY_DISMISSED, NULL);
			overlay->ended = true;
		}
	}
}

/* Until the shown second ends; as long as it takes where nothing is shown. */
static int wait_ms(const struct overlay *overlay)
{
	int64_t left_ms = overlay->expires_at_ms - loop_now_ms();

	if (overlay->window == NULL) {
		return -1;
	}
	return left_ms > 0 ? (int)(left_ms - 1) % 1000 + 1 : 1000;
}

static bool run(struct overlay *overlay, struct error *err)
{
	int shown_seconds = -1;

	while (!overlay->ended) {
		struct pollfd fds[] = {
			{ .fd = overlay->is_demo ? -1 : ORDERS_FD, .events = POLLIN },
			{ .fd = overlay->window != NULL ? overlay_window_fd(overlay->window) : -1,
				.events = POLLIN },
		};

		poll(fds, 2, wait_ms(overlay));
		if (fds[0].revents != 0 && !read_orders(overlay, err)) {
			return false;
		}
		if (overlay->window == NULL) {
			continue;
		}
		handle_events(overlay);
		if (seconds_left(overlay) != shown_seconds) {
			shown_seconds = seconds_left(overlay);
			if (!draw(overlay, err)) {
				return false;
			}
		}
		/* The agent hides a code that expires; the demo has nobody else. */
		overlay->ended |= overlay->is_demo && shown_seconds == 0;
	}
	return true;
}

static bool start(struct overlay *overlay, struct error *err)
{
	if (!overlay_display_find(&overlay->display, err)) {
		return false;
	}
	overlay_display_enter(&overlay->display);
	overlay->text = overlay_text_create(err);
	return overlay->text != NULL &&
	       overlay_window_start(&overlay->display, &overlay->screen, err);
}

static void finish(struct overlay *overlay)
{
	overlay_window_destroy(overlay->window);
	overlay_text_destroy(overlay->text);
	overlay_window_stop();
	overlay_display_finish(&overlay->display);
	json_finish(&overlay->order, overlay_order_fields);
	strbuf_finish(&overlay->input);
}

static void make_demo(struct overlay *overlay)
{
	overlay->is_demo = true;
	overlay->order = (struct overlay_order){
		.code = xstrdup("042137"),
		.hub_name = xstrdup("Living room PC"),
		.left_ms = DEMO_MS,
		.total_ms = DEMO_MS,
	};
	overlay->expires_at_ms = loop_now_ms() + DEMO_MS;
}

int main(int argc, char **argv)
{
	struct overlay overlay = { .is_demo = false };
	struct error err = { 0 };
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (argc > 1 && strcmp(argv[1], "--demo") == 0) {
		make_demo(&overlay);
	}
	ok = start(&overlay, &err) && (!overlay.is_demo || show(&overlay, &err)) &&
	     run(&overlay, &err);
	if (!ok) {
		report(&overlay, OVERLAY_FAILED, err.message);
	}
	finish(&overlay);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
