#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct error;
struct loop;
struct steam_install;

/*
 * The command that starts one Steam and asks it to end, and the environment for it: that of the
 * client that runs now, without what Steam's own scripts have added; this process's own where none
 * runs, and for the Flatpak, whose client only knows its sandbox's.
 */
struct steam_launch;

/* running: the client (steam_install_running()), or 0. */
struct steam_launch *steam_launch_create(
	struct loop *loop, const struct steam_install *install, pid_t running);
/* A start that has been accepted goes on; done is not called any more. NULL is fine. */
void steam_launch_destroy(struct steam_launch *launch);

/*
 * Asks the user's systemd for the session's display if the environment names none: a service may
 * have been started before the session. done may be called from within this call, and may destroy
 * the launch.
 */
void steam_launch_find_desktop(struct steam_launch *launch, void (*done)(void *user), void *user);
/* Does the environment name a desktop's display, that is, would a client be seen? */
bool steam_launch_has_desktop(const struct steam_launch *launch);

/* "steam -shutdown", which says nothing about whether Steam obeys. Errors: NOT_FOUND, IO. */
bool steam_launch_shutdown(struct steam_launch *launch, struct error *err);

/*
 * Starts the client so that it outlives this process: as a unit of its own of the user's systemd,
 * for a service's end takes everything it has started along; without that, detached. done, which
 * may be called from within this call and may destroy the launch, tells whether the command was
 * accepted. Errors: NOT_FOUND, IO.
 */
void steam_launch_start(
	struct steam_launch *launch, void (*done)(void *user, const struct error *err), void *user);
