#include "steam/client/steam_install.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/client/steam_process.h"
#include "steam/vdf/vdf_text.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLATPAK_HOME ".var/app/com.valvesoftware.Steam"
#define PID_FILE_MAX_BYTES 64
#define PROC_STATUS_MAX_BYTES 65536
#define REGISTRY_MAX_BYTES (4 * 1024 * 1024)

#define SNAP_HOME "snap/steam/common"

/* One Steam each: the native client, the Flatpak, the Snap; as many as are installed. */
static const struct {
	const char *home;     /* below the user's: the client's own home */
	const char *roots[2]; /* below that; the first that is there */
	bool flatpak;
} places[] = {
	/* A link that the native client keeps up to date; the Flatpak's leads to the native client.
	 */
	{ ".", { ".steam/steam", ".local/share/Steam" }, false },
	{ FLATPAK_HOME, { ".local/share/Steam", ".steam/steam" }, true },
	{ SNAP_HOME, { ".steam/steam", ".local/share/Steam" }, false },
};

#define PLACE_COUNT (sizeof(places) / sizeof(places[0]))

/* False with err->kind NONE: there is none. A disk that does not answer is no lack of Steam. */
static bool is_dir(const char *path, struct error *err)
{
	struct stat stat_buf;

	if (stat(path, &stat_buf) == 0) {
		return S_ISDIR(stat_buf.st_mode);
	}
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
		       ? false
		       : error_set_errno(err, "cannot examine '%s'", path);
}

/* False also when it cannot be found out: see why. */
static bool exists_below(const char *root, const char *name, struct error *why)
{
	AUTO(free_ptr) char *path = path_join(root, name);
	enum path_presence presence = path_presence(path);

	if (presence == PATH_UNKNOWN) {
		error_set(why, ERROR_IO, "cannot examine '%s'", path);
	}
	return presence == PATH_PRESENT;
}

static bool has_users(const char *root, struct error *why)
{
	return exists_below(root, "config/loginusers.vdf", why) ||
	       exists_below(root, "userdata", why);
}

static void set_install(struct steam_install *install, const char *root, bool flatpak)
{
	steam_install_finish(install);
	install->root = xstrdup(root);
	install->flatpak = flatpak;
}

/* Fills what is at a place: a folder where someone has logged in, else the first that is there. */
static void look_at_place(
	struct steam_install *found, const char *home, size_t place, struct error *why)
{
	for (size_t i = 0; i < 2; i++) {
		AUTO(free_ptr)
		char *root = places[place].home[0] == '.' && places[place].home[1] == '\0'
				     ? path_join(home, places[place].roots[i])
				     : xasprintf("%s/%s/%s", home, places[place].home,
					       places[place].roots[i]);

		if (is_dir(root, why) && (found->root == NULL || (!has_users(found->root, why) &&
									 has_users(root, why)))) {
			set_install(found, root, places[place].flatpak);
		}
	}
}

/* When a client of that root last wrote its settings, as it does when it ends; 0: not known. */
static int64_t last_run_s(const char *root)
{
	static const char *const names[] = { "config/config.vdf", "config/loginusers.vdf" };
	int64_t last_s = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		AUTO(free_ptr) char *path = path_join(root, names[i]);
		struct stat stat_buf;

		if (stat(path, &stat_buf) == 0 && stat_buf.st_mtim.tv_sec > last_s) {
			last_s = stat_buf.st_mtim.tv_sec;
		}
	}
	return last_s;
}

/* Is a the one that the user means, rather than b, which comes first in the table? */
static bool is_preferred(
	const struct steam_install *a, const struct steam_install *b, struct error *why)
{
	bool a_runs, b_runs;
	bool a_used = has_users(a->root, why), b_used = has_users(b->root, why);

	if (a_used != b_used) {
		return a_used;
	}
	a_runs = steam_install_running(a) != 0;
	b_runs = steam_install_running(b) != 0;
	return a_runs != b_runs ? a_runs : last_run_s(a->root) > last_run_s(b->root);
}

static bool find_by_home(struct steam_install *install, const char *home, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install found = { 0 };
	struct error why = { 0 };

	for (size_t i = 0; i < PLACE_COUNT; i++) {
		AUTO(steam_install_finish) struct steam_install other = { 0 };

		look_at_place(&other, home, i, &why);
		if (other.root != NULL &&
			(found.root == NULL || is_preferred(&other, &found, &why))) {
			steam_install_finish(&found);
			found = other;
			other = (struct steam_install){ 0 };
		}
	}
	/* What could not be looked at may be the one in daily use, unless another runs. */
	if (why.kind != ERROR_NONE && (found.root == NULL || steam_install_running(&found) == 0)) {
		return error_pass(err, &why);
	}
	if (found.root == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"Steam is not installed for this user: neither '%s/.steam/steam' nor "
			"'%s/.local/share/Steam' nor its Flatpak or Snap is there; install Steam and "
			"log in once",
			home, home);
	}
	steam_install_finish(install);
	*install = found;
	found = (struct steam_install){ 0 };
	return true;
}

