#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Which names a disk refuses, which it takes for one and the same, and which sizes it can hold. The
 * disk itself is asked, with throw-away files in a folder of ours: what it folds (case, forms of
 * Unicode, dots and blanks at the end) depends on its kind, on how it was made and mounted, and on
 * who serves it. Inode numbers are not compared: some file systems invent one per spelling.
 *
 * Everything here blocks: a few milliseconds, and longer only where names beyond plain ASCII are on
 * a disk that folds. Nothing is remembered, because a card may come back mounted in another way.
 */
struct name_rules;

/*
 * Makes the folder for the tries in folder_fd (borrowed). What a crash leaves of it is the folder's
 * owner's to remove. Errors: IO, NO_SPACE.
 */
struct name_rules *name_rules_create(int folder_fd, struct error *err);
/*
 * Of the disk of a library folder, tried where the unfinished uploads are; NULL if it cannot be
 * asked, for example because the library does not exist yet.
 */
struct name_rules *name_rules_of_library(const char *library);
/* Removes the folder. NULL is fine. */
void name_rules_destroy(struct name_rules *rules);

/* Does the disk take every name as it is? Then names need not be looked at one by one. */
bool name_rules_are_exact(const struct name_rules *rules);

/*
 * Finds out about these names of files or folders, all different, in place of earlier ones;
 * borrowed until the next call or the end. Errors: IO, NO_SPACE.
 */
bool name_rules_learn(
	struct name_rules *rules, const char *const *names, size_t count, struct error *err);
/*
 * Two learned names have the same key exactly when they would be the same file in one folder. NULL:
 * the disk refuses the name; *reason is then errno. Borrowed until the next name_rules_learn().
 */
const char *name_rules_key(const struct name_rules *rules, const char *name, int *reason);

/* Can a file have this many bytes here? The free space is not looked at. */
bool name_rules_take_size(const struct name_rules *rules, int64_t size_bytes);

/*
 * Could some disk take a for b? Only where it is true need a disk be asked; equal names are not
 * looked at further.
 */
bool name_rules_may_fold(const char *a, const char *b);
/*
 * Does the disk take a for b? rules NULL, or a disk that fails: true, so that nothing is mixed.
 * Forgets what was learned before.
 */
bool name_rules_fold(struct name_rules *rules, const char *a, const char *b);
