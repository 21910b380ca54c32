#pragma once

#include "core/strvec.h"
#include "steam/vdf/vdf_node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct shortcut_set;
struct strbuf;

/*
 * Steam's list of non-Steam games, userdata/<account>/config/shortcuts.vdf, on top of the tree that
 * vdf_binary.h reads: root → "shortcuts" → "0", "1", … → keys. What is not edited survives byte
 * for byte: unknown keys, their order and the case of their names, which differs among Steam's
 * versions ("AppName", "appname") and is ignored when looking one up.
 */
struct shortcuts {
	struct vdf_node root; /* zeroed: no shortcuts */
};

/* One entry, decoded. Owned by its list. */
struct shortcut {
	uint32_t app_id;
	char *name;
	char *exe;	 /* without the quotes around it that the file holds */
	char *command;	 /* what the file holds, if that is not just exe in quotes; else NULL */
	char *start_dir; /* the same */
	char *icon;
	char *launch_options;
	struct strvec tags;
	int64_t last_played_s; /* since 1970; 0: never */
};

/* In the file's order. Zeroed is empty. */
struct shortcut_list {
	struct shortcut *items;
	size_t count;
};

void shortcut_list_finish(struct shortcut_list *list);
/* Borrowed; NULL when there is none. */
const struct shortcut *shortcut_list_find(const struct shortcut_list *list, uint32_t app_id);

/*
 * Replaces shortcuts by the file's content; no bytes at all mean no shortcuts.
 * Errors: INVALID (names the offset), TOO_LARGE. On failure nothing is changed.
 */
bool shortcuts_parse(
	struct shortcuts *shortcuts, const void *data, size_t length, struct error *err);
void shortcuts_write(const struct shortcuts *shortcuts, struct strbuf *out); /* appends */
void shortcuts_finish(struct shortcuts *shortcuts);

/* list is replaced. */
void shortcuts_list(const struct shortcuts *shortcuts, struct shortcut_list *list);

/* What to write into an entry; borrowed. Keys not named here are left alone. */
struct shortcuts_edit {
	uint32_t app_id; /* of the entry to update; 0: not known */
	const char *name;
	const char *exe;	    /* without quotes */
	const char *command;	    /* written instead of exe in quotes; NULL or "": none */
	bool any_name;		    /* adopt an entry for exe whatever its name */
	const char *start_dir;	    /* without quotes */
	const char *launch_options; /* NULL: as it is, or none */
	const struct strvec *tags;  /* added to the existing ones; NULL: none */
	/*
	 * What was written into the entry with app_id before: what its user has changed since stays
	 * (shortcut_set.h). NULL: everything is written.
	 */
	const struct shortcut_set *previous;
};

/*
 * Updates the entry with edit->app_id, else adopts one with the same exe and name, else (any_name)
 * one with the same exe, else appends one with Steam's usual keys. An entry keeps its app id,
 * unless an earlier one has the same; a new one gets edit->app_id if it is a shortcut's (top bit
 * set), otherwise shortcuts_app_id(); ids in use are skipped. Returns the entry's app id.
 */
uint32_t shortcuts_put(struct shortcuts *shortcuts, const struct shortcuts_edit *edit);

/* Does it start something inside dir, be it through other programs? */
bool shortcut_starts_in(const struct shortcut *shortcut, const char *dir);

/* Removes the entry and renumbers the later ones, as Steam does. False: no such entry. */
bool shortcuts_remove(struct shortcuts *shortcuts, uint32_t app_id);

/* False: no such entry. */
bool shortcuts_set_icon(struct shortcuts *shortcuts, uint32_t app_id, const char *icon);

/* Can it be a shortcut's? Steam's own games have ids without the top bit. */
bool shortcuts_is_app_id(uint32_t app_id);
/*
 * CRC-32 (as in zlib) of the quoted executable followed by the name, with the top bit set.
 * Source: protocol.md §4.5.
 */
uint32_t shortcuts_app_id(const char *exe, const char *name);
