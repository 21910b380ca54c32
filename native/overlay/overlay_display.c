#include "overlay/overlay_display.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "overlay/overlay_server.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENVIRONMENT_MAX_BYTES (256 * 1024)
#define SOCKETS "/tmp/.X11-unix"
#define DISPLAYS_MAX 64
#define ANSWER_WAIT_MS 500		/* at first … */
#define ANSWER_LONG_WAIT_MS (20 * 1000) /* … and when there is no other screen */

/* Programs that live as long as their session; their environment names its screen. */
static const char *const session_programs[] = {
	"plasmashell",
	"kwin_x11",
	"kwin_wayland",
	"gnome-shell",
	"xfce4-session",
	"openbox",
	"steam",
};

enum server { SERVER_NONE, SERVER_OTHER, SERVER_GAMESCOPE };

/* One search through everything that may lead to a screen. */
struct search {
	struct overlay_display *out;
	int wait_ms; /* for a server's answer */
	bool met_silent, met_foreign, met_seatless;
};

static bool answers(struct search *search, enum overlay_server server)
{
	search->met_silent |= server == OVERLAY_SERVER_SILENT;
	search->met_foreign |= server == OVERLAY_SERVER_FOREIGN;
	search->met_seatless |= server == OVERLAY_SERVER_SEATLESS;
	return server == OVERLAY_SERVER_ANSWERS;
}

static enum server server_kind(Display *display)
{
	Atom name = XInternAtom(display, "GAMESCOPE_XWAYLAND_SERVER_ID", True), type;
	unsigned long count = 0, left;
	unsigned char *data = NULL;
	enum server kind = SERVER_OTHER;
	int format;

	if (name != None &&
		XGetWindowProperty(display, DefaultRootWindow(display), name, 0, 1, False,
			XA_CARDINAL, &type, &format, &count, &left, &data) == Success &&
		count == 1 && format == 32) {
		/* Its other servers are for the games: nothing is drawn over the game there. */
		kind = *(unsigned long *)(void *)data == 0 ? SERVER_GAMESCOPE : SERVER_NONE;
	}
	if (data != NULL) {
		XFree(data);
	}
	return kind;
}

/* Xlib reads it only from the environment. NULL: none, or the user's own file. */
static void use_authority(const char *xauthority)
{
	if (xauthority != NULL) {
		setenv("XAUTHORITY", xauthority, 1);
	} else {
		unsetenv("XAUTHORITY");
	}
}

/* NULL names are skipped. xauthority may be NULL. */
static enum server ask_server(struct search *search, const char *name, const char *xauthority)
{
	Display *display;
	enum server kind;

	if (name == NULL || *name == '\0' ||
		!answers(search, overlay_server_greet_x11(name, search->wait_ms))) {
		return SERVER_NONE;
	}
	use_authority(xauthority);
	display = XOpenDisplay(name);
	if (display == NULL) {
		return SERVER_NONE;
	}
	kind = server_kind(display);
	XCloseDisplay(display);
	return kind;
}

static void take_x11(
	struct search *search, enum server kind, const char *name, const char *xauthority)
{
	*search->out = (struct overlay_display){
		.kind = kind == SERVER_GAMESCOPE ? OVERLAY_GAMESCOPE : OVERLAY_X11,
		.display = xstrdup(name),
		.xauthority = xstrdup_or_null(xauthority),
	};
}

/* The value of NAME in "NAME=value" entries that end with separator; NULL: missing. */
static char *value_in(const struct strbuf *entries, char separator, const char *name)
{
	const char *at = strbuf_text(entries), *end = at + entries->length;
	size_t length = strlen(name);

	while (at < end) {
		const char *stop = memchr(at, separator, (size_t)(end - at));

		stop = stop != NULL ? stop : end;
		if ((size_t)(stop - at) > length && strncmp(at, name, length) == 0 &&
			at[length] == '=') {
			return xasprintf(
				"%.*s", (int)(stop - at - (long)length - 1), at + length + 1);
		}
		at = stop + 1;
	}
	return NULL;
}

/* The note may be from a session that has ended, so the server has to answer. */
static bool find_noted(struct search *search)
{
	AUTO(free_ptr)
	char *path = xasprintf("/run/user/%u/gamescope-environment", (unsigned)getuid());
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(free_ptr) char *name = NULL;

	if (!atomic_file_read(path, ENVIRONMENT_MAX_BYTES, &text, NULL)) {
		return false;
	}
	name = value_in(&text, '\n', "DISPLAY");
	if (ask_server(search, name, NULL) != SERVER_GAMESCOPE) {
		return false;
	}
	take_x11(search, SERVER_GAMESCOPE, name, NULL);
	return true;
}

/* Is the server behind that socket our user's? Connecting to another user's would reveal us. */
static bool is_own_socket(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_uid == getuid();
}

