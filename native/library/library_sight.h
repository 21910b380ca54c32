#pragma once

#include "core/error.h"
#include "library/disk.h"
#include "library/library_marker.h"

#include <stdbool.h>

/* What is in a library's place at this moment, before anything is concluded from it. */
enum library_sight_kind {
	LIBRARY_SIGHT_NOTHING, /* the folder does not exist; the rest is about the one above it */
	LIBRARY_SIGHT_FOLDER,
	LIBRARY_SIGHT_BROKEN_LINK, /* see problem */
	LIBRARY_SIGHT_NOT_A_FOLDER,
	LIBRARY_SIGHT_UNREADABLE, /* now; see problem */
};

struct library_sight {
	enum library_sight_kind kind;
	char *root;	  /* the place with links resolved, as far as it exists */
	struct disk disk; /* that holds the folder, or would hold it */
	enum library_mark mark;
	char *id;	    /* with LIBRARY_MARK_FOUND; else NULL */
	bool own_folder;    /* has a folder .capydeck */
	bool writable;	    /* the folder, or the one above it, where it would be made */
	char *not_writable; /* why not, ends a sentence; NULL: it is */
	struct error problem;
};

/* place: absolute. Blocks on a disk that does not answer. */
void library_sight_take(struct library_sight *sight, const char *place);
void library_sight_finish(struct library_sight *sight);
