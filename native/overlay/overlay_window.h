#pragma once

#include "overlay/overlay_display.h"

#include <SDL.h>
#include <stdbool.h>

struct error;
struct overlay_window;

/*
 * The window the card is shown in: over the running game in gamescope, above everything and
 * without the focus on a desktop. How gamescope and SDL want it is native/overlay/README.md.
 */

/* Starts SDL's video on that display; screen: the one with the pointer. Errors: IO. */
bool overlay_window_start(
	const struct overlay_display *display, SDL_Rect *screen, struct error *err);
void overlay_window_stop(void);

/*
 * Makes the window, still hidden. card: where the card lies on the screen. Errors: IO.
 */
struct overlay_window *overlay_window_create(
	const struct overlay_display *display, SDL_Rect screen, SDL_Rect card, struct error *err);
void overlay_window_destroy(struct overlay_window *window); /* NULL is fine */

/* To draw into, premultiplied; NULL on failure. Valid until the next call. */
SDL_Surface *overlay_window_surface(struct overlay_window *window);
/* Where the card's top left corner is in that surface. */
SDL_Rect overlay_window_card(const struct overlay_window *window);
/* Nothing blends our window with what is below: draw it opaque. */
bool overlay_window_opaque(const struct overlay_window *window);
/*
 * Shows what was drawn within part (NULL: everywhere), and at the first time the window.
 * Errors: IO.
 */
bool overlay_window_present(struct overlay_window *window, const SDL_Rect *part, struct error *err);
/* Readable when there are events for SDL; −1: none to wait for. */
int overlay_window_fd(const struct overlay_window *window);
