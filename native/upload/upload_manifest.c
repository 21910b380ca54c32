#include "upload/upload_manifest.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "proto/executable_match.h"
#include "proto/proto_upload.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_files(const void *a, const void *b)
{
	const struct upload_manifest_file *left = a, *right = b;

	return path_compare(left->path, right->path);
}

static bool take_details(
	struct upload_manifest_file *file, struct upload_file *announced, struct error *err)
{
	if (announced->size < 0 || announced->size > JSON_INTEGER_MAX) {
		return error_set(err, ERROR_INVALID, "the size %" PRId64 " of '%s' is not valid",
			announced->size, file->path);
	}
	if (announced->sha256 != NULL && announced->sha256[0] != '\0') {
		if (!sha256_is_hex(announced->sha256)) {
			return error_set(err, ERROR_INVALID,
				"the sha256 of '%s' is not 64 lower-case hex digits", file->path);
		}
		file->sha256 = xstrdup(announced->sha256);
	}
	file->size_bytes = announced->size;
	return true;
}

/* A path that cannot be used becomes a problem, and its file is left out. */
static bool take_files(
	struct upload_manifest *manifest, struct init_upload *request, struct error *err)
{
	if (request->files_count == 0) {
		return error_set(err, ERROR_INVALID, "'%s' has no files; nothing to install",
			manifest->game_name);
	}
	manifest->files = calloc(request->files_count, sizeof(*manifest->files));
	if (manifest->files == NULL) {
		return error_set(err, ERROR_IO, "out of memory for the %zu files of '%s'",
			request->files_count, manifest->game_name);
	}
	manifest->hashed = true;
	for (size_t i = 0; i < request->files_count; i++) {
		struct upload_manifest_file *file = &manifest->files[manifest->files_count];
		struct error why;

		file->path = path_normalise_relative(request->files[i].relative_path, &why);
		if (file->path == NULL) {
			problem_list_add(&manifest->problems, "%s", why.message);
			continue;
		}
		manifest->files_count++;
		if (!take_details(file, &request->files[i], err)) {
			return false;
		}
		if (file->size_bytes > JSON_INTEGER_MAX - manifest->total_bytes) {
			return error_set(err, ERROR_INVALID,
				"the sizes add up to more than any disk holds, at '%s'",
				file->path);
		}
		manifest->total_bytes += file->size_bytes;
		manifest->hashed &= file->size_bytes == 0 || file->sha256 != NULL;
	}
	if (manifest->problems.count == 0 && manifest->total_bytes != request->total_size) {
		return error_set(err, ERROR_INVALID,
			"totalSize is %" PRId64 ", but the files' sizes add up to %" PRId64,
			request->total_size, manifest->total_bytes);
	}
	return true;
}

static void free_file(struct upload_manifest_file *file)
{
	free(file->path);
	free(file->sha256);
}

/* A file that another one is in the way of becomes a problem, and is left out. */
static void check_neighbours(struct upload_manifest *manifest)
{
	size_t count = 0;

	for (size_t i = 0; i < manifest->files_count; i++) {
		struct upload_manifest_file *file = &manifest->files[i];
		const char *before = count > 0 ? manifest->files[count - 1].path : NULL;
		size_t length = before != NULL ? strlen(before) : 0;

		if (before == NULL || strncmp(before, file->path, length) != 0 ||
			(file->path[length] != '\0' && file->path[length] != '/')) {
			manifest->files[count++] = *file;
			continue;
		}
		if (file->path[length] == '\0') {
			problem_list_add(&manifest->problems, "'%s' is in the manifest twice",
				path_shown(file->path).text);
		} else {
			problem_list_add(&manifest->problems,
				"'%s' is a file in the manifest and cannot be the folder of '%s'",
				path_shown(before).text, path_shown(file->path).text);
		}
		free_file(file);
	}
	manifest->files_count = count;
}

static int compare_folders(const void *a, const void *b)
{
	return path_compare(*(char *const *)a, *(char *const *)b);
}

