#pragma once

#include "core/json.h"
#include "core/strvec.h"
#include "steam/change/shortcut_set.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct shortcuts;

/*
 * One change of an account's shortcuts. It is the same JSON object in the queue on disk, in the
 * request to the game-mode plugin and in the argument of the script that runs inside Steam, and
 * applying it twice does no harm.
 *
 * put: the entry with app_id is updated; without one, an entry with the same executable and name
 * (any_name: with the same executable) is adopted; otherwise a new one is made, with the id
 * reported_app_id if it can be chosen. compat_tool is set if the user has chosen none. remove: the
 * entry with app_id is removed; a missing one is success.
 * set_icon: the entry with app_id gets icon.
 */
#define STEAM_CHANGE_PUT "put"
#define STEAM_CHANGE_REMOVE "remove"
#define STEAM_CHANGE_SET_ICON "set_icon"

#define STEAM_CHANGE_TAGS_MAX 256

struct steam_change {
	char *action;		  /* one of those above */
	char *account_id;	  /* digits: the folder in userdata/ */
	uint32_t app_id;	  /* put: 0 when not known */
	uint32_t reported_app_id; /* put: what a Hub was, or will be, told */
	char *name;
	char *exe;	      /* absolute, without quotes */
	char *start_dir;      /* absolute, without quotes */
	bool any_name;	      /* the executable is this game's alone */
	char *launch_options; /* NULL: an existing entry keeps its own */
	struct strvec tags;   /* added to the existing ones */
	char *compat_tool;    /* "" or NULL: not requested */
	char *icon;	      /* set_icon: absolute path */
	char *command; /* put: the whole target, instead of exe in quotes; "" or NULL: none */
	/* put: what was written into the entry with app_id before; what is different now stays. */
	struct shortcut_set previous;
};

extern const struct json_field steam_change_fields[];

/* The parameters of a put. Everything is borrowed. */
struct steam_shortcut_request {
	const char *user_id;	    /* as for steam_users_find() */
	uint32_t app_id;	    /* of the entry to update; 0: not known */
	const char *name;	    /* not empty */
	const char *exe;	    /* absolute, without quotes */
	bool any_name;		    /* the executable is this game's alone */
	const char *start_dir;	    /* NULL or "": the executable's folder */
	const char *launch_options; /* NULL: an existing entry keeps its own */
	const struct strvec *tags;  /* added to those an existing entry has; NULL: none */
	const char *compat_tool;    /* for an entry that has none; NULL or "": none */
	const char *command;	    /* instead of exe in quotes; NULL or "": none */
	/* What was written into the entry with app_id before (shortcut_set.h); NULL: not known. */
	const struct shortcut_set *previous;
};

/* A put without its account; change is zeroed. */
void steam_change_fill_put(
	struct steam_change *change, const struct steam_shortcut_request *request);
/* What is written with that request, after what was before; to is zeroed. */
void steam_change_note_set(struct shortcut_set *to, const struct steam_shortcut_request *request);
void steam_change_finish(struct steam_change *change);
void steam_change_copy(
	struct steam_change *to, const struct steam_change *from); /* to is replaced */
/* Checks a stored or received change. Errors: INVALID. */
bool steam_change_check(const struct steam_change *change, struct error *err);
/* The app id of the entry it is about; of a new entry, the reported id. */
uint32_t steam_change_entry(const struct steam_change *change);
bool steam_change_is(const struct steam_change *change, const char *action);
/* Applies it to a list. Returns the entry's app id; 0: there is no such entry. */
uint32_t steam_change_apply(const struct steam_change *change, struct shortcuts *shortcuts);
