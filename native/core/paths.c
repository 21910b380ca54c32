#include "core/paths.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/shown.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/utf8.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAFE_NAME_BYTES 200

/* The environment's value if it is an absolute path; the XDG rules ignore others. Borrowed. */
static const char *absolute_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value == '/' ? value : NULL;
}

static char *find_home(void)
{
	const char *home = absolute_variable("HOME");
	const struct passwd *user;

	if (home == NULL) {
		user = getpwuid(getuid());
		home = user != NULL && *user->pw_dir == '/' ? user->pw_dir : NULL;
	}
	return xstrdup_or_null(home);
}

/* The command line's value, made absolute; NULL if there is none. */
static char *chosen(const char *option)
{
	AUTO(free_ptr) char *here = NULL;

	if (option == NULL || *option == '/') {
		return xstrdup_or_null(option);
	}
	here = getcwd(NULL, 0);
	return path_join(here != NULL ? here : "/", option);
}

static char *xdg_dir(const char *variable, const char *home, const char *fallback)
{
	const char *base = absolute_variable(variable);
	AUTO(free_ptr) char *default_base = path_join(home, fallback);

	return path_join(base != NULL ? base : default_base, "capydeck");
}

static char *session_runtime_dir(void)
{
	return xasprintf("/run/user/%u/capydeck", getuid());
}

static char *default_runtime_dir(const char *state_dir)
{
	const char *base = absolute_variable("XDG_RUNTIME_DIR");
	AUTO(free_ptr) char *session = session_runtime_dir();
	AUTO(free_ptr) char *parent = path_parent(session);
	struct stat stat_of_parent;

	if (base != NULL) {
		return path_join(base, "capydeck");
	}
	if (stat(parent, &stat_of_parent) == 0 && S_ISDIR(stat_of_parent.st_mode)) {
		return TAKE_PTR(session);
	}
	return path_join(state_dir, "run");
}

bool paths_init(struct paths *paths, const struct paths_options *options, struct error *err)
{
	static const struct paths_options none;

	if (options == NULL) {
		options = &none;
	}
	*paths = (struct paths){ .home = find_home() };
	if (paths->home == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"no home folder for user %u; set HOME to an absolute path", getuid());
	}
	paths->config_dir = chosen(options->config_dir);
	if (paths->config_dir == NULL) {
		paths->config_dir = xdg_dir("XDG_CONFIG_HOME", paths->home, ".config");
	}
	paths->state_dir = chosen(options->state_dir);
	if (paths->state_dir == NULL) {
		paths->state_dir = xdg_dir("XDG_STATE_HOME", paths->home, ".local/state");
	}
	paths->runtime_dir = chosen(options->runtime_dir);
	if (paths->runtime_dir == NULL) {
		paths->runtime_dir = default_runtime_dir(paths->state_dir);
	}
	paths->library_dir = chosen(options->library_dir);
	if (paths->library_dir == NULL) {
		paths->library_dir = path_join(paths->home, "Games");
	}
	return true;
}

void paths_finish(struct paths *paths)
{
	if (paths == NULL) {
		return;
	}
	free(paths->home);
	free(paths->config_dir);
	free(paths->state_dir);
	free(paths->runtime_dir);
	free(paths->library_dir);
	*paths = (struct paths){ 0 };
}

static void push_new_take(struct strvec *list, char *text)
{
	if (strvec_contains(list, text)) {
		free(text);
	} else {
		strvec_push_take(list, text);
	}
}

void paths_runtime_dirs(const struct paths *paths, struct strvec *dirs)
{
	push_new_take(dirs, xstrdup(paths->runtime_dir));
	push_new_take(dirs, session_runtime_dir());
	push_new_take(dirs, path_join(paths->state_dir, "run"));
}

struct path_text path_shown(const char *path)
{
	struct path_text shown;
	AUTO(free_ptr) char *whole = xstrdup(path);
	size_t length = shorten_middle(whole, strlen(whole), sizeof(shown.text) - 1);

	memcpy(shown.text, whole, length);
	shown.text[length] = '\0';
	return shown;
}

