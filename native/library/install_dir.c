#include "library/install_dir.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/xalloc.h"
#include "library/game_registry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX_LIMIT 1000

void install_dir_finish(struct install_dir *dir)
{
	free(dir->root);
	free(dir->path);
	*dir = (struct install_dir){ 0 };
}

static bool has_component(const char *path, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = path; (at = strstr(at, name)) != NULL; at += length) {
		if ((at == path || at[-1] == '/') && (at[length] == '\0' || at[length] == '/')) {
			return true;
		}
	}
	return false;
}

/* Without doubled separators, "." and a trailing separator. */
static char *without_noise(const char *path)
{
	char *plain = xcalloc(1, strlen(path) + 2);
	size_t length = 0;

	while (*(path += strspn(path, "/")) != '\0') {
		size_t component = strcspn(path, "/");

		if (component != 1 || *path != '.') {
			plain[length++] = '/';
			memcpy(plain + length, path, component);
			length += component;
		}
		path += component;
	}
	if (length == 0) {
		plain[0] = '/';
	}
	return plain;
}

char *install_dir_resolve(const char *path)
{
	AUTO(free_ptr) char *plain = NULL;
	AUTO(free_ptr) char *existing = NULL;

	if (path[0] != '/' || has_component(path, "..")) {
		return NULL;
	}
	plain = without_noise(path);
	existing = xstrdup(plain);
	while (existing[1] != '\0') {
		AUTO(free_ptr) char *real = realpath(existing, NULL);
		char *slash = strrchr(existing, '/');

		if (real != NULL) {
			const char *rest = plain + strlen(existing);

			return xasprintf(
				"%s%s", real[1] == '\0' && *rest != '\0' ? "" : real, rest);
		}
		slash[slash == existing ? 1 : 0] = '\0';
	}
	return TAKE_PTR(plain);
}

/* The device of the path's deepest existing folder. */
static dev_t device_of(const char *path)
{
	AUTO(free_ptr) char *at = xstrdup(path);
	struct stat stat_of = { 0 };

	while (stat(at, &stat_of) != 0) {
		char *slash = strrchr(at, '/');

		if (slash == NULL || slash == at) {
			break;
		}
		*slash = '\0';
	}
	return stat_of.st_dev;
}

static char *resolve_library(const struct install_dir_rules *rules, const char *library)
{
	AUTO(free_ptr) char *expanded = path_expand_home(library, rules->home);

	return install_dir_resolve(expanded);
}

/* The library folder that holds path; NULL when none does. The deepest wins. */
static char *find_root(const struct install_dir_rules *rules, const char *path)
{
	AUTO(free_ptr) char *best = NULL;

	for (size_t i = 0; i <= rules->library_extra->count; i++) {
		const char *library =
			i == 0 ? rules->library_dir : rules->library_extra->items[i - 1];
		AUTO(free_ptr) char *root = resolve_library(rules, library);

		if (root != NULL && path_is_within(path, root) &&
			(best == NULL || strlen(root) > strlen(best))) {
			free(best);
			best = TAKE_PTR(root);
		}
	}
	return TAKE_PTR(best);
}

static bool has_parent(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return strncmp(path, parent, length) == 0 && path[length] == '/' &&
	       strchr(path + length + 1, '/') == NULL;
}

/* Is the game's folder still at its recorded path, not behind a link that replaced a folder? */
static bool is_in_place(const struct game *game)
{
	AUTO(free_ptr) char *resolved = install_dir_resolve(game->dir);

	return resolved != NULL && strcmp(resolved, game->dir) == 0;
}

/* The folder that already contains a game of this name; parent NULL: anywhere. */
static const char *find_installed(
	const struct install_dir_rules *rules, const char *parent, const char *game_name)
{
	for (size_t i = 0; i < game_registry_count(rules->registry); i++) {
		const struct game *game = game_registry_at(rules->registry, i);

		if (strcmp(game->name, game_name) == 0 &&
			(parent == NULL || has_parent(game->dir, parent)) && is_in_place(game)) {
			return game->dir;
		}
	}
	return NULL;
}

static bool is_free(const struct install_dir_rules *rules, const char *path, const char *game_name)
{
	struct stat stat;

	return lstat(path, &stat) != 0 && game_registry_find(rules->registry, path) == NULL &&
	       !rules->is_taken(rules->user, path, game_name);
}

static bool choose_new(struct install_dir *dir, const struct install_dir_rules *rules,
	const char *parent, const char *game_name, struct error *err)
{
	AUTO(free_ptr) char *name = path_safe_name(game_name, err);

	if (name == NULL) {
		return false;
	}
	for (int suffix = 1; suffix <= SUFFIX_LIMIT; suffix++) {
		AUTO(free_ptr)
		char *path = suffix == 1 ? xasprintf("%s/%s", parent, name)
					 : xasprintf("%s/%s (%d)", parent, name, suffix);

		if (is_free(rules, path, game_name)) {
			dir->path = TAKE_PTR(path);
			return true;
		}
	}
	return error_set(
		err, ERROR_INVALID, "no free folder name is left in '%s' for '%s'", parent, name);
}

static bool choose_parent(struct install_dir *dir, const struct install_dir_rules *rules,
	const char *install_path, char **parent, struct error *err)
{
	AUTO(free_ptr) char *expanded = path_expand_home(install_path, rules->home);
	const struct game *owner;

	*parent = install_dir_resolve(expanded);
	if (*parent == NULL) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is not an absolute path without '..'", install_path);
	}
	dir->root = find_root(rules, *parent);
	if (dir->root == NULL) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is outside the library folders; allowed is '%s', others "
			"can be added to the setting library.extra",
			install_path, rules->library_dir);
	}
	if (has_component(*parent + strlen(dir->root), PATH_OWN_FOLDER)) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is inside '" PATH_OWN_FOLDER
			"', which holds unfinished uploads; choose another folder",
			install_path);
	}
	owner = game_registry_find_file(rules->registry, *parent);
	if (owner != NULL) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is inside the folder of '%s'; choose the folder above it",
			install_path, owner->name);
	}
	if (device_of(*parent) != device_of(dir->root)) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is on another disk than its library '%s'; add it to the "
			"setting library.extra",
			install_path, dir->root);
	}
	return true;
}

bool install_dir_choose(struct install_dir *dir, const struct install_dir_rules *rules,
	const char *install_path, const char *game_name, struct error *err)
{
	bool anywhere = install_path == NULL || install_path[0] == '\0';
	AUTO(free_ptr) char *parent = NULL;
	const char *installed;

	*dir = (struct install_dir){ 0 };
	/* A folder of an unknown game is not free, and must not become "Game (2)". */
	if (!state_link_ready(game_registry_link(rules->registry), err)) {
		return false;
	}
	installed = anywhere ? find_installed(rules, NULL, game_name) : NULL;
	if (installed != NULL && (dir->root = find_root(rules, installed)) != NULL) {
		dir->path = xstrdup(installed);
		return true;
	}
	if (!choose_parent(
		    dir, rules, anywhere ? rules->library_dir : install_path, &parent, err)) {
		goto fail;
	}
	installed = find_installed(rules, parent, game_name);
	if (installed != NULL) {
		dir->path = xstrdup(installed);
		return true;
	}
	if (!choose_new(dir, rules, parent, game_name, err)) {
		goto fail;
	}
	return true;
fail:
	install_dir_finish(dir);
	return false;
}
