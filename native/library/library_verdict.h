#pragma once

struct library_context;
struct library_sight;

enum library_presence {
	LIBRARY_PRESENT,
	LIBRARY_UNUSED,	    /* nothing was installed there yet; the folder may not exist */
	LIBRARY_AWAY,	    /* its card is out, or its folder is gone */
	LIBRARY_UNREADABLE, /* now */
};

/* Why one is away. */
enum library_absence {
	LIBRARY_NOT_AWAY,
	LIBRARY_CARD_OUT,
	LIBRARY_OTHER_CARD,	  /* another one is in its place */
	LIBRARY_FOLDER_GONE,	  /* from a file system that is there */
	LIBRARY_CARD_ELSEWHERE,	  /* its card is mounted at another place */
	LIBRARY_FOLDER_ELSEWHERE, /* its folder is in another place, on the same file system */
	LIBRARY_UNKNOWN,	  /* games are registered there, but not what its file system is */
};

/* Which library is in a place, by what was seen there and what is known. */
struct library_verdict {
	enum library_presence presence;
	enum library_absence absence;
	char *id; /* "": none; owned */
};

/* One that is recognised is recorded, and marked if its marker is missing. */
struct library_verdict library_verdict_reach(
	struct library_context *context, const char *place, const struct library_sight *sight);
