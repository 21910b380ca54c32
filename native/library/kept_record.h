#pragma once

#include "library/installed_manifest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * What an update has put by: <library>/.capydeck/kept/<game>/<time>/, with the player's files below
 * "player" and those of the previous build below "previous", under their paths in the game. This is
 * its "kept.json"; a folder without one counts for nothing.
 */
#define KEPT_FOLDER ".capydeck/kept"
#define KEPT_RECORD "kept.json"
#define KEPT_PLAYER "player"
#define KEPT_PREVIOUS "previous"
/* What was installed before: as library/installed_manifest.h has it. */
#define KEPT_BEFORE "before.json"

struct kept_record {
	int64_t version;
	char *dir; /* of the game; absolute */
	char *game_name;
	char *build;	  /* the one that has replaced them */
	char *executable; /* of the previous build, relative to dir; "" */
	int64_t kept_at;  /* Unix time; only shown */
	int64_t kept_ms;  /* for so long the agent has run since, as far as it is counted */
	/* Of the previous build; 0 files: it is not kept, or was given up. */
	int64_t previous_bytes;
	int64_t previous_files;
	struct installed_file *player; /* path, size and time of each */
	size_t player_count;
};

/* dir_fd: its folder. Errors: NOT_FOUND, INVALID, TOO_LARGE, IO. Finish it either way. */
bool kept_record_read(struct kept_record *record, int dir_fd, struct error *err);
/* Errors: IO, NO_SPACE. */
bool kept_record_write(const struct kept_record *record, int dir_fd, struct error *err);
void kept_record_finish(struct kept_record *record);
