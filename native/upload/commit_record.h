#pragma once

#include "library/install_dir.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game_registry;

/*
 * commit.json in an upload's staging folder: once it exists, the game will be installed, whatever
 * happens to the process or the power; before that, the game's folder is untouched. It contains
 * everything needed to continue without the Hub or the process's memory.
 */
struct commit_record {
	int64_t version;
	char *hub_id;
	char *game_name;
	char *dir;	  /* absolute */
	char *executable; /* relative to dir; "" */
	int64_t size_bytes;
	int64_t installed_at; /* Unix time */
	char *pending;	      /* struct game's: work after the files; "" */
	/* Every file of the manifest, sorted; times and sizes as they are after the move. */
	struct installed_file *files;
	size_t files_count;
};

/* dir_fd: the staging folder. Errors: IO, NO_SPACE. */
bool commit_record_write(const struct commit_record *record, int dir_fd, struct error *err);
/*
 * Errors: NOT_FOUND (missing, or too damaged to use), IO. The record must be finished either way.
 */
bool commit_record_read(struct commit_record *record, int dir_fd, struct error *err);
/* Abandons the commit. What is still staged can be resumed. */
void commit_record_remove(int dir_fd);
void commit_record_finish(struct commit_record *record);

/* Enters the game in the registry; its shortcut is unchanged. Errors: IO, NO_SPACE. */
bool commit_record_register(
	const struct commit_record *record, struct game_registry *registry, struct error *err);
