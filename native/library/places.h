#pragma once

#include <stdbool.h>

/*
 * Where folders are, however their paths are spelled: as the disk compares names (name_rules.h),
 * and through bind mounts. Paths are absolute, without "..", with every link resolved; they need
 * not exist.
 *
 * library: the library folder whose disk is asked when only the spelling differs. What cannot be
 * found out counts as the same: two games must never share a folder.
 */
struct places;

/* With what is mounted now. */
struct places *places_create(void);
void places_destroy(struct places *places); /* NULL is fine */

/* Is path dir itself or below it? */
bool places_within(
	const struct places *places, const char *path, const char *dir, const char *library);
bool places_same(const struct places *places, const char *a, const char *b, const char *library);
/* Is one of them within the other? */
bool places_overlap(const struct places *places, const char *a, const char *b, const char *library);

/*
 * Can files be renamed between the two folders, or what exists of the way to them: are they on one
 * disk, mounted at one place?
 */
bool places_on_same_mount(const struct places *places, const char *a, const char *b);

/*
 * The same path, with dir's spelling of the part that names dir; caller frees. NULL: it is not
 * within dir.
 */
char *place_respell(const char *path, const char *dir, const char *library);
