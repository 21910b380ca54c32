#pragma once

#include "core/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct error;
struct installed_file;
struct installed_manifest;
struct upload_changes;
struct upload_manifest;

/*
 * An update is three-way: what was installed last (library/installed_manifest.h), what the PC
 * announces, and what is on the disk. The table is in uploads.md.
 */

/* A file on the PC, compared with what was installed. */
enum update_pc {
	UPDATE_PC_SAME,
	UPDATE_PC_CHANGED, /* or not known to be the same */
	UPDATE_PC_NEW,	   /* it was not installed, as far as is known */
	UPDATE_PC_GONE,
};

/* The same file in the game's folder. */
enum update_deck {
	UPDATE_DECK_SAME,
	UPDATE_DECK_CHANGED, /* or not known to be the same, or never installed */
	UPDATE_DECK_DELETED, /* there is none */
	UPDATE_DECK_EQUAL,   /* it is what the PC has, whatever was installed */
};

enum update_action {
	UPDATE_SAME,	      /* nothing moves */
	UPDATE_STAYS,	      /* only the Deck's changed, or was deleted */
	UPDATE_COMES_BACK,    /* only deleted on the Deck, but it is a program's */
	UPDATE_ADDED,	      /* there is none on the Deck */
	UPDATE_REPLACED,      /* by the PC's; the Deck's was the previous build's */
	UPDATE_REPLACED_KEPT, /* both changed: by the PC's; the Deck's is the player's, and kept */
	UPDATE_REMOVED,	      /* gone on the PC, and the Deck's is unchanged */
	UPDATE_LEFT,	      /* gone on the PC, and the Deck's is the player's, or gone too */
};

/*
 * program: update_is_program(). overwrite: what only the Deck changed is replaced too.
 */
enum update_action update_decide(
	enum update_pc pc, enum update_deck deck, bool program, bool overwrite);

/*
 * Is it a file that a game does not start without: by its name an executable, a library or an
 * archive of the game's data, or recorded as one by its content? executable: the named one.
 */
bool update_is_program(const struct installed_file *file, const char *executable);

/* A file of the manifest with the same index. */
struct update_file {
	enum update_action action;
	struct installed_file *known; /* borrowed from the installed manifest; NULL: not listed */
	bool there;
	struct stat stat; /* if it is there */
};

/* A file that was installed and is not in the manifest. */
struct update_gone {
	enum update_action action;
	struct installed_file *known; /* borrowed */
	struct stat stat;	      /* if it is removed */
};

struct update_plan {
	struct update_file *files;
	size_t files_count;
	struct update_gone *gone;
	size_t gone_count;
	bool refreshed; /* times in the installed manifest were corrected: it is worth writing */
};

struct update_plan_input {
	const struct upload_manifest *manifest;
	const struct installed_manifest *installed; /* times in it may be corrected */
	int game_fd;		/* −1: there is no such folder, and so nothing is installed */
	const char *dir;	/* its path */
	const char *library;	/* the library folder, whose disk is asked how it compares names */
	const char *executable; /* relative to dir; "" */
	int64_t deadline_ms;	/* files are read until then; one that was not is "changed" */
	/*
	 * The SHA-256 of what has arrived of a file that was announced without one; NULL: not
	 * known. needed: it is worth reading the file. NULL: nothing has arrived.
	 */
	const char *(*received_sha256)(void *user, size_t index, bool needed);
	void *user;
};

/* Errors: IO: a file cannot be looked at now. Finish it either way. */
bool update_plan_make(
	struct update_plan *plan, const struct update_plan_input *input, struct error *err);
/* The SHA-256 of a file; false if it cannot be read, or not in that time. */
bool update_plan_hash(
	int dir_fd, const char *path, int64_t deadline_ms, char hex[SHA256_HEX_BYTES]);
/* What it does, for people; changes is zeroed. */
void update_plan_changes(const struct update_plan *plan, const struct upload_manifest *manifest,
	struct upload_changes *changes);
void update_plan_finish(struct update_plan *plan);
