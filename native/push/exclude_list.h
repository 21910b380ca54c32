#pragma once

#include "core/strvec.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * What is not sent: patterns by the rules of gitignore(5). The last one that matches decides; "!"
 * takes a name in again; a "/" at the end means folders only, one before that the place below the
 * game's folder; "**" stands for any number of folders. What is in a folder that is left out cannot
 * be taken in again.
 */
struct exclude_list {
	struct exclude_pattern *patterns;
	size_t count;
};

/* The file in the game's folder with patterns of its own, a line each; not sent either. */
#define EXCLUDE_FILE_NAME ".capydeckignore"

/*
 * Reads the patterns in that file, if there is one, then those of the command line: these decide.
 * root_fd: the game's folder; patterns may be NULL. Errors: INVALID and TOO_LARGE (the file), IO.
 */
bool exclude_list_init(
	struct exclude_list *list, int root_fd, const struct strvec *patterns, struct error *err);
void exclude_list_finish(struct exclude_list *list); /* zeroed is fine */

/* path: relative to the game's folder. Its folders have been asked about before. */
bool exclude_list_has(struct exclude_list *list, const char *path, bool is_folder);
/* The index-th pattern of the command line that has matched nothing; borrowed; NULL: no more. */
const char *exclude_list_idle(const struct exclude_list *list, size_t index);
