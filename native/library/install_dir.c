#include "library/install_dir.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/folder_name.h"
#include "library/game_registry.h"
#include "library/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX_LIMIT 1000

void install_dir_finish(struct install_dir *dir)
{
	free(dir->root);
	free(dir->path);
	free(dir->was);
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

static char *resolve_library(const struct install_dir_rules *rules, const char *library)
{
	AUTO(free_ptr) char *expanded = path_expand_home(library, rules->home);

	return install_dir_resolve(expanded);
}

/* The n-th library folder, links resolved; caller frees; NULL: not absolute. */
static char *library_at(const struct install_dir_rules *rules, size_t n)
{
	return resolve_library(
		rules, n == 0 ? rules->library_dir : rules->library_extra->items[n - 1]);
}

/* One choice: what it compares with. */
struct chooser {
	const struct install_dir_rules *rules;
	const char *game_name;
	struct places *places;
	struct install_dir *dir;
	char *parent;
};

static void chooser_finish(struct chooser *chooser)
{
	places_destroy(chooser->places);
	free(chooser->parent);
}

/*
 * Finds the library folder that holds *path; false when none does. The deepest wins. *path gets its
 * spelling.
 */
static bool find_root(const struct chooser *chooser, char **path)
{
	const struct install_dir_rules *rules = chooser->rules;
	AUTO(free_ptr) char *best = NULL;

	for (size_t i = 0; i <= rules->library_extra->count; i++) {
		AUTO(free_ptr) char *root = library_at(rules, i);
		AUTO(free_ptr) char *spelled = NULL;

		if (root == NULL || (best != NULL && strlen(root) <= strlen(best))) {
			continue;
		}
		spelled = places_respell(chooser->places, *path, root, root);
		if (spelled != NULL) {
			free(best);
			best = TAKE_PTR(root);
			free(*path);
			*path = TAKE_PTR(spelled);
		}
	}
	if (best == NULL) {
		return false;
	}
	free(chooser->dir->root);
	chooser->dir->root = TAKE_PTR(best);
	return true;
}

/*
 * The recorded path is a game's identity, whatever the setting says now: the library is spelled as
 * in it.
 */
static void choose_recorded(struct install_dir *dir, const char *recorded)
{
	const char *end = recorded;

	dir->path = xstrdup(recorded);
	if (path_is_within(recorded, dir->root)) {
		return;
	}
	for (const char *at = dir->root; (at = strchr(at, '/')) != NULL; at++) {
		end = strchrnul(end + 1, '/');
	}
	free(dir->root);
	dir->root = xasprintf("%.*s", (int)(end - recorded), recorded);
}

static bool is_away(const struct install_dir_rules *rules, const struct game *game)
{
	return rules->is_away != NULL && rules->is_away(rules->user, game);
}

/* --- A game that was moved --- */

/* Is the folder that the recorded path leads to now the game's, as far as it can be told? */
static bool is_the_game(const struct game *game, const char *folder)
{
	AUTO(free_ptr) char *program = path_join(folder, game->executable);
	struct stat stat_of;

	return stat(folder, &stat_of) == 0 && S_ISDIR(stat_of.st_mode) &&
	       (*game->executable == '\0' || path_presence(program) == PATH_PRESENT);
}

static bool is_of_another(
	const struct chooser *chooser, const struct game *game, const char *folder)
{
	const struct install_dir_rules *rules = chooser->rules;

	for (size_t i = 0; i < game_registry_count(rules->registry); i++) {
		const struct game *other = game_registry_at(rules->registry, i);

		if (other != game &&
			places_overlap(chooser->places, other->dir, folder, chooser->dir->root)) {
			return true;
		}
	}
	for (size_t i = 0; i < rules->claims_count; i++) {
		if (strcmp(rules->claims[i].dir, game->dir) != 0 &&
			places_overlap(chooser->places, rules->claims[i].dir, folder,
				chooser->dir->root)) {
			return true;
		}
	}
	return false;
}

static bool is_library(const struct chooser *chooser, const char *path);
static bool names_own_folder(struct places *places, const char *path, const char *root);

/*
 * The folder that the game's path leads to is the game's, whatever it is called: it is updated
 * there. folder: that path with every link resolved. False, with *err untouched: it is none of the
 * game's, or of a library's.
 */
static bool choose_moved(
	struct chooser *chooser, const struct game *game, const char *folder, struct error *err)
{
	AUTO(free_ptr) char *path = xstrdup(folder);
	AUTO(free_ptr) char *above = path_parent(folder);

	if (!is_the_game(game, folder)) {
		return false;
	}
	if (!find_root(chooser, &path)) {
		/* Without its program it may as well be any folder. */
		return *game->executable != '\0' &&
		       error_set(err, ERROR_INVALID,
			       "'%s' is now in '%s', outside the library folders; add '%s' to the setting "
			       "library.extra, or move it back",
			       game->name, folder, above);
	}
	if (is_library(chooser, path) ||
		names_own_folder(chooser->places, path, chooser->dir->root) ||
		is_of_another(chooser, game, path)) {
		return false;
	}
	chooser->dir->path = TAKE_PTR(path);
	chooser->dir->was = xstrdup(game->dir);
	return true;
}

/*
 * Uses the folder that already contains a game of this name; parent NULL: anywhere. False without
 * an error in *err: there is none.
 */
static bool choose_among(struct chooser *chooser, const char *parent, bool away, struct error *err)
{
	const struct install_dir_rules *rules = chooser->rules;

	for (size_t i = 0; i < game_registry_count(rules->registry); i++) {
		const struct game *game = game_registry_at(rules->registry, i);
		AUTO(free_ptr) char *above = path_parent(game->dir);
		AUTO(free_ptr) char *path = xstrdup(game->dir);
		AUTO(free_ptr) char *folder = install_dir_resolve(game->dir);
		AUTO(free_ptr) char *around = folder != NULL ? path_parent(folder) : NULL;

		if (strcmp(game->name, chooser->game_name) != 0 || folder == NULL ||
			(parent != NULL &&
				!places_same(chooser->places, above, parent, chooser->dir->root) &&
				!places_same(
					chooser->places, around, parent, chooser->dir->root)) ||
			is_away(rules, game) != away) {
			continue;
		}
		if (strcmp(folder, game->dir) != 0) {
			if (choose_moved(chooser, game, folder, err)) {
				return true;
			}
			if (err->kind != ERROR_NONE) {
				return false;
			}
			continue;
		}
		if (find_root(chooser, &path)) {
			choose_recorded(chooser->dir, game->dir);
			return true;
		}
		return false;
	}
	return false;
}

/* One on a card that is out only if there is no other. */
static bool choose_installed(struct chooser *chooser, const char *parent, struct error *err)
{
	return choose_among(chooser, parent, false, err) ||
	       (err->kind == ERROR_NONE && choose_among(chooser, parent, true, err));
}

/* --- A new folder --- */

/* What cannot be looked at now may be this game's own folder, or somebody's. */
static bool find_taken(const char *path, bool *taken, struct error *err)
{
	struct stat stat;

	*taken = lstat(path, &stat) == 0;
	return *taken || errno == ENOENT ||
	       error_set_errno(err, "cannot look at the folder '%s'", path);
}

static bool is_library(const struct chooser *chooser, const char *path)
{
	for (size_t i = 0; i <= chooser->rules->library_extra->count; i++) {
		AUTO(free_ptr) char *library = library_at(chooser->rules, i);

		if (library != NULL &&
			places_within(chooser->places, library, path, chooser->dir->root)) {
			return true;
		}
	}
	return false;
}

/* Would the game there share files with another game, installed or being uploaded? */
static bool is_shared(const struct chooser *chooser, const char *path)
{
	const struct install_dir_rules *rules = chooser->rules;
	const char *root = chooser->dir->root;

	for (size_t i = 0; i < game_registry_count(rules->registry); i++) {
		const struct game *game = game_registry_at(rules->registry, i);

		if (places_overlap(chooser->places, game->dir, path, root)) {
			return true;
		}
	}
	for (size_t i = 0; i < rules->claims_count; i++) {
		if (places_overlap(chooser->places, rules->claims[i].dir, path, root)) {
			return true;
		}
	}
	return false;
}

/* An unfinished upload of this game goes on in its folder, whatever its name would be today. */
static bool choose_claimed(const struct chooser *chooser, struct error *err)
{
	const struct install_dir_rules *rules = chooser->rules;

	for (size_t i = 0; i < rules->claims_count; i++) {
		const struct install_claim *claim = &rules->claims[i];
		AUTO(free_ptr) char *above = path_parent(claim->dir);
		bool taken;

		if (strcmp(claim->game_name, chooser->game_name) != 0 ||
			!places_same(chooser->places, above, chooser->parent, chooser->dir->root)) {
			continue;
		}
		if (!find_taken(claim->dir, &taken, err)) {
			return false;
		}
		if (!taken) {
			chooser->dir->path = xstrdup(claim->dir);
			break;
		}
	}
	return true;
}

static bool choose_new(const struct chooser *chooser, struct error *err)
{
	AUTO(free_ptr) char *name = NULL;

	if (!choose_claimed(chooser, err)) {
		return false;
	}
	if (chooser->dir->path != NULL) {
		return true;
	}
	name = folder_name_of(chooser->game_name, err);
	if (name == NULL) {
		return false;
	}
	for (int suffix = 1; suffix <= SUFFIX_LIMIT; suffix++) {
		AUTO(free_ptr)
		char *path = suffix == 1 ? xasprintf("%s/%s", chooser->parent, name)
					 : xasprintf("%s/%s (%d)", chooser->parent, name, suffix);
		bool taken;

		if (!find_taken(path, &taken, err)) {
			return false;
		}
		if (!taken && !is_library(chooser, path) && !is_shared(chooser, path)) {
			chooser->dir->path = TAKE_PTR(path);
			return true;
		}
	}
	return error_set(err, ERROR_INVALID, "no free folder name is left in '%s' for '%s'",
		chooser->parent, name);
}

/* --- Where it may not go --- */

/* Is the path below root inside a folder of ours, in any spelling that the disk knows? */
static bool names_own_folder(struct places *places, const char *path, const char *root)
{
	for (path += strlen(root); *(path += strspn(path, "/")) != '\0';) {
		size_t length = strcspn(path, "/");
		AUTO(free_ptr) char *name = xasprintf("%.*s", (int)length, path);

		if (places_fold(places, name, PATH_OWN_FOLDER, root)) {
			return true;
		}
		path += length;
	}
	return false;
}

static bool check_own_folders(
	const struct chooser *chooser, const char *install_path, struct error *err)
{
	const struct install_dir_rules *rules = chooser->rules;
	const char *parent = chooser->parent, *root = chooser->dir->root;
	bool is_own = names_own_folder(chooser->places, parent, root);

	for (size_t i = 0; !is_own && i <= rules->library_extra->count; i++) {
		AUTO(free_ptr) char *library = library_at(rules, i);
		AUTO(free_ptr)
		char *own = library != NULL ? path_join(library, PATH_OWN_FOLDER) : NULL;

		is_own = own != NULL && places_within(chooser->places, parent, own, root);
	}
	if (is_own) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is inside '" PATH_OWN_FOLDER
			"', which holds unfinished uploads; choose another folder",
			install_path);
	}
	for (size_t i = 0; rules->own_dirs != NULL && i < rules->own_dirs->count; i++) {
		AUTO(free_ptr) char *own = install_dir_resolve(rules->own_dirs->items[i]);

		/* A library in there is the owner's wish. */
		if (own != NULL && places_within(chooser->places, parent, own, root) &&
			!places_within(chooser->places, root, own, root)) {
			return error_set(err, ERROR_INVALID,
				"installPath '%s' is inside '%s', where CapyDeck keeps its own "
				"files; choose another folder",
				install_path, own);
		}
	}
	return true;
}

