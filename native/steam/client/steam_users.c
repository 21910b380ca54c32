#include "steam/client/steam_users.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/client/steam_install.h"
#include "steam/vdf/vdf_text.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The SteamID64 of account 0 among the individual accounts of the public universe. */
#define STEAM_ID_BASE UINT64_C(76561197960265728)

/* Far more than ever log in on one machine: the lists are searched linearly. */
#define USERS_LIMIT 256

/* Digits only, without leading zeros, 1 … max; 0 for anything else. */
static uint64_t parse_id(const char *text, uint64_t max)
{
	uint64_t id = 0;

	if (*text == '0') {
		return 0;
	}
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned char)*text - (unsigned)'0';

		if (digit > 9 || id > (max - digit) / 10) {
			return 0;
		}
		id = id * 10 + digit;
	}
	return id;
}

static struct steam_user *add_user(struct steam_user_list *list, uint64_t account_id)
{
	struct steam_user *user;

	list->items = xrealloc(list->items, list->count + 1, sizeof(*list->items));
	user = &list->items[list->count++];
	*user = (struct steam_user){
		.steam_id = xasprintf("%" PRIu64, STEAM_ID_BASE + account_id),
		.account_id = xasprintf("%" PRIu64, account_id),
	};
	return user;
}

static void add_login(struct steam_user_list *list, const struct vdf_text *file,
	const struct vdf_text_node *login, const char *auto_login)
{
	uint64_t steam_id = parse_id(login->key, STEAM_ID_BASE + UINT32_MAX);
	const char *name = vdf_text_value(file, login, "PersonaName");
	struct steam_user *user;

	if (list->count == USERS_LIMIT || login->value != NULL || steam_id <= STEAM_ID_BASE ||
		steam_users_find(list, login->key, NULL) != NULL) {
		return;
	}
	user = add_user(list, steam_id - STEAM_ID_BASE);
	if (*name == '\0') {
		name = vdf_text_value(file, login, "AccountName");
	}
	user->persona_name = xstrdup(*name != '\0' ? name : user->account_id);
	user->last_login_s = strtoll(vdf_text_value(file, login, "Timestamp"), NULL, 10);
	user->most_recent = strcmp(vdf_text_value(file, login, "MostRecent"), "1") == 0;
	user->auto_login = auto_login != NULL &&
			   strcasecmp(vdf_text_value(file, login, "AccountName"), auto_login) == 0;
	user->allows_auto_login = strcmp(vdf_text_value(file, login, "AllowAutoLogin"), "1") == 0;
	user->in_login_list = true;
}

/* Damaged is as good as absent: Steam writes it anew. What cannot be read now may name the user. */
static bool add_logins(struct steam_user_list *list, const char *root, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(root, "config/loginusers.vdf");
	AUTO(free_ptr) char *auto_login = steam_install_auto_login(root);
	AUTO(strbuf_finish) struct strbuf source = { 0 };
	AUTO(vdf_text_finish) struct vdf_text file = { 0 };
	const struct vdf_text_node *login;
	struct error why = { 0 };

	if (!atomic_file_read(path, VDF_TEXT_MAX_BYTES, &source, &why)) {
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_TOO_LARGE ||
		       error_pass(err, &why);
	}
	if (!vdf_text_parse(&file, strbuf_text(&source), source.length, NULL)) {
		return true;
	}
	login = vdf_text_child(&file, &file.nodes[0], "users");
	if (login != NULL) {
		login = vdf_text_first(&file, login);
	}
	for (; login != NULL; login = vdf_text_next(&file, login)) {
		add_login(list, &file, login, auto_login);
	}
	return true;
}

/* Steam rewrites localconfig.vdf whenever that user's client ends. */
static bool add_folder(
	struct steam_user_list *list, const char *userdata, const char *name, struct error *err)
{
	uint64_t account_id = parse_id(name, UINT32_MAX);
	AUTO(free_ptr) char *folder = path_join(userdata, name);
	AUTO(free_ptr) char *used = path_join(folder, "config/localconfig.vdf");
	struct steam_user *user;
	struct stat stat_buf;