/* Index of the first file that does not sort before path. */
static size_t find_place(const struct upload_manifest *manifest, const char *path)
{
	size_t low = 0, high = manifest->files_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (path_compare(manifest->files[middle].path, path) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool find_exact(const struct upload_manifest *manifest, const char *path, size_t *index)
{
	*index = find_place(manifest, path);
	return *index < manifest->files_count && strcmp(manifest->files[*index].path, path) == 0;
}

static bool holds(const char *folder, const char *path)
{
	size_t length = strlen(folder);

	return strncmp(folder, path, length) == 0 && path[length] == '/';
}

/* The file that is in the way of a folder; NULL: none is. */
static const char *file_in_the_way(const struct upload_manifest *manifest, const char *folder)
{
	AUTO(free_ptr) char *upto = xasprintf("%s/", folder);

	for (char *slash = strchr(upto, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t index;

		*slash = '\0';
		if (find_exact(manifest, upto, &index)) {
			return manifest->files[index].path;
		}
		*slash = '/';
	}
	return NULL;
}

/* Is it made anyway, for what is in it? */
static bool is_made_anyway(
	const struct upload_manifest *manifest, const struct strvec *folders, size_t at)
{
	const char *folder = folders->items[at];
	size_t place = find_place(manifest, folder);
	const char *next = at + 1 < folders->count ? folders->items[at + 1] : NULL;

	return (place < manifest->files_count && holds(folder, manifest->files[place].path)) ||
	       (next != NULL && (strcmp(next, folder) == 0 || holds(folder, next)));
}

/* One that cannot be used becomes a problem, as a file does. */
static void take_folders(struct upload_manifest *manifest, const struct strvec *announced)
{
	AUTO(strvec_finish) struct strvec folders = { 0 };

	for (size_t i = 0; i < announced->count; i++) {
		struct error why;
		char *folder = path_normalise_relative(announced->items[i], &why);

		if (folder == NULL) {
			problem_list_add(&manifest->problems, "%s", why.message);
		} else {
			strvec_push_take(&folders, folder);
		}
	}
	if (folders.count > 0) {
		qsort(folders.items, folders.count, sizeof(*folders.items), compare_folders);
	}
	for (size_t i = 0; i < folders.count; i++) {
		const char *folder = folders.items[i];
		const char *file = file_in_the_way(manifest, folder);

		if (file != NULL) {
			problem_list_add(&manifest->problems,
				"'%s' is a file in the manifest and cannot be the folder '%s'",
				path_shown(file).text, path_shown(folder).text);
		} else if (!is_made_anyway(manifest, &folders, i)) {
			strvec_push(&manifest->folders, folder);
		}
	}
}

static void compute_digest(struct upload_manifest *manifest)
{
	struct sha256 *sha256 = sha256_create();
	char number[24];

	/* Lengths are not needed: no text contains a NUL, so the terminating NULs separate them. */
	sha256_update(sha256, manifest->game_name, strlen(manifest->game_name) + 1);
	for (size_t i = 0; i < manifest->files_count; i++) {
		const struct upload_manifest_file *file = &manifest->files[i];
		const char *hash = file->sha256 != NULL ? file->sha256 : "";

		snprintf(number, sizeof(number), "%" PRId64, file->size_bytes);
		sha256_update(sha256, file->path, strlen(file->path) + 1);
		sha256_update(sha256, number, strlen(number) + 1);
		sha256_update(sha256, hash, strlen(hash) + 1);
	}
	/* A path is never empty: no list of files alone continues like this. */
	for (size_t i = 0; i < manifest->folders.count; i++) {
		sha256_update(sha256, "", 1);
		sha256_update(
			sha256, manifest->folders.items[i], strlen(manifest->folders.items[i]) + 1);
	}
	sha256_hex(sha256, manifest->digest);
	sha256_destroy(sha256);
}

static bool take_config(
	struct upload_manifest *manifest, struct upload_config *config, struct error *err)
{
	manifest->game_name = xstrdup_or_null(config->game_name);
	manifest->executable = xstrdup(config->executable != NULL ? config->executable : "");
	manifest->launch_options =
		xstrdup(config->launch_options != NULL ? config->launch_options : "");
	manifest->tags = config->tags;
	config->tags = (struct strvec){ 0 };
	return manifest->game_name != NULL ||
	       error_set(err, ERROR_INVALID, "config.gameName is missing");
}

static const char *path_at(const void *files, size_t index)
{
	const struct upload_manifest_file *list = files;

	return list[index].path;
}

bool upload_manifest_executable(const struct upload_manifest *manifest, const char *text,
	char **path, const char **arguments, struct error *err)
{
	struct executable_match match = { .arguments = "" };

	if (executable_match_find(&match, text, path_at, manifest->files, manifest->files_count)) {
		*path = xstrdup(manifest->files[match.index].path);
	} else {
		*path = path_normalise_relative(text, err);
	}
	*arguments = match.arguments;
	return *path != NULL;
}

/* The text that init_upload named becomes a path. */
static bool take_executable(struct upload_manifest *manifest, struct error *err)
{
	AUTO(free_ptr) char *text = manifest->executable;
	const char *arguments;

	if (*text == '\0') {
		TAKE_PTR(text);
		return true;
	}
	manifest->executable = NULL;
	if (!upload_manifest_executable(manifest, text, &manifest->executable, &arguments, err)) {
		return false;
	}
	if (manifest->launch_options[0] == '\0' && *arguments != '\0') {
		free(manifest->launch_options);
		manifest->launch_options = xstrdup(arguments);
	}
	return true;
}

struct upload_manifest *upload_manifest_create(struct init_upload *request, struct error *err)
{
	struct upload_manifest *manifest = xcalloc(1, sizeof(*manifest));

	if (!take_config(manifest, &request->config, err) || !take_files(manifest, request, err)) {
		upload_manifest_destroy(manifest);
		return NULL;
	}
	qsort(manifest->files, manifest->files_count, sizeof(*manifest->files), compare_files);
	check_neighbours(manifest);
	if (!take_executable(manifest, err)) {
		upload_manifest_destroy(manifest);
		return NULL;
	}
	take_folders(manifest, &request->folders);
	manifest->overwrite = request->overwrite;
	request->overwrite = (struct strvec){ 0 };
	compute_digest(manifest);
	return manifest;
}

bool upload_manifest_overwrites(const struct upload_manifest *manifest, const char *path)
{
	for (size_t i = 0; i < manifest->overwrite.count; i++) {
		const char *pattern = manifest->overwrite.items[i];

		if (fnmatch(pattern, path, 0) == 0 ||
			(strchr(pattern, '/') == NULL &&
				fnmatch(pattern, path_base(path), 0) == 0)) {
			return true;
		}
	}
	return false;
}

bool upload_manifest_check(const struct upload_manifest *manifest, struct error *err)
{
	AUTO(free_ptr)
	char *heading = xasprintf(
		"'%s' cannot be installed as it is", path_shown(manifest->game_name).text);

	return problem_list_check(
		&manifest->problems, heading, "rename them or leave them out", err);
}

void upload_manifest_destroy(struct upload_manifest *manifest)
{
	if (manifest == NULL) {
		return;
	}
	for (size_t i = 0; i < manifest->files_count; i++) {
		free_file(&manifest->files[i]);
	}
	free(manifest->files);
	free(manifest->game_name);
	free(manifest->executable);
	free(manifest->launch_options);
	strvec_finish(&manifest->tags);
	strvec_finish(&manifest->overwrite);
	strvec_finish(&manifest->folders);
	free(manifest);
}

bool upload_manifest_find(const struct upload_manifest *manifest, const char *path, size_t *index)
{
	AUTO(free_ptr) char *normal = NULL;

	if (path == NULL) {
		return false;
	}
	if (find_exact(manifest, path, index)) {
		return true;
	}
	normal = path_normalise_relative(path, NULL);
	return normal != NULL && find_exact(manifest, normal, index);
}
