#pragma once

/*
 * Does a screen's server answer? Xlib and libwayland wait forever for a hanging server, so this
 * greets it by hand first.
 */
enum overlay_server {
	OVERLAY_SERVER_NONE,
	OVERLAY_SERVER_ANSWERS,
	OVERLAY_SERVER_SILENT,	 /* for wait_ms */
	OVERLAY_SERVER_FOREIGN,	 /* run by neither this user nor root, who would see the code */
	OVERLAY_SERVER_SEATLESS, /* Wayland: without a seat, where SDL 2.26 crashes */
};

/* name: as in DISPLAY. One on another machine counts as ANSWERS: Xlib finds out. */
enum overlay_server overlay_server_greet_x11(const char *name, int wait_ms);
/* path: the compositor's socket. */
enum overlay_server overlay_server_greet_wayland(const char *path, int wait_ms);
