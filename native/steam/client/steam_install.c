#include "steam/client/steam_install.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/client/steam_process.h"

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLATPAK_HOME ".var/app/com.valvesoftware.Steam"
#define PID_FILE_MAX_BYTES 64
#define PROC_STATUS_MAX_BYTES 65536

static const struct {
	const char *path; /* below the home */
	bool flatpak;
} places[] = {
	/* In order of preference. The first is a link that the native client keeps up to date. */
	{ ".steam/steam", false },
	{ ".local/share/Steam", false },
	{ FLATPAK_HOME "/.local/share/Steam", true },
	{ FLATPAK_HOME "/.steam/steam", true },
};

static bool is_dir(const char *path)
{
	struct stat stat_buf;

	return stat(path, &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode);
}

static bool exists_below(const char *root, const char *name)
{
	AUTO(free_ptr) char *path = path_join(root, name);

	return access(path, F_OK) == 0;
}

static bool has_users(const char *root)
{
	return exists_below(root, "config/loginusers.vdf") || exists_below(root, "userdata");
}

static void set_install(struct steam_install *install, const char *root, bool flatpak)
{
	steam_install_finish(install);
	install->root = xstrdup(root);
	install->flatpak = flatpak;
}

bool steam_install_find(
	struct steam_install *install, const char *home, const char *steam_dir, struct error *err)
{
	struct steam_install found = { 0 };

	if (steam_dir != NULL) {
		if (!is_dir(steam_dir)) {
			return error_set(err, ERROR_NOT_FOUND,
				"there is no Steam at '%s'; give the folder that holds userdata/",
				steam_dir);
		}
		set_install(install, steam_dir, strstr(steam_dir, FLATPAK_HOME "/") != NULL);
		return true;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		AUTO(free_ptr) char *root = path_join(home, places[i].path);

		if (is_dir(root) && (found.root == NULL || has_users(root))) {
			set_install(&found, root, places[i].flatpak);
		}
		if (found.root != NULL && has_users(found.root)) {
			break;
		}
	}
	if (found.root == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"Steam is not installed for this user: neither '%s/%s' nor '%s/%s' nor its "
			"Flatpak is there; install Steam and log in once",
			home, places[0].path, home, places[1].path);
	}
	steam_install_finish(install);
	*install = found;
	return true;
}

void steam_install_finish(struct steam_install *install)
{
	free(install->root);
	*install = (struct steam_install){ 0 };
}

/* The number in "<dir>/steam.pid"; 0 when there is none. */
static pid_t read_pid_file(const char *dir)
{
	AUTO(free_ptr) char *path = path_join(dir, "steam.pid");
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	long pid;

	if (!atomic_file_read(path, PID_FILE_MAX_BYTES, &text, NULL)) {
		return 0;
	}
	pid = strtol(strbuf_text(&text), NULL, 10);
	return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* The number a process has in the innermost of its process namespaces; 0 when it is gone. */
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

/* The process that calls itself pid inside of its sandbox; 0 when there is none. */
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

/* The live client that "<dir>/steam.pid" names; 0 when there is none. */
static pid_t running_by(const char *dir, bool flatpak)
{
	pid_t pid = read_pid_file(dir);

	if (pid == 0) {
		return 0;
	}
	if (flatpak) {
		return find_sandboxed(pid);
	}
	return steam_process_is_client(pid) ? pid : 0;
}

pid_t steam_install_running(const struct steam_install *install)
{
	static const char usual[] = "/.local/share/Steam";
	AUTO(free_ptr) char *dir = xstrdup(install->root);
	size_t length = strlen(dir);
	pid_t pid = running_by(dir, install->flatpak);

	while (length > 1 && dir[length - 1] == '/') {
		dir[--length] = '\0';
	}
	/*
	 * The client writes .steam/steam.pid below its home and keeps .steam/steam as a link to the
	 * root, so the file is beside the link, not above what it points to.
	 */
	if (pid == 0 && length >= strlen(usual) &&
		strcmp(dir + length - strlen(usual), usual) == 0) {
		AUTO(free_ptr)
		char *beside = xasprintf("%.*s/.steam", (int)(length - strlen(usual)), dir);

		pid = running_by(beside, install->flatpak);
	}
	if (pid == 0 && strrchr(dir, '/') != NULL) {
		*strrchr(dir, '/') = '\0';
		pid = running_by(dir, install->flatpak);
	}
	return pid;
}
