#pragma once

#include <stdbool.h>
#include <stdint.h>

struct disk;
struct library_record;
struct library_records;
struct library_sight;

/* What is in a library, or waits there until it is back. */
struct library_held {
	int64_t games;
	int64_t uploads; /* unfinished ones */
	int64_t deleted; /* games in the trash */
};

bool library_held_any(const struct library_held *held);

/* What a library is judged by besides its place. */
struct library_context {
	const char *home; /* a library on its file system is not on a card */
	struct library_records *records;
	bool records_changed; /* set when one of them has; they are to be saved */
	/* As in struct libraries_options. */
	bool (*count)(void *user, const char *id, const char *root, struct library_held *held,
		bool *seen);
	void *user;
};

/* What it holds. False: not known now. */
bool library_context_count(const struct library_context *context, const char *id, const char *root,
	struct library_held *held, bool *seen);
/* For people: the label of the card with that place, or the place itself; caller frees. */
char *library_context_name(
	const struct library_context *context, const char *place, const struct disk *disk);
/* Records that the library with this id is in the place. */
void library_context_note(struct library_context *context, const char *place,
	const struct library_sight *sight, char *id);

/* Is it one that may be taken out? What home is on is always there. */
bool library_context_is_card(const struct library_context *context, const char *mount_point);
/* Is this the file system that the library was on? Home's may have got another UUID. */
bool library_context_is_same_disk(const struct library_context *context, const struct disk *disk,
	const struct library_record *last);
