#pragma once

#include <stdbool.h>

struct error;
struct library;
struct upload;
struct upload_store;

/*
 * Keeps uploads that no Hub is sending: they are paused, found again after a restart, and discarded
 * when they expire, when their space is needed or when the owner says so.
 */

/* Changes to PHASE_PAUSED, unless it is, with a checkpoint. */
void upload_retention_pause(struct upload *upload);
/*
 * Changes to PHASE_GONE at once, unless it is; its staging is removed as soon as nothing uses it.
 */
void upload_retention_discard(struct upload *upload);

/* Call it when something that expires, or has to be tried again, has changed. */
void upload_retention_arm(struct upload_store *store);
/* Saves how long a paused one was kept, if that is worth it. */
void upload_retention_save_time(struct upload *upload);
/* For the store's timer: discards what has expired, saves the time of the others. */
void upload_retention_on_timer(void *store);

/* See upload_store_follow(). */
bool upload_retention_follow(struct upload_store *store, const char *library, const char *from,
	const char *to, struct error *err);

/*
 * Adds the uploads of earlier runs in the library folders, once each; removes what is not an
 * upload. What cannot be read now is left alone and looked at again later.
 *
 * finish: also finishes interrupted installations, before it returns. Otherwise they are taken up
 * as PHASE_UNFINISHED, and the store's timer finishes them.
 */
void upload_retention_scan(struct upload_store *store, bool finish);
void upload_retention_scan_library(
	struct upload_store *store, const struct library *library, bool finish);
