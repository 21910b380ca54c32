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
#define LOCALE_CONF "/etc/locale.conf"
#define EVENTS_PERIOD_MS 50 /* polling period where there is no descriptor to watch */
#define ORDERS_FD STDIN_FILENO

/* The overlay's process. */
struct overlay {
	struct overlay_display display;
	SDL_Rect screen;
	struct overlay_text *text;
	struct overlay_window *window; /* NULL: nothing is shown */
	struct overlay_order order;
	const struct overlay_strings *strings; /* in the order's language */
	int64_t expires_at_ms;
	int shown_seconds;
	struct strbuf input; /* of ORDERS_FD, up to the next line feed */
	bool is_demo;
	bool ended;
};

static void report_status(const struct overlay *overlay, const char *status, const char *reason)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	const struct overlay_report message = {
		.status = status,
		.reason = reason,
	};

	if (overlay->is_demo) {
		if (reason != NULL) {
			fprintf(stderr, "capydeck overlay: %s\n", reason);
		}
		return;
	}
	json_write(&line, overlay_report_fields, &message);
	strbuf_append_char(&line, '\n');
	/* The reader may be gone; then standard input ends too. */
	if (write(ORDERS_FD, line.data, line.length) < 0 && errno != EPIPE) {
		fprintf(stderr, "capydeck overlay: cannot report: %s\n", strerror(errno));
	}
}

static int seconds_left(const struct overlay *overlay)
{
	int64_t left_ms = overlay->expires_at_ms - loop_now_ms();

	return left_ms > 0 ? (int)((left_ms + 999) / 1000) : 0;
}

/* part: draw only what changes each second. */
static bool draw_card(struct overlay *overlay, bool part, struct error *err)
{
	SDL_Surface *surface = overlay_window_surface(overlay->window);
	SDL_Rect card = overlay_window_card(overlay->window), changed;
	const struct overlay_model model = {
		.code = overlay->order.code,
		.hub_name = overlay->order.hub_name,
		.seconds_left = seconds_left(overlay),
		.seconds_total = (int)(overlay->order.total_ms / 1000),
		.strings = overlay->strings,
		.game_mode = overlay->display.kind == OVERLAY_GAMESCOPE,
		.large_text = overlay->order.large_text,
		.reduced_motion = overlay->order.reduced_motion,
		.opaque = overlay_window_opaque(overlay->window),
	};

	if (surface == NULL) {
		return error_set(err, ERROR_IO, "the window has no surface: %s", SDL_GetError());
	}
	overlay->shown_seconds = model.seconds_left;
	if (part) {
		changed = overlay_view_draw_countdown(
			surface, card, overlay->screen.w, overlay->screen.h, &model, overlay->text);
		return overlay_window_present(overlay->window, &changed, err);
	}
	overlay_view_draw(
		surface, card, overlay->screen.w, overlay->screen.h, &model, overlay->text);
	return overlay_window_present(overlay->window, NULL, err);
}

static void choose_language(struct overlay *overlay)
{
	AUTO(free_ptr) char *locale = overlay_strings_locale(overlay->order.language, LOCALE_CONF);

	overlay->strings = overlay_strings_for(locale);
}

static bool show_code(struct overlay *overlay, struct error *err)
{
	if (overlay->window == NULL) {
		SDL_Rect card = overlay_view_card(
			overlay->screen.w, overlay->screen.h, overlay->order.large_text);

		overlay->window =
			overlay_window_create(&overlay->display, overlay->screen, card, err);
	}
	if (overlay->window == NULL || !draw_card(overlay, false, err)) {
		return false;
	}
	report_status(overlay, OVERLAY_SHOWN, NULL);
	return true;
}

/* False: the line is another. */
static bool answer_ping(const struct overlay *overlay, const char *line, size_t length)
{
	struct overlay_ping ping = { 0 };
	bool ok = json_read_text(&ping, overlay_ping_fields, line, length, NULL);

	if (ok) {
		report_status(overlay, OVERLAY_ALIVE, NULL);
	}
	json_finish(&ping, overlay_ping_fields);
	return ok;
}

