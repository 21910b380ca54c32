#include "push/executable_guess.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/program_file.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "proto/executable_match.h"
#include "push/push_manifest.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static bool matches(const char *const *patterns, const char *name)
{
	for (; *patterns != NULL; patterns++) {
		if (fnmatch(*patterns, name, FNM_CASEFOLD) == 0) {
			return true;
		}
	}
	return false;
}

static bool starts_like_a_program(const struct push_manifest *manifest, const char *path)
{
	struct program_file file;

	return program_file_read(&file, manifest->root_fd, path) && file.is_executable &&
	       program_file_is_native(&file);
}

static bool can_start(const struct push_manifest *manifest, const char *path)
{
	struct program_file file;

	program_file_read(&file, manifest->root_fd, path);
	return program_file_check(&file, NULL);
}

static bool is_candidate(const struct push_manifest *manifest, const char *path)
{
	static const char *const programs[] = { "*.x86_64", "*.exe", "*.sh", NULL };
	static const char *const helpers[] = { "unins*.exe", "*crash*handler*", "*crash*report*",
		"*redist*.exe", "dxsetup.exe", "*.so", "*.so.*", NULL };

	if (strchr(path, '/') != NULL || matches(helpers, path)) {
		return false;
	}
	return matches(programs, path) || starts_like_a_program(manifest, path);
}

/* "Super Tux 2" and "supertux2.x86_64": letters and digits up to the first dot. */
static bool is_called_like(const char *path, const char *game_name)
{
	for (;;) {
		while (*game_name != '\0' && !isalnum((unsigned char)*game_name)) {
			game_name++;
		}
		while (*path != '\0' && *path != '.' && !isalnum((unsigned char)*path)) {
			path++;
		}
		if (*path == '\0' || *path == '.' || *game_name == '\0') {
			return (*path == '\0' || *path == '.') && *game_name == '\0';
		}
		if (tolower((unsigned char)*path) != tolower((unsigned char)*game_name)) {
			return false;
		}
		path++;
		game_name++;
	}
}

static const char *choose(const struct push_manifest *manifest, const struct strvec *candidates,
	const char *game_name)
{
	const char *chosen = NULL;

	for (size_t i = 0; i < candidates->count; i++) {
		if (candidates->count == 1 || is_called_like(candidates->items[i], game_name)) {
			if (chosen != NULL) {
				return NULL;
			}
			chosen = push_manifest_find(manifest, candidates->items[i])->path;
		}
	}
	return chosen;
}

/* One that cannot start, such as the build for another processor, only if there is no other. */
static void list_candidates(const struct push_manifest *manifest, struct strvec *candidates)
{
	AUTO(strvec_finish) struct strvec others = { 0 };

	for (size_t i = 0; i < manifest->files_count; i++) {
		const char *path = manifest->files[i].path;

		if (is_candidate(manifest, path)) {
			strvec_push(can_start(manifest, path) ? candidates : &others, path);
		}
	}
	if (candidates->count == 0) {
		strvec_copy(candidates, &others);
	}
}

const char *executable_guess(
	const struct push_manifest *manifest, const char *game_name, struct error *err)
{
	AUTO(strvec_finish) struct strvec candidates = { 0 };
	AUTO(strbuf_finish) struct strbuf list = { 0 };
	const char *chosen;

	list_candidates(manifest, &candidates);
	chosen = choose(manifest, &candidates, game_name);
	if (chosen != NULL) {
		return chosen;
	}
	for (size_t i = 0; i < candidates.count; i++) {
		strbuf_appendf(&list, "%s%s", i > 0 ? ", " : "", candidates.items[i]);
	}
	if (candidates.count > 0) {
		error_set(err, ERROR_CONFLICT,
			"several files could start the game; choose one with --exe: %s",
			strbuf_text(&list));
	} else {
		error_set(err, ERROR_NOT_FOUND,
			"no file at the top of the folder looks like a program; say which one "
			"starts the game with --exe, or use --no-shortcut");
	}
	return NULL;
}

/* path relative to dir, both resolved; caller frees; NULL: it is not inside. */
static char *relative_to(const char *dir, const char *path)
{
	AUTO(free_ptr) char *root = realpath(dir, NULL);
	AUTO(free_ptr) char *target = realpath(path, NULL);

	if (root == NULL || target == NULL || !path_is_within(target, root) ||
		strcmp(root, target) == 0) {
		return NULL;
	}
	return xstrdup(target + strlen(root) + 1);
}

static const char *path_at(const void *files, size_t index)
{
	const struct push_file *list = files;

	return list[index].path;
}

const char *executable_named(const struct push_manifest *manifest, const char *dir,
	const char *path, const char **arguments, struct error *err)
{
	struct executable_match match = { .arguments = "" };
	AUTO(free_ptr) char *normal = path_normalise_relative(path, NULL);
	AUTO(free_ptr) char *resolved = relative_to(dir, path);
	const struct push_file *file = normal != NULL ? push_manifest_find(manifest, normal) : NULL;

	if (file == NULL && resolved != NULL) {
		file = push_manifest_find(manifest, resolved);
	}
	if (file == NULL && executable_match_find(&match, path, path_at, manifest->files,
				    manifest->files_count)) {
		file = &manifest->files[match.index];
	}
	*arguments = match.arguments;
	if (file == NULL) {
		error_set(err, ERROR_NOT_FOUND,
			"--exe '%s' is not among the files that are sent; give its path below '%s'",
			path, dir);
		return NULL;
	}
	return file->path;
}
