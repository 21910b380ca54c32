#pragma once

#include "steam/change/steam_change.h"
#include "steam/steam_outcomes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct loop;
struct lws_loop;
struct shortcut_list;
struct state_link;
struct steam_artwork_shown;
struct steam_ui;
struct steam_user_list;
struct strbuf;
struct strvec;
struct worker;

/*
 * The Steam of this machine, as sessions see it: its users, their shortcuts, and changes to them.
 *
 * A change is kept in <state_dir>/steam.json before anything else happens and stays there until it
 * is done, so that none is lost or half done, whatever ends this process. It is made by the best
 * driver that gets through (steam_driver.h); if none does, because Steam is running but cannot be
 * reached, it stays queued until Steam ends, can be reached, or is restarted.
 */
struct steam;

struct steam_options {
	const char *home;      /* where Steam's own places are looked for */
	const char *steam_dir; /* only this installation; NULL: Steam's default places */
	const char *state_dir;
	struct lws_loop *lws_loop;    /* for the cef driver; NULL: without it */
	const int64_t *debugger_port; /* of the cef driver; read at each use */
	const struct steam_ui *ui;    /* for the ui driver; borrowed; NULL: without it */
};

/*
 * Reads the queue, whose changes continue on the loop's next turn. notice (caller frees, else
 * NULL): a message for the user, e.g. that a file was set aside. Steam may be installed, started
 * and removed while this exists.
 */
struct steam *steam_create(struct loop *loop, struct worker *worker,
	const struct steam_options *options, char **notice);
/*
 * Answers changes that are not done yet with CANCELLED; they stay queued. NULL is fine. Before
 * worker_destroy().
 */
void steam_destroy(struct steam *steam);
/*
 * The file of the queue (core/state_file.h). While it cannot be read no change is accepted, and
 * what waits is not known.
 */
struct state_link *steam_link(struct steam *steam);
void steam_set_events(struct steam *steam, const struct steam_events *events, void *user);
/* The plugin has attached or detached: queued changes may continue. */
void steam_ui_changed(struct steam *steam);

/* The language that its owner has chosen, a locale; NULL: not known. Caller frees. */
char *steam_language(const struct steam *steam);

/* The most recent login first (steam_users.h). Errors: NOT_FOUND (no Steam here), IO. */
bool steam_list_users(struct steam *steam, struct steam_user_list *out, struct error *err);

/*
 * The account whose shortcuts are meant, and Steam's root. user_id: a SteamID64 or a 32-bit account
 * id as digits; NULL or "": the most recent login. Both outputs (either may be NULL) are the
 * caller's to free. Errors: NOT_FOUND (no Steam, no such user), IO.
 */
bool steam_find_account(struct steam *steam, const char *user_id, char **root, char **account_id,
	struct error *err);

/*
 * The user's shortcuts as they will be once the queue is done. A user without any has an empty
 * list. Errors: NOT_FOUND (no Steam, no such user), INVALID (the file does not parse; says where),
 * IO.
 */
bool steam_list_shortcuts(
	struct steam *steam, const char *user_id, struct shortcut_list *out, struct error *err);

/*
 * Makes or updates one shortcut. An entry with request->app_id is updated in place; otherwise one
 * for the same executable and name, or with any_name for the same executable, is adopted (the user
 * may have made it by hand) and keeps its app id; otherwise one is made. The request is copied.
 * done is called once, on the loop, never from within this call (but perhaps from steam_destroy()),
 * about 10 s later at the latest: what takes longer is queued. Errors: NOT_FOUND (no Steam, no such
 * user), INVALID (request, or Steam's file does not parse), CANCELLED, IO, NO_SPACE. A failed
 * change is not kept.
 */
void steam_put_shortcut(struct steam *steam, const struct steam_shortcut_request *request,
	steam_done *done, void *user);
/* Errors: NOT_FOUND (no such user, no such shortcut), otherwise the same. */
void steam_remove_shortcut(
	struct steam *steam, const char *user_id, uint32_t app_id, steam_done *done, void *user);
/* path: of the icon's file. The same errors. */
void steam_set_icon(struct steam *steam, const char *user_id, uint32_t app_id, const char *path,
	steam_done *done, void *user);
/*
 * Makes a running, reachable Steam show an image that is already in place; success if there is
 * none. Not queued. image is copied.
 */
void steam_show_artwork(
	struct steam *steam, const struct steam_artwork_shown *image, steam_done *done, void *user);

/* The current id for a reported one; other ids are returned unchanged. */
uint32_t steam_actual_app_id(const struct steam *steam, uint32_t app_id);

/* message: one sentence, also on success. See steam_restart.h for the errors. */
typedef void steam_restarted(void *user, const char *message, const struct error *err);
/* Ends Steam, makes the queued changes, starts Steam. force: even while a game runs. */
void steam_restart_client(struct steam *steam, bool force, steam_restarted *done, void *user);

/* For status: the driver that a change would use now (static text) … */
const char *steam_driver_name(struct steam *steam);
/* … why, or what prevents it, as one sentence appended to out … */
void steam_describe(struct steam *steam, struct strbuf *out);
/* … how many changes wait … */
size_t steam_queued_count(const struct steam *steam);
/* … and the names of the new and updated shortcuts among them, once each. */
void steam_queued_names(const struct steam *steam, struct strvec *names);