static bool take_order(struct overlay *overlay, const char *line, size_t length, struct error *err)
{
	struct overlay_order order = { 0 };

	if (answer_ping(overlay, line, length)) {
		return true;
	}
	if (!json_read_text(&order, overlay_order_fields, line, length, err)) {
		json_finish(&order, overlay_order_fields);
		return false;
	}
	if (overlay->window != NULL && order.large_text != overlay->order.large_text) {
		overlay_window_destroy(TAKE_PTR(overlay->window)); /* the card's size has changed */
	}
	json_finish(&overlay->order, overlay_order_fields);
	overlay->order = order;
	overlay->expires_at_ms = loop_now_ms() + order.left_ms;
	choose_language(overlay);
	return show_code(overlay, err);
}

/* False: failed. End of input ends the overlay. */
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
	       error_set(err, ERROR_TOO_LARGE, "the order is longer than %d bytes",
		       OVERLAY_LINE_MAX_BYTES);
}

static bool is_window_event(const SDL_Event *event, SDL_WindowEventID id)
{
	return event->type == SDL_WINDOWEVENT && event->window.event == id;
}

static bool handle_events(struct overlay *overlay, struct error *err)
{
	SDL_Event event;
	bool ok = true;

	while (ok && !overlay->ended && SDL_PollEvent(&event)) {
		if (event.type == SDL_MOUSEBUTTONDOWN ||
			is_window_event(&event, SDL_WINDOWEVENT_CLOSE)) {
			report_status(overlay, OVERLAY_DISMISSED, NULL);
			overlay->ended = true;
		} else if (event.type == SDL_QUIT) {
			/* The window was not closed by the user: SDL has lost its compositor. */
			ok = error_set(err, ERROR_IO, "the compositor went away");
		} else if (is_window_event(&event, SDL_WINDOWEVENT_EXPOSED)) {
			ok = overlay_window_present(overlay->window, NULL, err);
		}
	}
	return ok;
}

/* Updates the window. Drawing also reads events, so they are handled last. */
static bool update_window(struct overlay *overlay, struct error *err)
{
	bool changed = seconds_left(overlay) != overlay->shown_seconds;

	/* The agent hides an expired code; the demo has to do it itself. */
	overlay->ended |= overlay->is_demo && seconds_left(overlay) == 0;
	return (!changed || draw_card(overlay, true, err)) && handle_events(overlay, err);
}

/* Until the shown second ends; without a limit if nothing is shown. */
static int wait_ms(const struct overlay *overlay)
{
	int64_t left_ms = overlay->expires_at_ms - loop_now_ms();

	if (overlay->window == NULL) {
		return -1;
	}
	if (overlay_window_fd(overlay->window) < 0) {
		return EVENTS_PERIOD_MS;
	}
	return left_ms > 0 ? (int)(left_ms - 1) % 1000 + 1 : -1;
}

static bool run_overlay(struct overlay *overlay, struct error *err)
{
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
		if (overlay->window != NULL && !update_window(overlay, err)) {
			return false;
		}
	}
	return true;
}

static bool start_overlay(struct overlay *overlay, struct error *err)
{
	if (!overlay_display_find(&overlay->display, err)) {
		return false;
	}
	overlay_display_enter(&overlay->display);
	overlay->text = overlay_text_create(err);
	return overlay->text != NULL &&
	       overlay_window_start(&overlay->display, &overlay->screen, err);
}

static void finish_overlay(struct overlay *overlay)
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
		.code = "042137",
		.hub_name = "Living room PC",
		.left_ms = DEMO_MS,
		.total_ms = DEMO_MS,
	};
	overlay->expires_at_ms = loop_now_ms() + DEMO_MS;
	choose_language(overlay);
}

int main(int argc, char **argv)
{
	struct overlay overlay = { .is_demo = false };
	struct error err = { 0 };
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (argc > 1 && strcmp(argv[1], "--demo") == 0) {
		make_demo(&overlay);
	}
	ok = start_overlay(&overlay, &err) && (!overlay.is_demo || show_code(&overlay, &err)) &&
	     run_overlay(&overlay, &err);
	if (!ok) {
		report_status(&overlay, OVERLAY_FAILED, err.message);
	}
	finish_overlay(&overlay);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
