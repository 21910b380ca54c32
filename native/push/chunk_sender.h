#pragma once

#include <stddef.h>
#include <stdint.h>

struct chunk_sender;
struct error;
struct agent_client;
struct json_map;
struct push_manifest;
struct worker;

/*
 * Sends the parts of a manifest that an Agent does not hold yet, over one connection: reads ahead
 * on the worker's threads, straight into the message, checksum included, while other chunks are in
 * flight.
 *
 * in_flight_count full chunks are under way at most; a small file counts an eighth of one, unless
 * in_flight_count is 1, which means stop-and-wait. A chunk that arrived damaged is sent again.
 */
struct chunk_sender_options {
	struct agent_client *client;
	struct worker *worker;
	const struct push_manifest *manifest;
	const char *upload_id;		    /* copied */
	const struct json_map *resume_from; /* path → bytes held; used before create returns */
	int64_t chunk_size_bytes;
	unsigned in_flight_count;
};

struct chunk_sender_events {
	/* More bytes of a file of the manifest are safe on the other side. */
	void (*acknowledged)(void *user, size_t file_index, int64_t bytes);
	/* One of them is called, once, never from within create. */
	void (*finished)(void *user);
	void (*failed)(void *user, const struct error *err);
};

struct chunk_sender *chunk_sender_create(const struct chunk_sender_options *options,
	const struct chunk_sender_events *events, void *user);
/*
 * Makes no further call; destroy the client first, since its replies are still due. Reads still
 * running end by themselves: the manifest must outlive the worker. NULL is fine.
 */
void chunk_sender_destroy(struct chunk_sender *sender);

/* Starts, or continues after agent_client's queue has drained. */
void chunk_sender_pump(struct chunk_sender *sender);

/* How many of the manifest's bytes the Agent already holds, which are therefore not sent. */
int64_t chunk_sender_held_bytes(const struct chunk_sender *sender);
