#pragma once

#include "overlay/overlay_display.h"

#include <SDL.h>
#include <stdbool.h>

struct error;
struct overlay_window;

/*
 * The window that shows the card: over the running game in gamescope, above everything and without
 * the focus on a desktop. native/overlay/README.md describes what gamescope and SDL need.
 */

/* Starts SDL's video on that display; screen: the one with the pointer. Errors: IO. */
bool overlay_window_start(
	const struct overlay_display *display, SDL_Rect *screen, struct error *err);
void overlay_window_stop(void);

/* Creates the window, still hidden. card: the card's place on the screen. Errors: IO. */
struct overlay_window *overlay_window_create(
	const struct overlay_display *display, SDL_Rect screen, SDL_Rect card, struct error *err);
void overlay_window_destroy(struct overlay_window *window); /* NULL is fine */

/* The surface to draw into, premultiplied; NULL on failure. Valid until the next call. */
SDL_Surface *overlay_window_surface(struct overlay_window *window);
/* The card's top left corner in that surface. */
SDL_Rect overlay_window_card(const struct overlay_window *window);
/* No compositor blends our window with what is below: draw it opaque. */
bool overlay_window_opaque(const struct overlay_window *window);
/*
 * Shows what was drawn within part (NULL: everywhere); the first time also the window.
 * Errors: IO.
 */
bool overlay_window_present(struct overlay_window *window, const SDL_Rect *part, struct error *err);
/* Readable when there are events for SDL; −1: none to wait for. */
int overlay_window_fd(const struct overlay_window *window);
