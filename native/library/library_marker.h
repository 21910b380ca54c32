#pragma once

#include <stdbool.h>

struct error;

/*
 * <library>/.capydeck/library.json: the id of a library, in the library itself. A folder without it
 * is not the library, even if it is in the library's place: its card is out, and this is the folder
 * that the card is mounted on. Everything is opened beneath the library without following links.
 */
enum library_mark {
	LIBRARY_MARK_ABSENT,
	LIBRARY_MARK_FOUND,
	LIBRARY_MARK_DAMAGED,	 /* it was read, and is not a marker */
	LIBRARY_MARK_UNREADABLE, /* now */
};

/* FOUND: *id is the caller's to free; otherwise NULL. err: why it is unreadable. */
enum library_mark library_marker_read(int root_fd, char **id, struct error *err);
/* Makes it durable. Errors: IO, NO_SPACE, INVALID (.capydeck is a link or a file). */
bool library_marker_write(int root_fd, const char *id, struct error *err);

/*
 * Opens the library folder if it is the library of that id: what is done through the descriptor
 * cannot reach another disk, even if this one is removed meanwhile. id "": any folder. -1 on error:
 * IO, also if it is not there: that says nothing of what is in it.
 */
int library_marker_open(const char *root, const char *id, struct error *err);

/*
 * What is where .capydeck, or the folder of that name in it, has to be, and is none: "'.capydeck'
 * there is not a folder; move it away"; caller frees. NULL: nothing, or not known now.
 */
char *library_marker_obstacle(int root_fd, const char *own);

/* Could it be the id of a library? */
bool library_id_is_plain(const char *id);
/* A new one; caller frees. */
char *library_id_new(void);
