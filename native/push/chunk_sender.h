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
 * Sends what an Agent does not hold yet of a manifest, over one connection: reads ahead on the
 * worker's threads, straight into the message, checksum included, while other chunks are in flight.
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
	/* Bytes more of a file of the manifest are safe on the other side. */
	void (*acknowledged)(void *user, size_t file_index, int64_t bytes);
	/* Called once, the one or the other, never from within create. */
	void (*finished)(void *user);
	void (*failed)(void *user, const struct error *err);
};

struct chunk_sender *chunk_sender_create(const struct chunk_sender_options *options,
	const struct chunk_sender_events *events, void *user);
/*
 * Makes no further call; the client, which still owes replies, goes first. Reads still running end
 * by themselves: the manifest must outlive the worker. NULL is fine.
 */
void chunk_sender_destroy(struct chunk_sender *sender);

/* Starts, or goes on after agent_client's queue has drained. */
void chunk_sender_pump(struct chunk_sender *sender);

/* Of the manifest's bytes, those that the Agent holds and that are so never sent. */
int64_t chunk_sender_held_bytes(const struct chunk_sender *sender);