char *path_join(const char *dir, const char *name)
{
	size_t length = strlen(dir);

	while (length > 0 && dir[length - 1] == '/') {
		length--;
	}
	return xasprintf("%.*s/%s", (int)length, dir, name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return xstrdup(".");
	}
	return slash == path ? xstrdup("/") : xasprintf("%.*s", (int)(slash - path), path);
}

char *path_expand_home(const char *path, const char *home)
{
	if (strcmp(path, "~") == 0) {
		return xstrdup(home);
	}
	return strncmp(path, "~/", 2) == 0 ? path_join(home, path + 2) : xstrdup(path);
}

static bool is_blank(uint32_t code)
{
	return code == ' ' || code == 0xa0 || code == 0x1680 || code == 0x180e ||
	       (code >= 0x2000 && code <= 0x200f) || code == 0x202f ||
	       (code >= 0x205f && code <= 0x2064) || code == 0x3000 || code == 0x3164 ||
	       code == 0xfeff;
}

/* Is it allowed in file names on every system that games are sent from or to? */
static bool is_name_character(uint32_t code)
{
	return !utf8_is_control(code) && !utf8_is_reordering(code) &&
	       (code >= 0x80 || strchr("/\\<>:\"|?*", (int)code) == NULL);
}

/* Where the trailing blanks and dots of text begin; text is UTF-8. */
static size_t trimmed_length(const char *text, size_t length)
{
	size_t at = 0, kept = 0;

	while (at < length) {
		uint32_t code = 0;

		at += utf8_decode(text + at, length - at, &code);
		if (code != '.' && !is_blank(code)) {
			kept = at;
		}
	}
	return kept;
}

char *path_safe_name(const char *name, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf safe = { 0 };
	size_t length = strlen(name), at = 0;
	bool has_substance = false;

	if (!utf8_valid(name, length)) {
		error_set(err, ERROR_INVALID, "the name '%s' is not UTF-8", name);
		return NULL;
	}
	while (at < length) {
		uint32_t code = 0;
		size_t count = utf8_decode(name + at, length - at, &code);
		bool is_kept = is_name_character(code);

		if (safe.length > 0 || (code != '.' && !is_blank(code))) {
			if (safe.length + count > SAFE_NAME_BYTES) {
				break;
			}
			strbuf_append(&safe, is_kept ? name + at : "_", is_kept ? count : 1);
			has_substance |= is_kept && code != '.' && !is_blank(code);
		}
		at += count;
	}
	if (!has_substance) {
		error_set(err, ERROR_INVALID,
			"the name '%s' has no characters that a folder name can use", name);
		return NULL;
	}
	return xasprintf(
		"%.*s", (int)trimmed_length(strbuf_text(&safe), safe.length), strbuf_text(&safe));
}

static bool check_characters(const char *path, struct error *err)
{
	size_t length = strlen(path), at = 0;

	while (at < length) {
		uint32_t code = 0;
		size_t count = utf8_decode(path + at, length - at, &code);

		if (count == 0) {
			return error_set(err, ERROR_INVALID, "the path '%s' is not UTF-8",
				path_shown(path).text);
		}
		if (utf8_is_control(code)) {
			return error_set(err, ERROR_INVALID,
				"the path '%s' contains a control character",
				path_shown(path).text);
		}
		at += count;
	}
	return true;
}

static bool is_letter(char character)
{
	return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
}

/* Appends one component to the normalised path. */
static bool add_component(struct strbuf *out, const char *path, const char *component,
	size_t length, struct error *err)
{
	if (length == 0 || (length == 1 && *component == '.')) {
		return true;
	}
	if (length == 2 && memcmp(component, "..", 2) == 0) {
		return error_set(
			err, ERROR_INVALID, "the path '%s' contains '..'", path_shown(path).text);
	}
	if (length > NAME_MAX) {
		return error_set(err, ERROR_INVALID,
			"the path '%s' has a component of more than %d bytes",
			path_shown(path).text, NAME_MAX);
	}
	if (out->length > 0) {
		strbuf_append_char(out, '/');
	}
	strbuf_append(out, component, length);
	return true;
}