static bool find_probed(struct search *search)
{
	DIR *sockets = opendir(SOCKETS);
	bool found = false;

	for (int i = 0; sockets != NULL && !found && i < DISPLAYS_MAX; i++) {
		const struct dirent *entry = readdir(sockets);
		AUTO(free_ptr) char *path = NULL;
		AUTO(free_ptr) char *name = NULL;

		if (entry == NULL) {
			break;
		}
		path = xasprintf(SOCKETS "/%s", entry->d_name);
		name = xasprintf(":%s", entry->d_name + 1);
		if (entry->d_name[0] == 'X' && is_own_socket(path) &&
			ask_server(search, name, NULL) == SERVER_GAMESCOPE) {
			take_x11(search, SERVER_GAMESCOPE, name, NULL);
			found = true;
		}
	}
	if (sockets != NULL) {
		closedir(sockets);
	}
	return found;
}

static bool find_x11_in(struct search *search, const struct strbuf *environment)
{
	AUTO(free_ptr) char *name = value_in(environment, '\0', "DISPLAY");
	AUTO(free_ptr) char *xauthority = value_in(environment, '\0', "XAUTHORITY");
	enum server kind = ask_server(search, name, xauthority);

	if (kind != SERVER_NONE) {
		take_x11(search, kind, name, xauthority);
	}
	return kind != SERVER_NONE;
}

static bool find_wayland_in(struct search *search, const struct strbuf *environment)
{
	AUTO(free_ptr) char *name = value_in(environment, '\0', "WAYLAND_DISPLAY");
	AUTO(free_ptr) char *runtime_dir = value_in(environment, '\0', "XDG_RUNTIME_DIR");
	AUTO(free_ptr) char *path = NULL;

	if (name == NULL || runtime_dir == NULL) {
		return false;
	}
	path = *name == '/' ? xstrdup(name) : xasprintf("%s/%s", runtime_dir, name);
	if (!answers(search, overlay_server_greet_wayland(path, search->wait_ms))) {
		return false;
	}
	*search->out = (struct overlay_display){
		.kind = OVERLAY_WAYLAND,
		.wayland_display = xstrdup(name),
		.runtime_dir = xstrdup(runtime_dir),
	};
	return true;
}

static bool read_environment(const char *pid, struct strbuf *environment)
{
	AUTO(free_ptr) char *path = xasprintf("/proc/%s/environ", pid);

	return atomic_file_read(path, ENVIRONMENT_MAX_BYTES, environment, NULL);
}

/* Does our user run it, and is it one of these kinds? */
static bool is_session_program(const char *pid)
{
	AUTO(free_ptr) char *folder = xasprintf("/proc/%s", pid);
	AUTO(free_ptr) char *path = xasprintf("/proc/%s/comm", pid);
	AUTO(strbuf_finish) struct strbuf name = { 0 };
	struct stat status;

	if (stat(folder, &status) != 0 || status.st_uid != getuid() ||
		!atomic_file_read(path, 64, &name, NULL) || name.length == 0) {
		return false;
	}
	name.data[strcspn(name.data, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(session_programs) / sizeof(session_programs[0]); i++) {
		if (strcmp(name.data, session_programs[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool find_in_session(struct search *search,
	bool (*find_in)(struct search *search, const struct strbuf *environment))
{
	AUTO(strbuf_finish) struct strbuf environment = { 0 };
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (proc != NULL && !found && (entry = readdir(proc)) != NULL) {
		if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
			is_session_program(entry->d_name) &&
			read_environment(entry->d_name, &environment)) {
			found = find_in(search, &environment);
		}
	}
	if (proc != NULL) {
		closedir(proc);
	}
	return found;
}

/* X before Wayland: only X lets a window be placed and stay above others. */
static bool find_display(struct search *search)
{
	AUTO(strbuf_finish) struct strbuf own = { 0 };

	read_environment("self", &own);
	return find_noted(search) || find_probed(search) || find_x11_in(search, &own) ||
	       find_wayland_in(search, &own) || find_in_session(search, find_x11_in) ||
	       find_in_session(search, find_wayland_in);
}

bool overlay_display_find(struct overlay_display *display, struct error *err)
{
	struct search search = { .out = display, .wait_ms = ANSWER_WAIT_MS };

	if (find_display(&search)) {
		return true;
	}
	if (search.met_silent) {
		search = (struct search){ .out = display, .wait_ms = ANSWER_LONG_WAIT_MS };
		if (find_display(&search)) {
			return true;
		}
	}
	return error_set(err, ERROR_NOT_FOUND, "no screen was found for user %u: %s",
		(unsigned)getuid(),
		search.met_silent     ? "its server does not answer"
		: search.met_seatless ? "its Wayland compositor has no seat"
		: search.met_foreign  ? "the X server in reach is another user's"
				      : "neither gamescope nor a desktop session answers");
}

void overlay_display_finish(struct overlay_display *display)
{
	free(display->display);
	free(display->xauthority);
	free(display->wayland_display);
	free(display->runtime_dir);
	*display = (struct overlay_display){ .kind = OVERLAY_X11 };
}

void overlay_display_enter(const struct overlay_display *display)
{
	if (display->kind == OVERLAY_WAYLAND) {
		setenv("WAYLAND_DISPLAY", display->wayland_display, 1);
		setenv("XDG_RUNTIME_DIR", display->runtime_dir, 1);
		setenv("SDL_VIDEODRIVER", "wayland", 1);
		return;
	}
	setenv("DISPLAY", display->display, 1);
	setenv("SDL_VIDEODRIVER", "x11", 1);
	use_authority(display->xauthority);
}
