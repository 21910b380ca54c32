#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct commit_record;
struct error;

/*
 * The two ends of a commit: the game's folder and the files staged for it. Everything below them is
 * opened without following links.
 */
struct commit_place {
	const struct commit_record *record; /* borrowed */
	const char *root;		    /* the library folder; borrowed */
	const char *relative;		    /* the game's folder below root */
	int dir_fd;			    /* the staging folder; borrowed */
	int root_fd;
	int parent_fd; /* that holds the game's folder; −1: does not exist */
	int game_fd;   /* −1: the game's folder does not exist */
	int files_fd;  /* −1: nothing is staged: it has been moved as a whole, or is lost */
	bool moving;   /* the commit was promised: files may have moved */
	bool doubtful; /* something else has the name of a staged file */
};

/*
 * Finish it either way. Errors: INVALID (the game is not below root), CONFLICT (it is no folder, or
 * behind a link), IO (also if the library has gone since dir_fd was opened).
 */
bool commit_place_open(struct commit_place *place, const char *root, int dir_fd,
	const struct commit_record *record, struct error *err);
void commit_place_finish(struct commit_place *place);
/* After the game's or the staged folder was made, moved or removed: opens both again. */
bool commit_place_reopen(struct commit_place *place, struct error *err);

/* Was it begun by an earlier build of this program, which did not keep what it replaced? */
bool commit_place_is_one_way(const struct commit_place *place);

/* Do two paths lie in the same folder? */
bool commit_place_same_folder(const char *a, const char *b);

/*
 * A folder on both ends that is kept open for the next file in it. Zeroed is empty.
 */
struct commit_folder {
	const char *path; /* of a file in it; NULL: none is open */
	int from_fd;	  /* staged; −1: it does not exist */
	int to_fd;	  /* the game's; −1: it does not exist */
};
/*
 * Opens the folder that holds path, unless it is; for "." it does nothing. make: missing ones of
 * the game are made. Errors: INVALID (a link or a file is in the way), NO_SPACE, IO.
 */
bool commit_folder_enter(struct commit_folder *folder, const struct commit_place *place,
	const char *path, bool make, struct error *err);
void commit_folder_finish(struct commit_folder *folder);

/*
 * fstatat without following a link. *there is false if there is no such name, or dir_fd is −1; the
 * result is false (IO) if that cannot be determined now.
 */
bool commit_place_stat(
	int dir_fd, const char *name, bool *there, struct stat *stat, struct error *err);

/* A folder that is moved as a whole: its two names. */
struct commit_folder_ends {
	int from_fd, to_fd; /* of what holds them; −1: nothing does */
	const char *from, *to;
	bool staged;
};
/* path: "." for the game's own folder. folder: the one that holds it, entered. Errors: IO. */
bool commit_place_find_folder(struct commit_folder_ends *ends, const struct commit_place *place,
	const struct commit_folder *folder, const char *path, struct error *err);
