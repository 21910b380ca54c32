#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct error;

/*
 * Where Steam keeps its data: the folder that holds config/ and userdata/. Zeroed is what
 * steam_install_finish() leaves.
 */
struct steam_install {
	char *root;
	bool flatpak;
};

/*
 * Looks in steam_dir if that is given and nowhere else; otherwise in the places below home of the
 * native client and of the Flatpak, taking the first where somebody has logged in, else the first
 * where the client is.
 * Errors: NOT_FOUND (says where it looked).
 */
bool steam_install_find(
	struct steam_install *install, const char *home, const char *steam_dir, struct error *err);
void steam_install_finish(struct steam_install *install);

/*
 * The process of the Steam client that uses this installation, or 0. It is the one that
 * steam.pid names, in the outer or (Flatpak) in its own process namespace, provided that it is
 * ours and really is Steam: the file outlives the client.
 */
pid_t steam_install_running(const struct steam_install *install);
