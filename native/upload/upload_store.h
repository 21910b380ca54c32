#pragma once

#include "core/sha256.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "proto/proto_upload.h"
#include "upload/upload_rollback.h" /* struct upload_rollback_options */
#include "upload/upload_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game_registry;
struct libraries;
struct library;
struct loop;
struct upload_manifest;
struct upload_store;
struct worker;

/*
 * Uploads, from init_upload to the installed game. Nothing here knows about sockets.
 *
 * Chunks land in <library>/.capydeck/uploads/<uploadId>/; what has arrived is journalled only once
 * it is durable; only upload_store_complete() changes an installed game. Uploads survive the loss
 * of the Hub's connection, of the process and of power. Source: design.md §3, protocol.md §5.
 *
 * Every asynchronous call ends in exactly one call of its done(), on the loop; upload_store_write()
 * and upload_store_cancel() may call it before they return, the others never do.
 */
struct upload_store_options {
	struct loop *loop;
	struct worker *worker;
	struct game_registry *registry;
	struct libraries *libraries;   /* started; where games may go, and what is there now */
	const char *home;	       /* for "~" */
	const char *state_dir;	       /* <state_dir>/manifests: what is installed, per game */
	const struct strvec *own_dirs; /* no game may go into these; copied; NULL: none */
	int64_t expire_after_ms;       /* of paused uploads */
	const bool *keep_previous;     /* games.keepPrevious; read at each use; NULL: yes */
};

/* Finds paused uploads, finishes commits interrupted by a crash. NULL only on error. */
struct upload_store *upload_store_create(const struct upload_store_options *options,
	const struct upload_store_events *events, void *user, struct error *err);
/* Checkpoints every upload first; pending done() calls are made (CANCELLED). */
void upload_store_destroy(struct upload_store *store);
void upload_store_set_expiry(struct upload_store *store, int64_t expire_after_ms);
/* The default library, expanded; borrowed. */
const char *upload_store_library(const struct upload_store *store);
/*
 * A library can be used, or used again: finds its paused uploads, finishes interrupted
 * installations.
 */
void upload_store_library_arrived(struct upload_store *store, const struct library *library);
/* It can no longer be used: its running uploads are paused, and their next chunk is told why. */
void upload_store_library_left(struct upload_store *store, const struct library *library);

/*
 * Begins an upload or resumes one that the same Hub left with the same manifest. request: always
 * emptied. Errors: INVALID (manifest, paths, installPath), CONFLICT (that game is being uploaded by
 * another Hub or is completing), NO_SPACE (names needed and free bytes), IO.
 */
void upload_store_init(struct upload_store *store, const char *hub_id, struct init_upload *request,
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err),
	void *user);

/* One chunk to be written. The caller fills it and owns it again in done(), which may free it. */
struct upload_write {
	struct upload_chunk header;
	struct strbuf message; /* holds the data at data_offset up to its end */
	size_t data_offset;
	bool digest_known; /* digest is the data's SHA-256, computed while it arrived */
	unsigned char digest[SHA256_BYTES];
	size_t ahead_bytes; /* of the data, what upload_store_write_ahead() has returned; else 0 */
	/* More input is waiting: hashing and writing on a thread is worth the hand-over. */
	bool pipelined;
	/* response is NULL exactly when err is not. */
	void (*done)(struct upload_write *write, const struct upload_chunk_response *response,
		const struct error *err);
	void *user; /* the caller's */

	/* The store's own. */
	struct upload_store_write *pending;
};

/*
 * Errors: NOT_FOUND (no such upload of this Hub), INVALID (path not in the manifest, past the
 * declared size, checksum mismatch, the build differs from what is held: start again), NO_SPACE,
 * IO. A failed chunk does not count and may be sent again.
 */
void upload_store_write(struct upload_store *store, const char *hub_id, struct upload_write *write);
/*
 * A chunk that is still arriving: writes what has arrived to where nothing is held yet, so that a
 * sender that waits for the answer does not wait for the disk as well. It does not count before
 * upload_store_write(). length: bytes of data so far; ahead_bytes: what the last call for this
 * chunk returned, 0 at first. Returns how many bytes are in the file now.
 */
size_t upload_store_write_ahead(struct upload_store *store, const char *hub_id,
	const struct upload_chunk *header, const char *data, size_t length, size_t ahead_bytes);
/* Bytes handed to upload_store_write() whose done() was not called yet. */
size_t upload_store_in_flight_bytes(const struct upload_store *store);
/* Should a chunk be hashed on the loop while it arrives? */
bool upload_store_wants_digest(const struct upload_store *store);

/*
 * What init_upload announced; borrowed until the upload ends. NULL if this Hub has no such upload,
 * or it is not running.
 */
const struct upload_manifest *upload_store_manifest(
	struct upload_store *store, const char *hub_id, const char *upload_id);

/*
 * The paused uploads to folders below from, in the library of that id, are to the same below to
 * from now on, where that library is. Errors: IO, NO_SPACE: some are not, and can be tried again.
 */
bool upload_store_follow(struct upload_store *store, const char *library, const char *from,
	const char *to, struct error *err);

/*
 * upload_manifest_executable() of that upload; text may also be a path in the folder that the game
 * will be in. Errors: NOT_FOUND, INVALID.
 */
bool upload_store_executable(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *text, char **path, const char **arguments, struct error *err);

/*
 * Waits for the writes under way, checks that every byte is there, makes it durable, moves it into
 * the game's folder and enters it in the registry. executable (may be NULL):
 * from upload_store_executable(), instead of the one that init_upload named. pending (may be NULL):
 * struct game's, stored with the commit record, from which on the game will be installed whatever
 * happens. Errors: NOT_FOUND, INVALID (names the first gap), CONFLICT (a folder where a file must
 * go, or the reverse: nothing was moved), NO_SPACE, IO.
 */
void upload_store_complete(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *executable, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user);

/*
 * cancel_upload: ends the session, keeps the staging for a day for the same Hub and manifest. True
 * for an upload that has already completed. Errors: NOT_FOUND.
 */
bool upload_store_cancel(
	struct upload_store *store, const char *hub_id, const char *upload_id, struct error *err);
/* The Hub's connection is gone: checkpoint, pause. */
void upload_store_hub_gone(struct upload_store *store, const char *hub_id);
/* The owner's decision: staging is deleted. Errors: NOT_FOUND, CONFLICT (completing), IO. */
bool upload_store_discard(struct upload_store *store, const char *upload_id, struct error *err);

/* The previous build becomes the installed one: see upload_rollback_start(). */
void upload_store_rollback(struct upload_store *store,
	const struct upload_rollback_options *options,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user);

/* Are all known that the libraries hold, or may there be more, which cannot be read now? */
bool upload_store_is_complete(const struct upload_store *store);
/* Drops the paused uploads in a library that will not come back; its files are left alone. */
void upload_store_forget_library(struct upload_store *store, const char *library);

void upload_store_each(struct upload_store *store,
	void (*visit)(void *user, const struct upload_status *status), void *user);

/* Selects an upload; NULL matches anything. */
struct upload_filter {
	const char *hub_id;
	const char *upload_id;
	const char *dir;
	bool receiving; /* exclude those being moved into place */
};

/*
 * The most recently active upload that is running, not paused; borrowed until the list changes.
 * False, with *status untouched, if there is none.
 */
bool upload_store_find(const struct upload_store *store, const struct upload_filter *filter,
	struct upload_status *status);
