#pragma once

#include "library/install_dir.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game_registry;

/*
 * commit.json in an upload's staging folder: once it is there, the game will be installed, whatever
 * happens to the process or the power; before, nothing was touched. It says all that is needed to
 * go on, so that neither the Hub nor the memory of the process is.
 */
struct commit_record {
	int64_t version;
	char *hub_id;
	char *game_name;
	char *dir;	  /* absolute */
	char *executable; /* relative to dir; "" */
	int64_t size_bytes;
	int64_t installed_at; /* Unix time */
	char *pending;	      /* struct game's: what comes after the files; "" */
	/* Every file of the manifest, sorted; times and sizes as they are after the move. */
	struct installed_file *files;
	size_t files_count;
};

/* dir_fd: the staging folder. Errors: IO, NO_SPACE. */
bool commit_record_write(const struct commit_record *record, int dir_fd, struct error *err);
/*
 * Errors: NOT_FOUND (missing, or so damaged that it is as good as missing), IO. The record must be
 * finished either way.
 */
bool commit_record_read(struct commit_record *record, int dir_fd, struct error *err);
/* Gives the commit up. What is still staged can be resumed. */
void commit_record_remove(int dir_fd);
void commit_record_finish(struct commit_record *record);

/* Enters the game in the registry; its shortcut stays what it was. Errors: IO, NO_SPACE. */
bool commit_record_register(
	const struct commit_record *record, struct game_registry *registry, struct error *err);
