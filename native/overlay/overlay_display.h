#pragma once

#include <stdbool.h>

struct error;

/*
 * The screen of this user's session. A child of a system service has no session variables in its
 * environment, and the session may have changed since the agent started, so it is searched for at
 * every showing: gamescope's own note of it, then X servers that identify themselves as gamescope's
 * first, then this process's environment, then that of the session's programs.
 */
enum overlay_kind {
	OVERLAY_GAMESCOPE, /* the X server whose windows gamescope draws over the game */
	OVERLAY_X11,	   /* a desktop's X server, Xwayland included */
	OVERLAY_WAYLAND,
};

struct overlay_display {
	enum overlay_kind kind;
	char *display;	       /* X11: ":1" */
	char *xauthority;      /* NULL: none needed */
	char *wayland_display; /* Wayland: "wayland-0" */
	char *runtime_dir;     /* Wayland */
};

/* Errors: NOT_FOUND (no session of this user has a screen; says what was tried). */
bool overlay_display_find(struct overlay_display *display, struct error *err);
void overlay_display_finish(struct overlay_display *display);
/* Sets it in the environment, for SDL. */
void overlay_display_enter(const struct overlay_display *display);