	if (list->count == USERS_LIMIT || account_id == 0 ||
		steam_users_find(list, name, NULL) != NULL) {
		return true;
	}
	if (stat(folder, &stat_buf) != 0) {
		return errno == ENOENT || error_set_errno(err, "cannot examine '%s'", folder);
	}
	if (!S_ISDIR(stat_buf.st_mode)) {
		return true;
	}
	user = add_user(list, account_id);
	user->persona_name = xstrdup(user->account_id);
	if (stat(used, &stat_buf) == 0) {
		user->last_login_s = stat_buf.st_mtim.tv_sec;
	} else if (errno != ENOENT) {
		return error_set_errno(err, "cannot examine '%s'", used);
	}
	return true;
}

static bool add_folders(struct steam_user_list *list, const char *root, struct error *err)
{
	AUTO(free_ptr) char *userdata = path_join(root, "userdata");
	DIR *dir = opendir(userdata);
	const struct dirent *entry;
	bool ok = true;

	if (dir == NULL) {
		return errno == ENOENT || error_set_errno(err, "cannot read '%s'", userdata);
	}
	while (ok && (errno = 0, entry = readdir(dir)) != NULL) {
		ok = add_folder(list, userdata, entry->d_name, err);
	}
	if (ok && errno != 0) {
		ok = error_set_errno(err, "cannot read '%s'", userdata);
	}
	closedir(dir);
	return ok;
}

static int compare_recency(const void *left, const void *right)
{
	const struct steam_user *a = left, *b = right;

	if (a->in_login_list != b->in_login_list) {
		return a->in_login_list ? -1 : 1;
	}
	if (a->most_recent != b->most_recent) {
		return a->most_recent ? -1 : 1;
	}
	if (a->auto_login != b->auto_login) {
		return a->auto_login ? -1 : 1;
	}
	if (a->allows_auto_login != b->allows_auto_login) {
		return a->allows_auto_login ? -1 : 1;
	}
	if (a->last_login_s != b->last_login_s) {
		return a->last_login_s > b->last_login_s ? -1 : 1;
	}
	return strcmp(a->steam_id, b->steam_id); /* all have 17 digits */
}

bool steam_users_load(struct steam_user_list *list, const char *root, struct error *err)
{
	struct steam_user_list loaded = { 0 };

	if (!add_logins(&loaded, root, err) || !add_folders(&loaded, root, err)) {
		steam_users_finish(&loaded);
		return false;
	}
	if (loaded.count > 0) {
		qsort(loaded.items, loaded.count, sizeof(*loaded.items), compare_recency);
	}
	steam_users_finish(list);
	*list = loaded;
	return true;
}

void steam_users_finish(struct steam_user_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].steam_id);
		free(list->items[i].account_id);
		free(list->items[i].persona_name);
	}
	free(list->items);
	*list = (struct steam_user_list){ 0 };
}

const struct steam_user *steam_users_find(
	const struct steam_user_list *list, const char *id, struct error *err)
{
	bool any = id == NULL || *id == '\0';

	for (size_t i = 0; i < list->count; i++) {
		if (any || strcmp(list->items[i].steam_id, id) == 0 ||
			strcmp(list->items[i].account_id, id) == 0) {
			return &list->items[i];
		}
	}
	if (any) {
		error_set(err, ERROR_NOT_FOUND,
			"no one has logged in to Steam on this machine yet; log in once");
	} else {
		error_set(err, ERROR_NOT_FOUND, "Steam has no user '%s' on this machine", id);
	}
	return NULL;
}

bool steam_users_locate(const char *home, const char *steam_dir, const char *id, char **root,
	char **account_id, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	const struct steam_user *user;

	if (!steam_install_find(&install, home, steam_dir, err) ||
		!steam_users_load(&users, install.root, err)) {
		return false;
	}
	user = steam_users_find(&users, id, err);
	if (user == NULL) {
		return false;
	}
	if (account_id != NULL) {
		*account_id = xstrdup(user->account_id);
	}
	if (root != NULL) {
		*root = TAKE_PTR(install.root);
	}
	return true;
}
