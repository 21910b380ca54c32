#pragma once

#include "core/strvec.h"
#include "upload/chunk_writer.h"
#include "upload/upload.h"
#include "upload/upload_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game_registry;
struct loop;
struct loop_timer;
struct upload_begin;
struct worker;

/*
 * All uploads and what they work with: the store's inside, shared by upload_begin, upload_complete
 * and the store itself.
 */
#define UPLOADS_ENDED_COUNT 16

struct uploads {
	struct loop *loop;
	struct worker *worker;
	struct game_registry *registry;
	char *home;
	char *state_dir;
	char *library_dir;
	struct strvec library_extra;
	int64_t expire_after_ms;
	struct upload_store_events events;
	void *user; /* of the events */
	bool closing;
	struct chunk_writer writer;
	size_t late_bytes; /* of the writes that wait in upload->late */
	struct upload *first;
	struct upload_begin *begins; /* inits under way */
	struct loop_timer *expiry;
	/* The last ones that ended, so that a late cancel is not an error; "<hub> <upload>". */
	char *ended[UPLOADS_ENDED_COUNT];
	size_t ended_next;
};

void uploads_init(struct uploads *uploads, const struct upload_store_options *options,
	const struct upload_store_events *events, void *user);
/* Checkpoints what runs and waits for all that is under way. */
void uploads_finish(struct uploads *uploads);
void uploads_set_library(
	struct uploads *uploads, const char *library_dir, const struct strvec *library_extra);

void uploads_add(struct uploads *uploads, struct upload *upload);
/* hub_id NULL: whoever's. Only those that are listed. */
struct upload *uploads_find(const struct uploads *uploads, const char *hub_id, const char *id);

/* Tells the store's owner that the list has changed. */
void uploads_changed(struct uploads *uploads);
/* To UPLOAD_PAUSED, with a checkpoint. */
void uploads_pause(struct upload *upload);
/* The upload is gone at once, its staging as soon as nothing works there. */
void uploads_discard(struct upload *upload);
/* Remembers the id, see uploads.ended. */
void uploads_note_ended(struct uploads *uploads, const struct upload *upload);
bool uploads_has_ended(const struct uploads *uploads, const char *hub_id, const char *id);
/* To be called when something that expires changed. */
void uploads_arm_expiry(struct uploads *uploads);
/* Of memory, once upload->gone and nothing uses it. */
void uploads_reap(struct upload *upload);
