#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * The people who use one Steam installation, from config/loginusers.vdf and the folders in
 * userdata/. Ids are digits kept as text: a SteamID64 does not fit a double.
 */
struct steam_user {
	char *steam_id;	      /* SteamID64 */
	char *account_id;     /* 32 bits: the folder in userdata/; steam_id − 76561197960265728 */
	char *persona_name;   /* shown to people; falls back to the login's name, then to account_id
			       */
	int64_t last_login_s; /* since 1970; 0: not known */
	bool most_recent;     /* Steam will log this one in next */
	bool auto_login;      /* the client's registry says that it does so by itself */
	bool allows_auto_login;
	bool in_login_list; /* false: only a folder in userdata/ exists */
};

/*
 * In the order in which Steam would log them in: the most recent, those it logs in by itself, then
 * by the time of the last login. Zeroed is empty.
 */
struct steam_user_list {
	struct steam_user *items;
	size_t count;
};

/*
 * Replaces list by the users of the installation at root; none at all is success. A
 * loginusers.vdf that does not parse counts as missing: the folders still show which users exist.
 * Errors: IO (userdata/ cannot be read). On failure list is unchanged.
 */
bool steam_users_load(struct steam_user_list *list, const char *root, struct error *err);
void steam_users_finish(struct steam_user_list *list);

/*
 * id: a SteamID64 or a 32-bit account id; NULL or "": the most recent login. Borrowed from list.
 * NULL and NOT_FOUND when there is no such user, or no user at all.
 */
const struct steam_user *steam_users_find(
	const struct steam_user_list *list, const char *id, struct error *err);

/*
 * The same for the Steam on this machine (home, steam_dir: as for steam_install_find()): the
 * installation's root and the account whose folder in userdata/ it is. Both outputs (either may be
 * NULL) are the caller's to free. Errors: NOT_FOUND (no Steam, no such user), IO.
 */
bool steam_users_locate(const char *home, const char *steam_dir, const char *id, char **root,
	char **account_id, struct error *err);
