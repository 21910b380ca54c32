#pragma once

#include <stdint.h>

struct upload_changes;

/* How uploads are reported: part of upload_store.h. */
enum upload_state {
	UPLOAD_RECEIVING,
	UPLOAD_PAUSED,	   /* its Hub has gone, or cancelled it; resumable */
	UPLOAD_COMPLETING, /* being moved into place */
};

/* A view for `ctl uploads`, the UI and progress events; all borrowed during the call. */
struct upload_status {
	const char *upload_id;
	const char *hub_id;
	const char *game_name;
	const char *dir;     /* where the game will be */
	const char *library; /* the id of the library that is in */
	enum upload_state state;
	const char *problem; /* its library is not there: one sentence; "": it is */
	int64_t total_bytes;
	int64_t transferred_bytes;  /* unique bytes held, unchanged files included */
	int64_t bytes_per_second;   /* over the last seconds; 0 when paused */
	const char *current_file;   /* "" before the first chunk */
	int64_t started_at;	    /* Unix time, ms */
	int64_t updated_at;	    /* Unix time, ms */
	int64_t expires_in_seconds; /* paused ones: until they expire; else −1 */
};

/* A game installed by an upload; borrowed during the call. */
struct upload_installed {
	const char *dir; /* the rest is in its registry entry */
	const char *game_name;
	const struct upload_changes *changes;
};

struct upload_store_events {
	/* Bytes arrived; after every chunk. */
	void (*progress)(void *user, const struct upload_status *status);
	/*
	 * An upload began, paused, resumed, completed or was removed; the list should be read
	 * again.
	 */
	void (*changed)(void *user);
	/* A game that was there before was updated, or is its previous build again. */
	void (*updated)(void *user, const struct upload_installed *installed);
	/* A game was installed without a Hub waiting for it: an interrupted installation ended. */
	void (*installed)(void *user, const char *dir);
	/* Something that the owner should know, in one sentence, e.g. what cannot be read now. */
	void (*notice)(void *user, const char *sentence);
};
