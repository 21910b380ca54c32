#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct game_registry;
struct state_link;

/*
 * The games that this program installed: <state_dir>/games.json, version 1, written atomically. The
 * folder is a game's identity; its name, executable and app id may change. A file that does not
 * parse is set aside, as are invalid entries; while it cannot be read
 * nothing is known of any game, and nothing is changed: check game_registry_link() with
 * state_link_ready() before an unknown game is taken for none. Source: design.md §4.1.
 */
struct game {
	char *dir;	    /* absolute */
	char *name;	    /* as last given by the Hub */
	char *library;	    /* the id of the one that it is in (library.h); "" when unknown */
	char *hub_id;	    /* the one that installed it last */
	char *executable;   /* relative to dir; "" when unknown */
	char *build;	    /* id of the upload that installed it last; "" when unknown */
	uint32_t app_id;    /* as last reported by Steam; 0: no shortcut */
	char *user_id;	    /* the Steam account that has the shortcut; "" */
	int64_t size_bytes; /* of the manifest */
	int64_t file_count;
	int64_t installed_at; /* Unix time of the last install */
	char *problem;	      /* why Steam cannot start it, one sentence; "": nothing is known */
	char *pending;	      /* remaining work, as JSON (game_setup.h); "": none */
	char *shortcut;	      /* as last written in Steam, as JSON (game_setup.h); "": not known */
};

/* Texts are never NULL in an entry of the registry or a copy of one. */
extern const struct json_field game_fields[];
void game_copy(struct game *to, const struct game *from); /* to is not finished first */
void game_finish(struct game *game);
/*
 * Tells one installed build of a folder from another; NULL (no game): "". Caller frees.
 */
char *game_generation(const struct game *game);
/* Checks one that was read: its texts are not NULL. Errors: INVALID. */
bool game_check(const struct game *game, struct error *err);

/* *notice (caller frees, else NULL): a message for the user, e.g. that a file was set aside. */
struct game_registry *game_registry_create(const char *path, char **notice);
struct state_link *game_registry_link(struct game_registry *registry); /* core/state_file.h */
void game_registry_destroy(struct game_registry *registry);
/*
 * Keeps room on the disk so that the next game_registry_put() of an entry with that many bytes of
 * text does not fail for want of it. Errors: NO_SPACE, IO.
 */
bool game_registry_reserve(struct game_registry *registry, size_t text_bytes, struct error *err);
/* Gives it back. */
void game_registry_release(struct game_registry *registry);
/* Called after every change. One listener. */
void game_registry_set_changed(
	struct game_registry *registry, void (*changed)(void *user), void *user);

/* Borrowed until the registry changes; NULL when unknown. */
const struct game *game_registry_find(const struct game_registry *registry, const char *dir);
const struct game *game_registry_find_app(const struct game_registry *registry, uint32_t app_id);
/* The game whose folder contains path: absolute, without "..". */
const struct game *game_registry_find_file(const struct game_registry *registry, const char *path);
const struct game *game_registry_at(const struct game_registry *registry, size_t index);
size_t game_registry_count(const struct game_registry *registry);

/* Adds or replaces the entry of game->dir; copies. On failure nothing changed. Errors: IO,
 * NO_SPACE. */
bool game_registry_put(struct game_registry *registry, const struct game *game, struct error *err);
/*
 * The same for what has happened and cannot be undone, e.g. an app id that Steam has given: should
 * writing fail, the entry is changed, the error says that it is not saved, and
 * game_registry_flush() tries again, as does any other change.
 */
bool game_registry_record(
	struct game_registry *registry, const struct game *game, struct error *err);
/*
 * The game is in another folder now, in the library of that id: its entry changes in one write. On
 * failure nothing changed. Errors: NOT_FOUND, CONFLICT (another game is registered there), IO,
 * NO_SPACE.
 */
bool game_registry_move(struct game_registry *registry, const char *dir, const char *new_dir,
	const char *library, struct error *err);
/* Changes a game's texts, which are its own; false: it needs no change. */
typedef bool game_change(void *user, struct game *game);
/* All games, in one write. On failure nothing changed. Errors: IO, NO_SPACE. */
bool game_registry_change(
	struct game_registry *registry, game_change *change, void *user, struct error *err);
/* As game_registry_record(), for one that is gone. */
void game_registry_forget(struct game_registry *registry, const char *dir);
/* Writes what could not be written, if anything. Errors: IO, NO_SPACE. */
bool game_registry_flush(struct game_registry *registry, struct error *err);
bool game_registry_remove(struct game_registry *registry, const char *dir, struct error *err);
