#pragma once

#include "core/strvec.h"
#include "library/libraries.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game;
struct game_registry;

/*
 * What a commit has to do, in an upload's staging folder. As UPLOAD_STAGING_PREPARE it is an
 * intention: room is being made in the game's folder, and whatever is found there afterwards is
 * taken away again. Renamed to UPLOAD_STAGING_COMMIT, which is the point of no return, it is a
 * promise: the game will be the new build, or, if a file cannot be moved, the old one again,
 * whatever happens to the process or the power. It contains everything needed for both, without the
 * Hub and the process's memory.
 */
struct commit_record {
	int64_t version; /* 1: of an earlier build of this program; it cannot be rolled back */
	char *build;	 /* id of the upload; "" in version 1 */
	char *replaces;	 /* generation of the game that it was made for: game_generation() */
	char *hub_id;
	char *game_name;
	char *dir;		   /* absolute */
	char *executable;	   /* relative to dir; "" */
	char *previous_executable; /* of the build that is replaced; NULL: none is */
	int64_t size_bytes;
	int64_t installed_at; /* Unix time */
	char *pending;	      /* struct game's: work after the files; "" */
	bool exchange;	      /* the file system can exchange two names */
	struct strvec made;   /* folders above dir that did not exist, relative to the library */
	/*
	 * Folders of the game that did not exist, sorted, none inside another: each is moved as a
	 * whole. "." is the game's folder itself.
	 */
	struct strvec folders;
	struct strvec empty;	  /* folders of the new build that have no file, sorted */
	struct strvec empty_made; /* of them and their parents: made in the game; parents first */
	/* Every file of the manifest, sorted; times and sizes as they are after the move. */
	struct installed_file *files;
	size_t files_count;
	/* Files of the old build that the new one does not have, as they are on the disk; sorted.
	 */
	struct installed_file *removed;
	size_t removed_count;
	/* Folders that only such files are in and that are in the way of a file; deepest first. */
	struct strvec cleared;
};

/* What is known about a record in a staging folder. */
enum commit_state {
	COMMIT_NONE,
	COMMIT_PREPARING, /* room may have been made; the game is the old build */
	COMMIT_MOVING,	  /* the game is between two builds */
	COMMIT_MOVED,	  /* the game is the new build, and may have been played since */
	COMMIT_DAMAGED,	  /* read, but not usable */
	COMMIT_UNREADABLE /* cannot be read now */
};

/*
 * dir_fd: the staging folder. The record must be finished whatever is returned. *err: why, for the
 * last two.
 */
enum commit_state commit_record_read(struct commit_record *record, int dir_fd, struct error *err);
/* Is there one, whatever it is? Errors: IO: that cannot be determined now. */
bool commit_record_is_there(int dir_fd, bool *there, struct error *err);
/* Writes it as an intention. Errors: IO, NO_SPACE. */
bool commit_record_write(const struct commit_record *record, int dir_fd, struct error *err);
/*
 * The point of no return. Errors: IO, NO_SPACE; *stands then says whether the promise may be on the
 * disk all the same.
 */
bool commit_record_promise(int dir_fd, bool *stands, struct error *err);
/*
 * Notes that everything has moved: from now on the game may change its files. What cannot be noted
 * is found out again, from the files.
 */
void commit_record_note_moved(int dir_fd);
/* Ends the commit, durably: whatever the record is called. Errors: IO. */
bool commit_record_remove(int dir_fd, struct error *err);
/*
 * Keeps a damaged record under another name. It is unknown which of the staged files are those of
 * the old build, so the journal goes with it: nothing counts as received. Errors: IO.
 */
bool commit_record_set_aside(int dir_fd, struct error *err);
void commit_record_finish(struct commit_record *record);

/* One move: a file, or a folder with all that is in it. Zeroed at first. */
struct commit_step {
	const char *path;		   /* relative to the game's folder; "." */
	const struct installed_file *file; /* NULL: a folder */
	size_t first, end;		   /* its files in the record */
	size_t folder;			   /* index of the next folder */
};
/* Goes on to the next move, in the order of the files; false after the last. */
bool commit_record_next(const struct commit_record *record, struct commit_step *step);

/* Is it one of those that are removed? */
bool commit_record_removes(const struct commit_record *record, const char *path);

/*
 * Enters the game in the registry; its shortcut is unchanged. library: the id of the one that it is
 * in. Errors: IO, NO_SPACE.
 */
bool commit_record_register(const struct commit_record *record, struct game_registry *registry,
	const char *library, struct error *err);
/*
 * Was the record made for another build than the one that is installed now? A newer one must not be
 * undone by it. known: the registry's entry; NULL: none.
 */
bool commit_record_is_over(const struct commit_record *record, const struct game *known);
