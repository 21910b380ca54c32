#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct loop;
struct shortcut_list;
struct steam_user_list;
struct strbuf;
struct strvec;
struct worker;

/*
 * The Steam of this machine, as sessions see it: its users, their shortcuts, and changes to
 * them. How a change is made (steam_driver.h) is decided anew for each one.
 */
struct steam;

struct steam_options {
	const char *home;      /* where Steam's own places are looked for */
	const char *steam_dir; /* this installation and no other; NULL: Steam's own places */
};

/* Touches nothing yet; Steam may be installed, started and removed while this exists. */
struct steam *steam_create(
	struct loop *loop, struct worker *worker, const struct steam_options *options);
/*
 * Answers changes that are not done yet with CANCELLED; one that is being written may still reach
 * the disk. NULL is fine. Before worker_destroy().
 */
void steam_destroy(struct steam *steam);

/* The most recent login first (steam_users.h). Errors: NOT_FOUND (no Steam here), IO. */
bool steam_list_users(struct steam *steam, struct steam_user_list *out, struct error *err);

/*
 * user_id: a SteamID64 or a 32-bit account id as digits; NULL or "": the most recent login.
 * A user without any shortcut has an empty list.
 * Errors: NOT_FOUND (no Steam, no such user), INVALID (the file does not parse; says where), IO.
 */
bool steam_list_shortcuts(
	struct steam *steam, const char *user_id, struct shortcut_list *out, struct error *err);

struct steam_shortcut_request {
	const char *user_id;	    /* as for steam_list_shortcuts() */
	uint32_t app_id;	    /* of the entry to update; 0: not known */
	const char *name;	    /* not empty */
	const char *exe;	    /* absolute, without quotes */
	const char *start_dir;	    /* NULL or "": the executable's folder */
	const char *launch_options; /* NULL: an existing entry keeps its own */
	const struct strvec *tags;  /* added to those an existing entry has; NULL: none */
};

/* app_id: the entry's, when err is NULL. err is valid during the call only. */
typedef void steam_put_done(void *user, uint32_t app_id, const struct error *err);

/*
 * Makes or updates one shortcut. An entry with request->app_id is updated in place; otherwise one
 * for the same executable is adopted (the user may have made it by hand) and keeps its app id;
 * otherwise one is appended, with request->app_id if that is given and free. The request is copied.
 * done is called once, on the loop, never from within this call (but from steam_destroy()).
 * Errors: NOT_FOUND (no Steam, no such user), INVALID (request, or Steam's file does not parse),
 * CONFLICT (Steam runs and no driver can reach it), CANCELLED, IO, NO_SPACE.
 */
void steam_put_shortcut(struct steam *steam, const struct steam_shortcut_request *request,
	steam_put_done *done, void *user);

/* For status: the driver that a change would use now (static text) … */
const char *steam_driver_name(struct steam *steam);
/* … and why, or what stands in its way, as one sentence appended to out. */
void steam_describe(struct steam *steam, struct strbuf *out);
