/*
 * Whatever capydeck-overlay is told, what it says is one of its reports, what is no order ends it
 * with a reason, and any name of a Hub is drawn inside the card.
 *
 * The input is what the agent sends; one that starts with "demo" runs the demonstration, and to one
 * that starts with "long" a line is added that is longer than any order. The screen is played by a
 * surface in memory, where time passes with each look at it; a Hub of one of the names in
 * screen_events makes something happen there.
 */
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "overlay/overlay_window.h"

#include <SDL.h>
#include <sys/socket.h>
#include <unistd.h>

#define main overlay_main
int overlay_main(int argc, char **argv);
#include "../../native/overlay/overlay_main.c" /* NOLINT: the program itself is what is tested */
#undef main

#define SCREEN_WIDTH 640
#define SCREEN_HEIGHT 400
#define TURN_MS 700
#define INPUT_MAX_BYTES (20 * 1024) /* what a socket takes at once */

static SDL_Surface *surface;
static SDL_Rect card_at;
static int ready_fds[2]; /* the window's: it always has something to say */
static unsigned open_count;

/* --- The screen --- */

static struct overlay *running; /* to see whose code it is */

static const struct {
	const char *hub_name;
	SDL_Event event;
} screen_events[] = {
	{ "click", { .type = SDL_MOUSEBUTTONDOWN } },
	{ "gone", { .type = SDL_QUIT } },
	{ "close", { .window = { .type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_CLOSE } } },
	{ "expose", { .window = { .type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_EXPOSED } } },
};

bool overlay_display_find(struct overlay_display *display, struct error *err)
{
	/* It is the first member. */
	running = (struct overlay *)display;
	*display = (struct overlay_display){ .kind = OVERLAY_GAMESCOPE };
	return true;
}

void overlay_display_finish(struct overlay_display *display)
{
}

void overlay_display_enter(const struct overlay_display *display)
{
}

bool overlay_window_start(
	const struct overlay_display *display, SDL_Rect *screen, struct error *err)
{
	*screen = (SDL_Rect){ .w = SCREEN_WIDTH, .h = SCREEN_HEIGHT };
	return true;
}

void overlay_window_stop(void)
{
}

struct overlay_window *overlay_window_create(
	const struct overlay_display *display, SDL_Rect screen, SDL_Rect card, struct error *err)
{
	fuzz_require(open_count++ == 0);
	card_at = card;
	return (struct overlay_window *)&card_at;
}

void overlay_window_destroy(struct overlay_window *window)
{
	open_count -= window != NULL;
}

SDL_Surface *overlay_window_surface(struct overlay_window *window)
{
	return surface;
}

SDL_Rect overlay_window_card(const struct overlay_window *window)
{
	return card_at;
}

bool overlay_window_opaque(const struct overlay_window *window)
{
	return false;
}

bool overlay_window_present(struct overlay_window *window, const SDL_Rect *part, struct error *err)
{
	fuzz_require(part == NULL ||
		     (part->x >= 0 && part->y >= 0 && part->x + part->w <= SCREEN_WIDTH &&
			     part->y + part->h <= SCREEN_HEIGHT));
	for (size_t i = 0; i < sizeof(screen_events) / sizeof(screen_events[0]); i++) {
		SDL_Event event = screen_events[i].event;

		if (part == NULL &&
			strcmp(running->order.hub_name, screen_events[i].hub_name) == 0 &&
			!SDL_HasEvent(SDL_WINDOWEVENT)) {
			SDL_PushEvent(&event);
		}
	}
	return true;
}

int overlay_window_fd(const struct overlay_window *window)
{
	fuzz_clock_skip(TURN_MS);
	return ready_fds[0];
}

/* --- The run --- */

static void check_report(const char *line, size_t length)
{
	struct overlay_report report = { 0 };

	fuzz_require(json_read_text(&report, overlay_report_fields, line, length, NULL));
	fuzz_require(strcmp(report.status, OVERLAY_SHOWN) == 0 ||
		     strcmp(report.status, OVERLAY_DISMISSED) == 0 ||
		     strcmp(report.status, OVERLAY_ALIVE) == 0 ||
		     strcmp(report.status, OVERLAY_FAILED) == 0);
	fuzz_require((strcmp(report.status, OVERLAY_FAILED) == 0) == (report.reason != NULL));
	json_finish(&report, overlay_report_fields);
}

static void check_reports(int fd, int status)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 }, line = { 0 };
	char bytes[4096];
	ssize_t count;
	bool has_failed = false;

	while ((count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		strbuf_append(&text, bytes, (size_t)count);
	}
	while (strbuf_take_line(&text, &line)) {
		fuzz_require(!has_failed); /* it is the last one */
		check_report(strbuf_text(&line), line.length);
		has_failed = strstr(strbuf_text(&line), "\"" OVERLAY_FAILED "\"") != NULL;
	}
	fuzz_require(text.length == 0 && has_failed == (status == EXIT_FAILURE));
}

static void init(void)
{
	unsetenv("LANG");
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	fuzz_require(SDL_Init(SDL_INIT_EVENTS) == 0 && pipe(ready_fds) == 0);
	fuzz_require(write(ready_fds[1], "", 1) == 1);
	surface = SDL_CreateRGBSurfaceWithFormat(
		0, SCREEN_WIDTH, SCREEN_HEIGHT, 32, SDL_PIXELFORMAT_ARGB8888);
	fuzz_require(surface != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[] = { (char *)"capydeck-overlay", (char *)"--demo", NULL };
	bool is_demo = size >= 4 && memcmp(data, "demo", 4) == 0;
	int before = dup(ORDERS_FD), pair[2], status;

	if (surface == NULL) {
		init();
	}
	if (size > INPUT_MAX_BYTES) {
		return 0;
	}
	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	fuzz_require(send(pair[0], data, size, MSG_NOSIGNAL) == (ssize_t)size);
	if (size >= 4 && memcmp(data, "long", 4) == 0) {
		static char line[OVERLAY_LINE_MAX_BYTES + 1024];

		memset(line, 'x', sizeof(line));
		fuzz_require(
			send(pair[0], line, sizeof(line), MSG_NOSIGNAL) == (ssize_t)sizeof(line));
	}
	shutdown(pair[0], SHUT_WR);
	fuzz_require(dup2(pair[1], ORDERS_FD) == ORDERS_FD);
	SDL_FlushEvents(SDL_FIRSTEVENT, SDL_LASTEVENT);
	status = overlay_main(is_demo ? 2 : 1, argv);
	fuzz_require(open_count == 0);
	if (!is_demo) {
		check_reports(pair[0], status);
	}
	dup2(before, ORDERS_FD);
	close(before);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
