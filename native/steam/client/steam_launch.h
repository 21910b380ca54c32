#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct error;
struct loop;
struct steam_install;

/*
 * The command that starts one Steam and asks it to end, and the environment for it: that of the
 * running client, without what Steam's own scripts added; or this process's own if none is running,
 * and for the Flatpak, whose client only has its sandbox's.
 */
struct steam_launch;

/* running: the client (steam_install_running()), or 0. */
struct steam_launch *steam_launch_create(
	struct loop *loop, const struct steam_install *install, pid_t running);
/* An accepted start continues; done is not called any more. NULL is fine. */
void steam_launch_destroy(struct steam_launch *launch);

/*
 * Asks the user's systemd for the session's display if the environment names none: a service may
 * have been started before the session. done may be called from within this call, and may destroy
 * the launch.
 */
void steam_launch_find_desktop(struct steam_launch *launch, void (*done)(void *user), void *user);
/* Does the environment name a desktop's display, so that a client would be visible? */
bool steam_launch_has_desktop(const struct steam_launch *launch);

/* "steam -shutdown", which says nothing about whether Steam obeys. Errors: NOT_FOUND, IO. */
bool steam_launch_shutdown(struct steam_launch *launch, struct error *err);

/*
 * Starts the client so that it outlives this process: as its own unit of the user's systemd,
 * because a service that ends takes everything it has started along; without systemd, detached.
 * done, which may be called from within this call and may destroy the launch, reports whether the
 * command was accepted. Errors: NOT_FOUND, IO.
 */
void steam_launch_start(
	struct steam_launch *launch, void (*done)(void *user, const struct error *err), void *user);