bool steam_install_find(
	struct steam_install *install, const char *home, const char *steam_dir, struct error *err)
{
	struct error why = { 0 };

	if (steam_dir != NULL) {
		if (!is_dir(steam_dir, &why)) {
			return why.kind != ERROR_NONE
				       ? error_pass(err, &why)
				       : error_set(err, ERROR_NOT_FOUND,
						 "no Steam found at '%s'; give the folder that contains userdata/",
						 steam_dir);
		}
		set_install(install, steam_dir, strstr(steam_dir, FLATPAK_HOME "/") != NULL);
		return true;
	}
	return find_by_home(install, home, err);
}

void steam_install_finish(struct steam_install *install)
{
	free(install->root);
	*install = (struct steam_install){ 0 };
}

/* *pid: the number in "<dir>/steam.pid"; 0 when there is none. Errors: IO. */
static bool read_pid_file(const char *dir, pid_t *pid, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(dir, "steam.pid");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };
	long number;

	*pid = 0;
	if (!atomic_file_read(path, PID_FILE_MAX_BYTES, &text, &why)) {
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_TOO_LARGE ||
		       error_set(err, ERROR_IO, "it is not known whether Steam is running: %s",
			       why.message);
	}
	number = strtol(strbuf_text(&text), NULL, 10);
	*pid = number > 0 && number <= INT32_MAX ? (pid_t)number : 0;
	return true;
}

/* The pid of a process in the innermost of its pid namespaces; 0 when it is gone. */
static pid_t inner_pid(pid_t pid)
{
	AUTO(free_ptr) char *path = xasprintf("/proc/%d/status", (int)pid);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	char *line;

	if (!atomic_file_read(path, PROC_STATUS_MAX_BYTES, &text, NULL)) {
		return 0;
	}
	line = strstr(text.data, "\nNSpid:");
	if (line == NULL) {
		return 0;
	}
	line++;
	line[strcspn(line, "\n")] = '\0';
	return (pid_t)strtol(strrchr(line, '\t') != NULL ? strrchr(line, '\t') : "", NULL, 10);
}

/* The process that has this pid inside its sandbox; 0 when there is none. */
static pid_t find_sandboxed(pid_t pid)
{
	DIR *proc = opendir("/proc");
	pid_t found = 0;

	while (proc != NULL && found == 0) {
		const struct dirent *entry = readdir(proc);
		pid_t candidate;

		if (entry == NULL) {
			break;
		}
		candidate = (pid_t)strtol(entry->d_name, NULL, 10);
		if (candidate > 0 && steam_process_is_client(candidate) &&
			inner_pid(candidate) == pid) {
			found = candidate;
		}
	}
	if (proc != NULL) {
		closedir(proc);
	}
	return found;
}

/* Of a process that is no client: was it looked at, or could it not be? Errors: IO. */
static bool check_examined(pid_t pid, struct error *err)
{
	AUTO(free_ptr) char *path = xasprintf("/proc/%d/stat", (int)pid);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };

	return atomic_file_read(path, PROC_STATUS_MAX_BYTES, &text, &why) ||
	       why.kind == ERROR_NOT_FOUND ||
	       error_set(
		       err, ERROR_IO, "it is not known whether Steam is running: %s", why.message);
}

/* *pid: the live client that "<dir>/steam.pid" names; 0 when there is none. Errors: IO. */
static bool running_by(const char *dir, bool flatpak, pid_t *pid, struct error *err)
{
	if (!read_pid_file(dir, pid, err)) {
		return false;
	}
	if (*pid != 0 && flatpak) {
		*pid = find_sandboxed(*pid);
		return *pid != 0 || check_examined(getpid(), err);
	}
	if (*pid != 0 && !steam_process_is_client(*pid)) {
		if (!check_examined(*pid, err)) {
			return false;
		}
		*pid = 0;
	}
	return true;
}

