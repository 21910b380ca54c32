#include "upload/upload_fit.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/shown.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "upload/upload_manifest.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct fit {
	const struct upload_manifest *manifest;
	const char *root;
	const char *dir;
	struct name_rules *rules;
	struct problem_list problems;
	size_t folder_problems_count; /* of them */
};

/* --- Lengths and sizes --- */

/* The files, and after them the empty folders. */
static size_t count_paths(const struct upload_manifest *manifest)
{
	return manifest->files_count + manifest->folders.count;
}

static const char *path_of(const struct upload_manifest *manifest, size_t index)
{
	return index < manifest->files_count
		       ? manifest->files[index].path
		       : manifest->folders.items[index - manifest->files_count];
}

static void check_lengths(struct fit *fit)
{
	size_t before = strlen(fit->dir) + 1;

	for (size_t i = 0; i < count_paths(fit->manifest); i++) {
		const char *path = path_of(fit->manifest, i);

		if (before + strlen(path) >= PATH_MAX) {
			problem_list_add(&fit->problems,
				"the path of '%s' has %zu bytes with the game's folder, at most %d are possible",
				path_shown(path).text, before + strlen(path), PATH_MAX - 1);
		}
	}
}

static void check_sizes(struct fit *fit)
{
	int64_t largest = 0, fits = 0, too_large = INT64_MAX;

	for (size_t i = 0; i < fit->manifest->files_count; i++) {
		int64_t size_bytes = fit->manifest->files[i].size_bytes;

		largest = size_bytes > largest ? size_bytes : largest;
	}
	if (name_rules_take_size(fit->rules, largest)) {
		return;
	}
	for (size_t i = 0; i < fit->manifest->files_count; i++) {
		const struct upload_manifest_file *file = &fit->manifest->files[i];

		if (file->size_bytes > fits && file->size_bytes < too_large) {
			if (name_rules_take_size(fit->rules, file->size_bytes)) {
				fits = file->size_bytes;
			} else {
				too_large = file->size_bytes;
			}
		}
		if (file->size_bytes >= too_large) {
			problem_list_add(&fit->problems, "'%s' has %s, too large for a file there",
				path_shown(file->path).text, size_shown(file->size_bytes).text);
		}
	}
}

/* --- Names --- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every name of a file or folder in the game. */
static void collect_names(const struct upload_manifest *manifest, struct strvec *names)
{
	const char *before = "";

	for (size_t i = 0; i < count_paths(manifest); i++) {
		const char *path = path_of(manifest, i);
		size_t at = 0;

		/* The folders that it shares with the path before are there already. */
		for (size_t k = 0; path[k] != '\0' && path[k] == before[k]; k++) {
			at = path[k] == '/' ? k + 1 : at;
		}
		while (path[at] != '\0') {
			size_t length = strcspn(path + at, "/");

			strvec_push_take(names, xasprintf("%.*s", (int)length, path + at));
			at += length + (path[at + length] == '/');
		}
		before = path;
	}
}

/* Each name once, sorted. */
static void sort_names(struct strvec *names)
{
	size_t count = 0;

	if (names->count == 0) {
		return;
	}
	qsort(names->items, names->count, sizeof(*names->items), compare_texts);
	for (size_t i = 0; i < names->count; i++) {
		if (count > 0 && strcmp(names->items[count - 1], names->items[i]) == 0) {
			free(names->items[i]);
		} else {
			names->items[count++] = names->items[i];
		}
	}
	names->count = count;
}

/* The first path that has that name on it. */
static const char *path_with(const struct upload_manifest *manifest, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < count_paths(manifest); i++) {
		const char *path = path_of(manifest, i);

		for (const char *at = path; (at = strstr(at, name)) != NULL; at += length) {
			if ((at == path || at[-1] == '/') &&
				(at[length] == '\0' || at[length] == '/')) {
				return path;
			}
		}
	}
	return name;
}

/* The names of the game's folder and of those above it, below the library. */
static void collect_folders(const struct fit *fit, struct strvec *names)
{
	bool is_below = path_is_within(fit->dir, fit->root); /* else completing will refuse it */
	const char *at = is_below ? fit->dir + strlen(fit->root) : "";

	while (*(at += strspn(at, "/")) != '\0') {
		size_t length = strcspn(at, "/");

		strvec_push_take(names, xasprintf("%.*s", (int)length, at));
		at += length;
	}
}

static void check_folders(struct fit *fit, const struct strvec *folders)
{
	for (size_t i = 0; i < folders->count; i++) {
		int reason;

		if (name_rules_key(fit->rules, folders->items[i], &reason) == NULL) {
			problem_list_add(&fit->problems,
				"the disk refuses the name '%s' of the game's folder '%s'",
				path_shown(folders->items[i]).text, path_shown(fit->dir).text);
			fit->folder_problems_count++;
		}
	}
}

