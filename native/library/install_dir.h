#pragma once

#include "library/installed_manifest.h" /* what is known of the files in it */
#include "library/name_rules.h"		/* which names its disk can tell apart */

#include <stdbool.h>
#include <stddef.h>

struct error;
struct game;
struct game_registry;
struct strvec;

/* A folder that an unfinished upload will install to; it may not exist yet. */
struct install_claim {
	const char *dir;
	const char *game_name;
};

/*
 * Which folder a game goes to: <installPath>/<its folder_name_of()>, inside a library folder that
 * the owner allowed, never a folder that belongs to something else. Folders are compared as the
 * disk compares them (places.h). Source: protocol.md §5.5, design.md §3.6.
 */
struct install_dir_rules {
	const char *home; /* for "~" */
	const char *library_dir;
	const struct strvec *library_extra;
	struct game_registry *registry;
	const struct strvec *own_dirs; /* this program's other folders; NULL: none */
	const struct install_claim *claims;
	size_t claims_count;
	/* Is its card out? Of games of one name, one that is there is meant. NULL: none is. */
	bool (*is_away)(void *user, const struct game *game);
	void *user;
};

struct install_dir {
	char *root; /* the library folder; links resolved; may not exist yet */
	char *path; /* the game's folder, below root */
	/*
	 * NULL, or where the registry has it: the user has moved it to path and left a link there,
	 * or its card is mounted elsewhere and the former path leads to it.
	 */
	char *was;
};

/*
 * install_path: as the Hub sent it; "" or NULL: where the game is already installed, else the
 * default library. Errors: INVALID (outside the library folders, inside a game or inside our own
 * folders, a game that was moved out of all libraries, on another file system than its library
 * folder, no usable game name).
 */
bool install_dir_choose(struct install_dir *dir, const struct install_dir_rules *rules,
	const char *install_path, const char *game_name, struct error *err);
void install_dir_finish(struct install_dir *dir);

/* The path with every link resolved, as far as it exists; caller frees; NULL unless absolute. */
char *install_dir_resolve(const char *path);
