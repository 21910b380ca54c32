#pragma once

#include <stdbool.h>

/*
 * Where folders are, however their paths are spelled: as the disk compares names (name_rules.h),
 * by the short names of FAT and NTFS, and through bind mounts. Paths are absolute, without "..",
 * with every link resolved; they need not exist.
 *
 * library: the library folder whose disk is asked when only the spelling differs. What cannot be
 * found out counts as the same: two games must never share a folder.
 */
struct places;

/* With what is mounted now. Short-lived: what disks answer is kept in it. */
struct places *places_create(void);
void places_destroy(struct places *places); /* NULL is fine */

/* Is path dir itself or below it? */
bool places_within(struct places *places, const char *path, const char *dir, const char *library);
bool places_same(struct places *places, const char *a, const char *b, const char *library);
/* Is one of them within the other? */
bool places_overlap(struct places *places, const char *a, const char *b, const char *library);

/*
 * Can files be renamed between the two folders, or what exists of the way to them: are they on one
 * disk, mounted at one place?
 */
bool places_on_same_mount(const struct places *places, const char *a, const char *b);

/*
 * The same path, with dir's spelling of the part that names dir; caller frees. NULL: it is not
 * within dir.
 */
char *places_respell(struct places *places, const char *path, const char *dir, const char *library);

/* Does the library's disk take one name for the other? */
bool places_fold(struct places *places, const char *a, const char *b, const char *library);
