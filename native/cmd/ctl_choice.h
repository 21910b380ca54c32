#pragma once

#include <stdbool.h>

struct ctl;
struct error;
struct ipc_game_ref;
struct ipc_library_id;
struct ipc_trash_id;

/*
 * What a word of the command line means: people give a name, a folder or an id. The parameters are
 * those of the method that follows, to be finished either way; *question and *name are the
 * caller's. Errors: NOT_FOUND, CONFLICT (several are called so), and those of the agent.
 */

/* A shortcut without a registered game has only an app id. */
bool ctl_choice_game(struct ctl *ctl, const char *text, struct ipc_game_ref *ref, char **question,
	struct error *err);
/* by_name: also accepts a game's name, if only one in the trash has it. */
bool ctl_choice_trashed(struct ctl *ctl, const char *text, bool by_name,
	struct ipc_trash_id *params, char **name, struct error *err);
/* The library's id, its card's name or its folder; of one that is away rather than of one there. */
bool ctl_choice_library(struct ctl *ctl, const char *text, struct ipc_library_id *params,
	char **question, struct error *err);
