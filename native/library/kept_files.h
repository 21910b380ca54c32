#pragma once

#include "library/kept_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game_registry;
struct libraries;
struct loop;

/*
 * The keeping places of all libraries that are there (kept_record.h), as they are on the disk. The
 * player's files in one expire once the agent has run for that long since (core/steady_clock.h);
 * the previous build does not. Those of a game that is in the trash wait for it: they are not
 * listed, and neither expire nor go before it does.
 */
struct kept_files;

struct kept_files_options {
	struct loop *loop;
	struct game_registry *registry;
	struct libraries *libraries;
	int64_t expire_after_ms;
};

struct kept_files *kept_files_create(const struct kept_files_options *options);
void kept_files_destroy(struct kept_files *kept); /* NULL is fine */
void kept_files_set_expiry(struct kept_files *kept, int64_t expire_after_ms);

/* One keeping place. */
struct kept_place {
	char *root;    /* the library folder */
	char *library; /* its id */
	char *folder;  /* below root */
	char *id;      /* the last component of folder: tells all from each other */
	struct kept_record record;
	int64_t player_bytes;
	int64_t expires_in_s; /* of the player's files, if the agent keeps running */
};

struct kept_list {
	struct kept_place *places; /* the newest first */
	size_t places_count;
};

/* Of the registered games; what cannot be read now is left out, and logged. */
void kept_files_list(struct kept_files *kept, struct kept_list *list);
void kept_list_finish(struct kept_list *list);
/* Errors: NOT_FOUND. */
const struct kept_place *kept_list_find(
	const struct kept_list *list, const char *id, struct error *err);

/*
 * Puts a kept file of the player's back where it was, and what is there now in its place, so that
 * doing it twice changes nothing. path NULL: all of the place. *count: how many. Errors: NOT_FOUND,
 * CONFLICT (a folder is in the way, its card is out), IO, NO_SPACE; those before it are restored.
 */
bool kept_files_restore(struct kept_files *kept, const char *id, const char *path, size_t *count,
	struct error *err);
/* The player's files of one place are permanently deleted. Errors: NOT_FOUND, IO. */
bool kept_files_discard(struct kept_files *kept, const char *id, struct error *err);
/* A deleted game was permanently deleted: its kept files are, too, unless it is installed again. */
void kept_files_forget_game(struct kept_files *kept, const char *dir);

/* --- On the disk; these block, and may be called on the worker --- */

/* The previous builds below an open library folder: how many bytes? */
int64_t kept_files_previous_bytes(int root_fd);
/*
 * What is kept of games in a folder below from, or that itself, is of those in the same below to
 * from now on. Errors: IO, NO_SPACE: some is not, and can be tried again.
 */
bool kept_files_follow(int root_fd, const char *from, const char *to, struct error *err);
/*
 * Gives up previous builds: of the game in dir (NULL: of all), except in the place of that id
 * (NULL: in all).
 */
void kept_files_drop_previous(int root_fd, const char *dir, const char *except_id);
