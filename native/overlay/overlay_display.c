#include "overlay/overlay_display.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ENVIRONMENT_MAX_BYTES (256 * 1024)
#define SOCKETS "/tmp/.X11-unix"
#define DISPLAYS_MAX 64
#define ANSWER_WAIT_MS 500

/* Programs that live as long as their session; the environment of one tells where its screen is. */
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
		/* Its other servers are the games' own: nothing is drawn over the game there. */
		kind = *(unsigned long *)(void *)data == 0 ? SERVER_GAMESCOPE : SERVER_NONE;
	}
	if (data != NULL) {
		XFree(data);
	}
	return kind;
}

/* Connects as Xlib would; −1: not to be had that way, which Xlib finds out for itself. */
static int connect_locally(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned number;
	int fd;

	if (sscanf(name, ":%u", &number) != 1) {
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), SOCKETS "/X%u", number);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Xlib waits for a server that hangs for ever, so it is greeted by hand first. */
static bool hangs(const char *name)
{
	static const unsigned char greeting[12] = { 'l', 0, 11 }; /* byte order, X11 */
	int fd = connect_locally(name);
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	bool silent = false;

	if (fd >= 0) {
		silent = send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL) ==
				 (ssize_t)sizeof(greeting) &&
			 poll(&answer, 1, ANSWER_WAIT_MS) == 0;
		close(fd);
	}
	return silent;
}

/* Xlib takes it from the environment only. NULL: none, or the user's own file. */
static void use_authority(const char *xauthority)
{
	if (xauthority != NULL) {
		setenv("XAUTHORITY", xauthority, 1);
	} else {
		unsetenv("XAUTHORITY");
	}
}

/* NULL names are no server. xauthority may be NULL. */
static enum server ask_server(const char *name, const char *xauthority)
{
	Display *display;
	enum server kind;

	if (name == NULL || *name == '\0' || hangs(name)) {
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
	struct overlay_display *out, enum server kind, const char *name, const char *xauthority)
{
	*out = (struct overlay_display){
		.kind = kind == SERVER_GAMESCOPE ? OVERLAY_GAMESCOPE : OVERLAY_X11,
		.display = xstrdup(name),
		.xauthority = xstrdup_or_null(xauthority),
	};
}

/* The value of NAME in "NAME=value" entries that end with separator; NULL: not there. */
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

/* The note may be of a session that has ended: the server has to answer. */
static bool find_noted(struct overlay_display *out)
{
	AUTO(free_ptr)
	char *path = xasprintf("/run/user/%u/gamescope-environment", (unsigned)getuid());
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(free_ptr) char *name = NULL;

	if (!atomic_file_read(path, ENVIRONMENT_MAX_BYTES, &text, NULL)) {
		return false;
	}
	name = value_in(&text, '\n', "DISPLAY");
	if (ask_server(name, NULL) != SERVER_GAMESCOPE) {
		return false;
	}
	take_x11(out, SERVER_GAMESCOPE, name, NULL);
	return true;
}

/* Is the server behind that socket ours? Asking a stranger's would tell them we are here. */
static bool is_own_socket(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_uid == getuid();
}

static bool find_probed(struct overlay_display *out)
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
			ask_server(name, NULL) == SERVER_GAMESCOPE) {
			take_x11(out, SERVER_GAMESCOPE, name, NULL);
			found = true;
		}
	}
	if (sockets != NULL) {
		closedir(sockets);
	}
	return found;
}

static bool find_wayland(
	struct overlay_display *out, const char *wayland_display, const char *runtime_dir)
{
	AUTO(free_ptr) char *path = NULL;
	struct stat status;

	if (wayland_display == NULL || runtime_dir == NULL) {
		return false;
	}
	path = *wayland_display == '/' ? xstrdup(wayland_display)
				       : xasprintf("%s/%s", runtime_dir, wayland_display);
	if (stat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
		return false;
	}
	*out = (struct overlay_display){
		.kind = OVERLAY_WAYLAND,
		.wayland_display = xstrdup(wayland_display),
		.runtime_dir = xstrdup(runtime_dir),
	};
	return true;
}

/* X before Wayland: only there a window can be placed and stay above others. */
static bool find_in(struct overlay_display *out, const struct strbuf *environment)
{
	AUTO(free_ptr) char *name = value_in(environment, '\0', "DISPLAY");
	AUTO(free_ptr) char *xauthority = value_in(environment, '\0', "XAUTHORITY");
	AUTO(free_ptr) char *wayland = value_in(environment, '\0', "WAYLAND_DISPLAY");
	AUTO(free_ptr) char *runtime_dir = value_in(environment, '\0', "XDG_RUNTIME_DIR");
	enum server kind = ask_server(name, xauthority);

	if (kind != SERVER_NONE) {
		take_x11(out, kind, name, xauthority);
		return true;
	}
	return find_wayland(out, wayland, runtime_dir);
}

static bool read_environment(const char *pid, struct strbuf *environment)
{
	AUTO(free_ptr) char *path = xasprintf("/proc/%s/environ", pid);

	return atomic_file_read(path, ENVIRONMENT_MAX_BYTES, environment, NULL);
}

/* Ours, and one of those? */
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

static bool find_in_session(struct overlay_display *out)
{
	AUTO(strbuf_finish) struct strbuf environment = { 0 };
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (proc != NULL && !found && (entry = readdir(proc)) != NULL) {
		if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
			is_session_program(entry->d_name) &&
			read_environment(entry->d_name, &environment)) {
			found = find_in(out, &environment);
		}
	}
	if (proc != NULL) {
		closedir(proc);
	}
	return found;
}

bool overlay_display_find(struct overlay_display *display, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf own = { 0 };

	if (find_noted(display) || find_probed(display) ||
		(read_environment("self", &own) && find_in(display, &own)) ||
		find_in_session(display)) {
		return true;
	}
	return error_set(err, ERROR_NOT_FOUND,
		"no screen was found for user %u: neither gamescope nor a desktop session answers",
		(unsigned)getuid());
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