char *path_normalise_relative(const char *path, struct error *err)
{
	static const char separators[] = "/\\";
	AUTO(strbuf_finish) struct strbuf out = { 0 };

	if (!check_characters(path, err)) {
		return NULL;
	}
	if (*path == '/' || *path == '\\' || (is_letter(*path) && path[1] == ':')) {
		error_set(
			err, ERROR_INVALID, "the path '%s' is not relative", path_shown(path).text);
		return NULL;
	}
	for (const char *at = path; *at != '\0';) {
		size_t length = strcspn(at, separators);

		if (!add_component(&out, path, at, length, err)) {
			return NULL;
		}
		at += length + (at[length] != '\0');
	}
	if (out.length == 0) {
		error_set(err, ERROR_INVALID, "the path '%s' is empty", path_shown(path).text);
		return NULL;
	}
	if (out.length >= PATH_MAX) {
		error_set(err, ERROR_INVALID, "the path '%s' has more than %d bytes",
			path_shown(path).text, PATH_MAX - 1);
		return NULL;
	}
	return strbuf_detach(&out);
}

int path_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	/* Paths contain no control characters, so 1 sorts before everything in them. */
	return (*a == '/' ? 1 : (unsigned char)*a) - (*b == '/' ? 1 : (unsigned char)*b);
}

static bool is_name(const char *name, size_t length)
{
	return length > 0 && !(length <= 2 && strncmp(name, "..", length) == 0);
}

bool path_is_folder_name(const char *name)
{
	return strchr(name, '/') == NULL && is_name(name, strlen(name));
}

bool path_is_plain(const char *path)
{
	if (*path != '/') {
		return false;
	}
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (!is_name(path, length)) {
			return false;
		}
		path += length;
	}
	return true;
}

bool path_is_plain_relative(const char *path)
{
	AUTO(free_ptr) char *normal = path_normalise_relative(path, NULL);

	return normal != NULL && strcmp(normal, path) == 0;
}

/*
 * ENOENT alone is no proof: a link above may lead to a disk that is away, and a folder above may be
 * unreadable.
 */
enum path_presence path_presence(const char *path)
{
	AUTO(free_ptr) char *above = NULL;
	AUTO(close_fd) int fd = -1;
	struct stat stat;

	if (lstat(path, &stat) == 0) {
		return PATH_PRESENT;
	}
	if (errno != ENOENT) {
		return PATH_UNKNOWN;
	}
	above = path_parent(path);
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		return PATH_ABSENT;
	}
	if (errno != ENOENT || strcmp(above, path) == 0) {
		return PATH_UNKNOWN;
	}
	switch (path_presence(above)) {
	case PATH_ABSENT:
		return PATH_ABSENT;
	case PATH_PRESENT:
		errno = ENOENT; /* a link that leads nowhere */
		return PATH_UNKNOWN;
	case PATH_UNKNOWN:
		break;
	}
	return PATH_UNKNOWN;
}

bool path_is_gone(const char *path)
{
	return path_presence(path) == PATH_ABSENT;
}

bool path_is_within(const char *path, const char *dir)
{
	for (;;) {
		size_t length;

		path += strspn(path, "/");
		dir += strspn(dir, "/");
		length = strcspn(dir, "/");
		if (length == 0) {
			return true;
		}
		if (strcspn(path, "/") != length || memcmp(path, dir, length) != 0) {
			return false;
		}
		path += length;
		dir += length;
	}
}

/* Where an installed program's helpers are; the program itself is in bin. */
#define LIBEXEC "../libexec/capydeck"

char *path_beside_program(const char *name)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
	const char *slash = length > 0 ? memrchr(self, '/', (size_t)length) : NULL;
	AUTO(free_ptr) char *beside = NULL;
	AUTO(free_ptr) char *installed = NULL;

	if (slash == NULL) {
		/* Without /proc only PATH is left. */
		return xstrdup(name);
	}
	beside = xasprintf("%.*s/%s", (int)(slash - self), self, name);
	installed = xasprintf("%.*s/" LIBEXEC "/%s", (int)(slash - self), self, name);
	return access(beside, F_OK) != 0 && access(installed, F_OK) == 0 ? TAKE_PTR(installed)
									 : TAKE_PTR(beside);
}
