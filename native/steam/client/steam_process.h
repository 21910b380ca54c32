#pragma once

#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct loop;
struct steam_install;
struct steam_process;

/* The running Steam client as /proc shows it, and notification of its end. */

/*
 * Is it a running process of this user (not a zombie) that is the client, or the script that starts
 * it and waits for it?
 */
bool steam_process_is_client(pid_t pid);
/* Time since it started, or −1 if that cannot be read. */
int64_t steam_process_age_ms(pid_t pid);
/* The environment it was started with, "NAME=value" each; false when it cannot be read. */
bool steam_process_environment(pid_t pid, struct strvec *env);
/* The value of name in such a list, borrowed; NULL if missing or empty. */
const char *steam_process_variable(const struct strvec *env, const char *name);
/* Is it that of gamescope's session, which restarts Steam by itself whenever it ends? */
bool steam_process_is_game_mode(const struct strvec *env);
bool steam_process_in_game_mode(pid_t pid); /* the same for its environment */
/*
 * Is a game running that this user's Steam started (a process "… SteamLaunch AppId=N …")? app_id:
 * only that one; 0: any. found (may be NULL): its app id.
 */
bool steam_process_game_running(uint32_t app_id, uint32_t *found);
/*
 * The app id of a game that runs under this client, or under none (its own may have crashed); 0:
 * none. A game under another Steam of this user does not count.
 */
uint32_t steam_process_game_of(pid_t pid);

/*
 * Calls ended once, on the loop, when the process is gone, also if it was gone before this call or
 * another program has its pid by now. ended may unwatch. NULL on error: IO.
 */
struct steam_process *steam_process_watch(
	struct loop *loop, pid_t pid, void (*ended)(void *user), void *user, struct error *err);
void steam_process_unwatch(struct steam_process *process); /* NULL is fine */
