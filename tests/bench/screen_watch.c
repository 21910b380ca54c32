/*
 * Watches a screen for the pairing code: an X client of its own that reads what the compositor has
 * painted. For each change it prints "shown NS" or "hidden NS", NS being CLOCK_MONOTONIC when the
 * picture was there: a row across the digits has pure white pixels then, or none.
 *
 *	screen_watch                the screen of $DISPLAY; "ready" is its first line
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define PERIOD_NS (500 * 1000)
#define WHITE 0xFFFFFFu

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The digits' middle, where the card of a screen that is wider than high has it. */
static bool is_shown(Display *display)
{
	int screen = DefaultScreen(display);
	int width = DisplayWidth(display, screen), y = DisplayHeight(display, screen) * 43 / 100;
	XImage *row = XGetImage(
		display, DefaultRootWindow(display), 0, y, (unsigned)width, 1, AllPlanes, ZPixmap);
	bool shown = false;

	for (int x = 0; row != NULL && x < width && !shown; x++) {
		shown = (XGetPixel(row, x, 0) & WHITE) == WHITE;
	}
	if (row != NULL) {
		XDestroyImage(row);
	}
	return shown;
}

int main(void)
{
	Display *display = XOpenDisplay(NULL);
	bool was_shown = false;

	if (display == NULL) {
		fprintf(stderr, "screen_watch: no display\n");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		bool shown = is_shown(display);

		if (shown != was_shown) {
			printf("%s %lld\n", shown ? "shown" : "hidden", (long long)now_ns());
			fflush(stdout);
			was_shown = shown;
		}
		nanosleep(&(struct timespec){ .tv_nsec = PERIOD_NS }, NULL);
	}
}