static void check_names(struct fit *fit, const struct strvec *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		int reason = 0;

		if (name_rules_key(fit->rules, name, &reason) == NULL) {
			const char *path = fit->problems.count < PROBLEM_LIST_SHOWN
						   ? path_with(fit->manifest, name)
						   : name;

			problem_list_add(&fit->problems, "the disk refuses the name '%s' in '%s'",
				path_shown(name).text, path_shown(path).text);
		}
	}
}

/* --- Files that would become one --- */

struct keyed_path {
	char *key; /* equal where the disk sees one file; NULL: refused anyway */
	const char *path;
	bool is_folder;
};

static char *key_of_path(const struct name_rules *rules, const char *path)
{
	AUTO(strbuf_finish) struct strbuf key = { 0 };

	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		AUTO(free_ptr) char *name = xasprintf("%.*s", (int)length, path);
		int reason;
		const char *folded = name_rules_key(rules, name, &reason);

		if (folded == NULL) {
			return NULL;
		}
		strbuf_appendf(&key, "%s%s", key.length > 0 ? "/" : "", folded);
		path += length + (path[length] == '/');
	}
	return strbuf_detach(&key);
}

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed_path *left = a, *right = b;

	int order = path_compare(left->key, right->key);

	return order != 0 ? order : left->is_folder - right->is_folder;
}

static void check_pair(struct fit *fit, const struct keyed_path *a, const struct keyed_path *b)
{
	size_t length = strlen(a->key);

	if (strncmp(a->key, b->key, length) != 0) {
		return;
	}
	if (b->key[length] == '\0' && !b->is_folder) {
		problem_list_add(&fit->problems, "'%s' and '%s' are one file there",
			path_shown(a->path).text, path_shown(b->path).text);
	} else if (b->key[length] == '\0' || b->key[length] == '/') {
		problem_list_add(&fit->problems,
			b->key[length] == '/'
				? "'%s' is a file and cannot be the folder of '%s' there"
				: "'%s' is a file and cannot be the folder '%s' there",
			path_shown(a->path).text, path_shown(b->path).text);
	}
}

static void check_same(struct fit *fit)
{
	const struct upload_manifest *manifest = fit->manifest;
	struct keyed_path *paths = xcalloc(count_paths(manifest) + 1, sizeof(*paths));
	const struct keyed_path *file = NULL;
	size_t count = 0;

	for (size_t i = 0; i < count_paths(manifest); i++) {
		paths[count].path = path_of(manifest, i);
		paths[count].is_folder = i >= manifest->files_count;
		paths[count].key = key_of_path(fit->rules, paths[count].path);
		count += paths[count].key != NULL;
	}
	if (count > 0) {
		qsort(paths, count, sizeof(*paths), compare_keyed);
	}
	for (size_t i = 0; i < count; i++) {
		if (file != NULL) {
			check_pair(fit, file, &paths[i]);
		}
		/* What is below a file is compared with it, not with each other. */
		if (!paths[i].is_folder &&
			(file == NULL || !path_is_within(paths[i].key, file->key))) {
			file = &paths[i];
		}
	}
	for (size_t i = 0; i < count; i++) {
		free(paths[i].key);
	}
	free(paths);
}

static bool check_one_by_one(struct fit *fit, struct error *err)
{
	AUTO(strvec_finish) struct strvec names = { 0 }, folders = { 0 }, all = { 0 };

	collect_names(fit->manifest, &names);
	sort_names(&names);
	collect_folders(fit, &folders);
	strvec_copy(&all, &names);
	for (size_t i = 0; i < folders.count; i++) {
		strvec_push(&all, folders.items[i]);
	}
	sort_names(&all);
	if (!name_rules_learn(fit->rules, (const char *const *)all.items, all.count, err)) {
		return false;
	}
	check_folders(fit, &folders);
	check_names(fit, &names);
	check_same(fit);
	return true;
}

static const char *remedy_of(const struct fit *fit)
{
	if (fit->folder_problems_count == 0) {
		return "rename or leave out these files, or choose a library on another disk";
	}
	return fit->folder_problems_count == fit->problems.count
		       ? "choose another installPath or name, or a library on another disk"
		       : "rename or leave out these, or choose a library on another disk";
}

bool upload_fit_check(const struct upload_manifest *manifest, const char *root, const char *dir,
	int staging_fd, struct error *err)
{
	struct fit fit = {
		.manifest = manifest, .root = root, .dir = dir, .problems = manifest->problems
	};
	AUTO(free_ptr) char *heading = NULL;
	bool ok;

	fit.rules = name_rules_create(staging_fd, err);
	if (fit.rules == NULL) {
		return false;
	}
	check_lengths(&fit);
	check_sizes(&fit);
	ok = name_rules_are_exact(fit.rules) || check_one_by_one(&fit, err);
	name_rules_destroy(fit.rules);
	if (!ok) {
		return false;
	}
	if (fit.problems.count == manifest->problems.count) {
		return upload_manifest_check(manifest, err); /* no disk would do */
	}
	heading = xasprintf("'%s' cannot be installed on the disk of '%s' as it is",
		path_shown(manifest->game_name).text, path_shown(root).text);
	return problem_list_check(&fit.problems, heading, remedy_of(&fit), err);
}
