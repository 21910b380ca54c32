#pragma once

#include "core/state_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * The libraries that were ever used: <state_dir>/libraries.json, version 1. One folder may have
 * been several of them: cards that were mounted there one after the other.
 */
struct library_record {
	char *id;	   /* of its marker */
	char *place;	   /* the folder, as the settings name it */
	char *root;	   /* the same with links resolved, when it was last there */
	char *name;	   /* its card's label, or the last part of where it was mounted */
	char *uuid;	   /* of its file system; "" */
	char *mount_point; /* of its file system */
	int64_t uploads;   /* unfinished ones, when it was last there */
};

struct library_records {
	int64_t version;
	struct library_record *libraries; /* the last one used at a place comes last */
	size_t libraries_count;
	struct state_link link;
};

/*
 * Fills a zeroed list, which must stay where it is. *notice (caller frees, else NULL): a message
 * for the user.
 */
void library_records_load(struct library_records *records, const char *path, char **notice);
void library_records_finish(struct library_records *records);
/* Errors: IO, NO_SPACE. */
bool library_records_save(struct library_records *records, struct error *err);

/* Borrowed until the list changes; NULL: none. place NULL: any. The last one used comes first. */
struct library_record *library_records_find(
	const struct library_records *records, const char *id, const char *place);
/* The one of that id whose folder holds path. */
const struct library_record *library_records_holding(
	const struct library_records *records, const char *id, const char *path);
/* The one last used there. */
struct library_record *library_records_last_at(
	const struct library_records *records, const char *place);
/* Adds one at the end, or replaces the one of that id and place; copies. Does not save. */
struct library_record *library_records_put(
	struct library_records *records, const struct library_record *record);
void library_records_drop(struct library_records *records, size_t index); /* does not save */