bool steam_install_check_running(const struct steam_install *install, pid_t *pid, struct error *err)
{
	static const char usual[] = "/.local/share/Steam";
	AUTO(free_ptr) char *dir = xstrdup(install->root);
	size_t length = strlen(dir);

	if (!running_by(dir, install->flatpak, pid, err)) {
		return false;
	}
	while (length > 1 && dir[length - 1] == '/') {
		dir[--length] = '\0';
	}
	/*
	 * The client writes .steam/steam.pid below its home and keeps .steam/steam as a link to the
	 * root, so the file is beside the link, not above what it points to.
	 */
	if (*pid == 0 && length >= strlen(usual) &&
		strcmp(dir + length - strlen(usual), usual) == 0) {
		AUTO(free_ptr)
		char *beside = xasprintf("%.*s/.steam", (int)(length - strlen(usual)), dir);

		if (!running_by(beside, install->flatpak, pid, err)) {
			return false;
		}
	}
	if (*pid == 0 && strrchr(dir, '/') != NULL) {
		*strrchr(dir, '/') = '\0';
		return running_by(dir, install->flatpak, pid, err);
	}
	return true;
}

pid_t steam_install_running(const struct steam_install *install)
{
	pid_t pid;

	return steam_install_check_running(install, &pid, NULL) ? pid : 0;
}

struct steam_process *steam_install_watch(const struct steam_install *install, struct loop *loop,
	void (*ended)(void *user), void *user)
{
	pid_t pid = steam_install_running(install);

	return pid != 0 ? steam_process_watch(loop, pid, ended, user, NULL) : NULL;
}

void steam_install_unwatch(struct steam_process *process)
{
	steam_process_unwatch(process);
}

bool steam_install_runs_game(uint32_t app_id)
{
	return steam_process_game_running(app_id, NULL);
}

/* --- The user's language --- */

static const char *const registry_keys[] = { "Registry", "HKCU", "Software", "Valve", "Steam" };

/* Source: partner.steamgames.com/doc/store/localization/languages, "API language code". */
static const struct {
	const char *name;
	const char *locale;
} languages[] = {
	{ "arabic", "ar" },
	{ "brazilian", "pt_BR" },
	{ "bulgarian", "bg" },
	{ "czech", "cs" },
	{ "danish", "da" },
	{ "dutch", "nl" },
	{ "english", "en" },
	{ "finnish", "fi" },
	{ "french", "fr" },
	{ "german", "de" },
	{ "greek", "el" },
	{ "hungarian", "hu" },
	{ "indonesian", "id" },
	{ "italian", "it" },
	{ "japanese", "ja" },
	{ "koreana", "ko" },
	{ "latam", "es_419" },
	{ "norwegian", "no" },
	{ "polish", "pl" },
	{ "portuguese", "pt" },
	{ "romanian", "ro" },
	{ "russian", "ru" },
	{ "schinese", "zh_CN" },
	{ "spanish", "es" },
	{ "swedish", "sv" },
	{ "tchinese", "zh_TW" },
	{ "thai", "th" },
	{ "turkish", "tr" },
	{ "ukrainian", "uk" },
	{ "vietnamese", "vi" },
};

static const char *locale_of(const char *name)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		if (strcmp(name, languages[i].name) == 0) {
			return languages[i].locale;
		}
	}
	return NULL;
}

/* A value of the client's registry, ~/.steam/registry.vdf in its home; NULL: there is none. */
static char *registry_value(const char *client_home, const char *key)
{
	AUTO(free_ptr) char *path = path_join(client_home, ".steam/registry.vdf");
	AUTO(strbuf_finish) struct strbuf source = { 0 };
	AUTO(vdf_text_finish) struct vdf_text file = { 0 };
	const struct vdf_text_node *map;
	const char *value;

	if (!atomic_file_read(path, REGISTRY_MAX_BYTES, &source, NULL) ||
		!vdf_text_parse(&file, strbuf_text(&source), source.length, NULL)) {
		return NULL;
	}
	map = &file.nodes[0];
	for (size_t i = 0; i < sizeof(registry_keys) / sizeof(registry_keys[0]); i++) {
		map = vdf_text_child(&file, map, registry_keys[i]);
	}
	value = vdf_text_value(&file, map, key);
	return *value != '\0' ? xstrdup(value) : NULL;
}

char *steam_install_language(const char *home)
{
	char *found = NULL;

	for (size_t i = 0; i < PLACE_COUNT && found == NULL; i++) {
		AUTO(free_ptr) char *client_home = path_join(home, places[i].home);
		AUTO(free_ptr) char *name = registry_value(client_home, "language");

		found = name != NULL ? xstrdup_or_null(locale_of(name)) : NULL;
	}
	return found;
}

char *steam_install_auto_login(const char *root)
{
	static const char *const ends[] = { "/.local/share/Steam", "/.steam/steam" };
	size_t length = strlen(root);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (length > end && strcmp(root + length - end, ends[i]) == 0) {
			AUTO(free_ptr)
			char *client_home = xasprintf("%.*s", (int)(length - end), root);

			return registry_value(client_home, "AutoLoginUser");
		}
	}
	return NULL;
}
