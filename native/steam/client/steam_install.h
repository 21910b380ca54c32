#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct loop;
struct steam_process;

/*
 * Where Steam keeps its data: the folder that contains config/ and userdata/.
 * steam_install_finish() leaves it zeroed.
 */
struct steam_install {
	char *root;
	bool flatpak;
};

/*
 * Looks in steam_dir if that is given and nowhere else; otherwise in the places below home of the
 * native client, the Flatpak and the Snap. Of several where someone has logged in it is the one
 * that runs, else the one that ran last; without a login, the first with a client.
 * Errors: NOT_FOUND (says where it looked), IO.
 */
bool steam_install_find(
	struct steam_install *install, const char *home, const char *steam_dir, struct error *err);
void steam_install_finish(struct steam_install *install);

/*
 * *pid: the process of the Steam client that uses this installation, or 0. Errors: IO (the disk or
 * /proc cannot be read now). It is the one named by
 * steam.pid, in the outer or (Flatpak) its own pid namespace, provided that it is our user's and
 * really is Steam: the file outlives the client.
 */
bool steam_install_check_running(
	const struct steam_install *install, pid_t *pid, struct error *err);
/* The same, and 0 also when it cannot be found out: not for deciding to write Steam's files. */
pid_t steam_install_running(const struct steam_install *install);

/*
 * Calls ended once, on the loop, when that process is gone; ended may unwatch. NULL: none is
 * running, or it cannot be watched.
 */
struct steam_process *steam_install_watch(const struct steam_install *install, struct loop *loop,
	void (*ended)(void *user), void *user);
void steam_install_unwatch(struct steam_process *process); /* NULL is fine */

/* Is that game running, started by any Steam of this user? app_id: not 0. */
bool steam_install_runs_game(uint32_t app_id);

/*
 * The language that the owner chose in Steam, as a locale such as "de" or "pt_BR": the client's
 * registry.vdf below home, the native one's or another's, has its name. NULL: none was found.
 * Caller frees.
 */
char *steam_install_language(const char *home);
/* The AccountName that its client logs in by itself; NULL: none, or not known. Caller frees. */
char *steam_install_auto_login(const char *root);
