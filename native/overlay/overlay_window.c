#include "overlay/overlay_window.h"

#include "core/error.h"
#include "core/xalloc.h"

#include <SDL_syswm.h>
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/shape.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "CapyDeck"

struct overlay_window {
	SDL_Window *window;
	Display *x11; /* SDL's connection, borrowed; NULL: Wayland */
	Window x11_window;
	SDL_Rect card;	/* in the window */
	bool unmanaged; /* on a desktop: ignored by its window manager */
	bool opaque;
	bool shown;
};

/* A visual with an alpha channel; its number differs from server to server. 0: there is none. */
static VisualID argb_visual(Display *x11)
{
	XVisualInfo found;

	return XMatchVisualInfo(x11, DefaultScreen(x11), 32, TrueColor, &found) != 0
		       ? found.visualid
		       : 0;
}

static bool is_composited(Display *x11)
{
	char name[32];

	snprintf(name, sizeof(name), "_NET_WM_CM_S%d", DefaultScreen(x11));
	return XGetSelectionOwner(x11, XInternAtom(x11, name, False)) != None;
}

/* Before SDL's video starts; the environment would override ordinary hints. */
static bool set_hints(const struct overlay_display *display, struct error *err)
{
	char number[32];
	Display *x11;
	VisualID visual;

	/*
	 * SIGTERM must not count as a click on the card: it ends the process, and the window with
	 * it.
	 */
	SDL_SetHintWithPriority(SDL_HINT_NO_SIGNAL_HANDLERS, "1", SDL_HINT_OVERRIDE);
	if (display->kind == OVERLAY_WAYLAND) {
		return true; /* SDL draws there through a renderer only */
	}
	SDL_SetHintWithPriority(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0", SDL_HINT_OVERRIDE);
	x11 = XOpenDisplay(display->display);
	if (x11 == NULL) {
		return error_set(err, ERROR_IO, "the display '%s' is gone", display->display);
	}
	visual = argb_visual(x11);
	XCloseDisplay(x11);
	SDL_SetHintWithPriority(
		SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0", SDL_HINT_OVERRIDE);
	if (visual != 0) {
		snprintf(number, sizeof(number), "0x%lx", (unsigned long)visual);
		SDL_SetHintWithPriority(
			SDL_HINT_VIDEO_X11_WINDOW_VISUALID, number, SDL_HINT_OVERRIDE);
	}
	return true;
}

/* The one with the pointer. Wayland does not reveal that, and places windows itself. */
static SDL_Rect find_screen(enum overlay_kind kind)
{
	SDL_Rect screen = { 0, 0, 1280, 800 };
	SDL_Point pointer;
	int index = 0;

	if (kind != OVERLAY_WAYLAND) {
		SDL_GetGlobalMouseState(&pointer.x, &pointer.y);
		index = SDL_GetPointDisplayIndex(&pointer);
	}
	SDL_GetDisplayBounds(index >= 0 ? index : 0, &screen);
	return screen;
}

bool overlay_window_start(
	const struct overlay_display *display, SDL_Rect *screen, struct error *err)
{
	if (!set_hints(display, err)) {
		return false;
	}
	if (SDL_Init(SDL_INIT_VIDEO) != 0) {
		return error_set(err, ERROR_IO, "cannot start SDL video: %s", SDL_GetError());
	}
	*screen = find_screen(display->kind);
	return true;
}

void overlay_window_stop(void)
{
	SDL_Quit();
}

static void set_cardinal(struct overlay_window *window, const char *property, unsigned long value)
{
	XChangeProperty(window->x11, window->x11_window, XInternAtom(window->x11, property, False),
		XA_CARDINAL, 32, PropModeReplace, (unsigned char *)&value, 1);
}

/* No click and no key is for us: they belong to the game. */
static void pass_input_through(struct overlay_window *window)
{
	XShapeCombineRectangles(
		window->x11, window->x11_window, ShapeInput, 0, 0, NULL, 0, ShapeSet, Unsorted);
}

/* A window manager keeps what it manages below a full-screen window. */
static void leave_window_manager(struct overlay_window *window)
{
	Atom type = XInternAtom(window->x11, "_NET_WM_WINDOW_TYPE_NOTIFICATION", False);
	XSetWindowAttributes attributes = { .override_redirect = True };

	XChangeWindowAttributes(window->x11, window->x11_window, CWOverrideRedirect, &attributes);
	XChangeProperty(window->x11, window->x11_window,
		XInternAtom(window->x11, "_NET_WM_WINDOW_TYPE", False), XA_ATOM, 32,
		PropModeReplace, (unsigned char *)&type, 1);
	window->unmanaged = true;
}

/* Must all be set before the window is mapped: a window marked later takes the focus. */
static void mark_window(struct overlay_window *window, enum overlay_kind kind)
{
	XWMHints hints = { .flags = InputHint, .input = False };

	XSetWMHints(window->x11, window->x11_window, &hints);
	set_cardinal(window, "_NET_WM_USER_TIME", 0);
	XDeleteProperty(
		window->x11, window->x11_window, XInternAtom(window->x11, "WM_PROTOCOLS", False));
	if (kind == OVERLAY_GAMESCOPE) {
		set_cardinal(window, "GAMESCOPE_EXTERNAL_OVERLAY", 1);
		pass_input_through(window);
	} else {
		leave_window_manager(window);
	}
	XSync(window->x11, False);
}

static void find_x11(struct overlay_window *window)
{
	SDL_SysWMinfo info;

	SDL_VERSION(&info.version);
	if (SDL_GetWindowWMInfo(window->window, &info) && info.subsystem == SDL_SYSWM_X11) {
		window->x11 = info.info.x11.display;
		window->x11_window = info.info.x11.window;
	}
}

struct overlay_window *overlay_window_create(
	const struct overlay_display *display, SDL_Rect screen, SDL_Rect card, struct error *err)
{
	struct overlay_window *window = xcalloc(1, sizeof(*window));
	bool in_game = display->kind == OVERLAY_GAMESCOPE;
	/* gamescope paints a window from the screen's corner, whatever its position. */
	SDL_Rect frame =
		in_game ? (SDL_Rect){ 0, 0, card.x + card.w, card.y + card.h }
			: (SDL_Rect){ screen.x + card.x, screen.y + card.y, card.w, card.h };

	window->card = in_game ? card : (SDL_Rect){ 0, 0, card.w, card.h };
	window->window = SDL_CreateWindow(TITLE, frame.x, frame.y, frame.w, frame.h,
		SDL_WINDOW_HIDDEN | SDL_WINDOW_BORDERLESS | SDL_WINDOW_SKIP_TASKBAR |
			SDL_WINDOW_ALWAYS_ON_TOP);
	if (window->window == NULL) {
		error_set(err, ERROR_IO, "cannot create the window: %s", SDL_GetError());
		free(window);
		return NULL;
	}
	find_x11(window);
	window->opaque = !in_game && (window->x11 == NULL || !is_composited(window->x11));
	if (window->x11 != NULL) {
		mark_window(window, display->kind);
	}
	return window;
}

void overlay_window_destroy(struct overlay_window *window)
{
	if (window == NULL) {
		return;
	}
	SDL_DestroyWindow(window->window);
	free(window);
}

SDL_Surface *overlay_window_surface(struct overlay_window *window)
{
	return SDL_GetWindowSurface(window->window);
}

SDL_Rect overlay_window_card(const struct overlay_window *window)
{
	return window->card;
}

bool overlay_window_opaque(const struct overlay_window *window)
{
	return window->opaque;
}

static void map_window(struct overlay_window *window)
{
	/* SDL's own function takes the focus if there is no window manager. */
	if (window->unmanaged) {
		XMapRaised(window->x11, window->x11_window);
	} else {
		SDL_ShowWindow(window->window);
	}
	window->shown = true;
}

bool overlay_window_present(struct overlay_window *window, const SDL_Rect *part, struct error *err)
{
	int failed;

	if (!window->shown) {
		map_window(window);
	}
	if (window->x11 != NULL) {
		XRaiseWindow(window->x11, window->x11_window);
	}
	failed = part != NULL ? SDL_UpdateWindowSurfaceRects(window->window, part, 1)
			      : SDL_UpdateWindowSurface(window->window);
	if (failed != 0) {
		return error_set(err, ERROR_IO, "cannot draw the window: %s", SDL_GetError());
	}
	if (window->x11 != NULL) {
		XSync(window->x11, False);
	}
	return true;
}

int overlay_window_fd(const struct overlay_window *window)
{
	return window->x11 != NULL ? ConnectionNumber(window->x11) : -1;
}