static bool check_games(const struct chooser *chooser, const char *install_path, struct error *err)
{
	const struct install_dir_rules *rules = chooser->rules;
	const char *parent = chooser->parent, *root = chooser->dir->root;

	for (size_t i = 0; i < game_registry_count(rules->registry); i++) {
		const struct game *game = game_registry_at(rules->registry, i);

		if (places_within(chooser->places, parent, game->dir, root)) {
			return error_set(err, ERROR_INVALID,
				"installPath '%s' is inside the folder of '%s'; choose the folder "
				"above it",
				install_path, game->name);
		}
	}
	for (size_t i = 0; i < rules->claims_count; i++) {
		if (places_within(chooser->places, parent, rules->claims[i].dir, root)) {
			return error_set(err, ERROR_INVALID,
				"installPath '%s' is inside the folder of the unfinished upload of "
				"'%s'; choose the folder above it",
				install_path, rules->claims[i].game_name);
		}
	}
	return true;
}

static bool leads_through_file(const char *path)
{
	struct stat stat_of;

	return stat(path, &stat_of) == 0 ? !S_ISDIR(stat_of.st_mode) : errno == ENOTDIR;
}

static bool choose_parent(struct chooser *chooser, const char *install_path, struct error *err)
{
	const struct install_dir_rules *rules = chooser->rules;
	AUTO(free_ptr) char *expanded = path_expand_home(install_path, rules->home);

	chooser->parent = install_dir_resolve(expanded);
	if (chooser->parent == NULL) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is not an absolute path without '..'", install_path);
	}
	if (!find_root(chooser, &chooser->parent)) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' is outside the library folders; allowed is '%s', others "
			"can be added to the setting library.extra",
			install_path, rules->library_dir);
	}
	if (leads_through_file(chooser->parent)) {
		return error_set(err, ERROR_INVALID,
			"installPath '%s' leads through a file; choose another folder",
			install_path);
	}
	if (!check_own_folders(chooser, install_path, err) ||
		!check_games(chooser, install_path, err)) {
		return false;
	}
	return places_on_same_mount(chooser->places, chooser->parent, chooser->dir->root) ||
	       error_set(err, ERROR_INVALID,
		       "installPath '%s' is on another disk than its library '%s'; add it to the "
		       "setting library.extra",
		       install_path, chooser->dir->root);
}

bool install_dir_choose(struct install_dir *dir, const struct install_dir_rules *rules,
	const char *install_path, const char *game_name, struct error *err)
{
	bool anywhere = install_path == NULL || install_path[0] == '\0';
	AUTO(chooser_finish)
	struct chooser chooser = {
		.rules = rules, .game_name = game_name, .places = places_create(), .dir = dir
	};
	struct error why = { 0 };

	*dir = (struct install_dir){ 0 };
	/* A folder of an unknown game is not free, and must not become "Game (2)". */
	if (!state_link_ready(game_registry_link(rules->registry), err)) {
		return false;
	}
	if (anywhere && choose_installed(&chooser, NULL, &why)) {
		return true;
	}
	if (why.kind == ERROR_NONE &&
		choose_parent(&chooser, anywhere ? rules->library_dir : install_path, &why) &&
		(choose_installed(&chooser, chooser.parent, &why) ||
			(why.kind == ERROR_NONE && choose_new(&chooser, &why)))) {
		return true;
	}
	install_dir_finish(dir);
	return error_pass(err, &why);
}
