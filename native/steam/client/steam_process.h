#pragma once

#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct loop;
struct steam_install;
struct steam_process;

/*
 * The running Steam client as /proc shows it, and notice of its end.
 */

/*
 * Is it a process of this user that still runs (a zombie does not) and is the client, or the script
 * that starts it and waits for it?
 */
bool steam_process_is_client(pid_t pid);
/* Since it started, or −1 where that cannot be read. */
int64_t steam_process_age_ms(pid_t pid);
/* The environment it was started with, "NAME=value" each; false when it cannot be read. */
bool steam_process_environment(pid_t pid, struct strvec *env);
/* The value that such a list has for name, borrowed; NULL for none and for an empty one. */
const char *steam_process_variable(const struct strvec *env, const char *name);
/* Is it gamescope's session's, which starts Steam again by itself whenever it ends? */
bool steam_process_is_game_mode(const struct strvec *env);
bool steam_process_in_game_mode(pid_t pid); /* the same of its environment */
/*
 * Does a game run that this user's Steam has started (a process "… SteamLaunch AppId=N …")?
 * app_id: only that one; 0: any. found (may be NULL): which.
 */
bool steam_process_game_running(uint32_t app_id, uint32_t *found);
/*
 * The app id of a game that runs under this client, or under none (its own may have crashed); 0:
 * none does. One under another Steam of this user is not meant.
 */
uint32_t steam_process_game_of(pid_t pid);

/*
 * Calls ended once, on the loop, when the process is gone: also when it was before this call, or
 * its number is another program's by now. ended may unwatch. NULL on error: IO.
 */
struct steam_process *steam_process_watch(
	struct loop *loop, pid_t pid, void (*ended)(void *user), void *user, struct error *err);
void steam_process_unwatch(struct steam_process *process); /* NULL is fine */
