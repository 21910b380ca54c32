#pragma once

struct upload;
struct upload_store;

/*
 * How long an upload is kept that nobody sends: it is paused, found again after a restart, and
 * given up when it expires, when its room is needed or when its owner says so.
 */

/* To PHASE_PAUSED, if it is not, with a checkpoint. */
void upload_retention_pause(struct upload *upload);
/* To PHASE_GONE, if it is not, at once; its staging goes as soon as nothing works there. */
void upload_retention_discard(struct upload *upload);

/* To be called when something that expires changed. */
void upload_retention_arm(struct upload_store *store);
/* For the store's timer: gives up what has expired. */
void upload_retention_on_timer(void *store);

/*
 * Adds the uploads of earlier runs that wait in the library folders, once each; finishes
 * installations that were interrupted; removes what is no upload.
 */
void upload_retention_scan(struct upload_store *store);
