#include "library/library_marker.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER_NAME "library.json"
#define MARKER_PATH PATH_OWN_FOLDER "/" MARKER_NAME
#define MARKER_VERSION 1
#define MARKER_MAX_BYTES 4096
#define ID_DIGITS 32

struct marker {
	int64_t version;
	const char *id;
	cJSON *tree;
};

static const struct json_field marker_fields[] = {
	JSON_FIELD(struct marker, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct marker, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_TREE(struct marker, tree),
	JSON_FIELDS_END,
};

bool library_id_is_plain(const char *id)
{
	return strlen(id) == ID_DIGITS && strspn(id, "0123456789abcdef") == ID_DIGITS;
}

char *library_id_new(void)
{
	return random_hex(ID_DIGITS);
}

static enum library_mark of_error(const struct error *why, struct error *err)
{
	switch (why->kind) {
	case ERROR_NOT_FOUND:
		return LIBRARY_MARK_ABSENT;
	case ERROR_INVALID:
	case ERROR_TOO_LARGE:
		return LIBRARY_MARK_DAMAGED;
	default:
		error_pass(err, why);
		return LIBRARY_MARK_UNREADABLE;
	}
}

enum library_mark library_marker_read(int root_fd, char **id, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error why = { 0 };
	AUTO(close_fd) int folder_fd = beneath_open_parent(root_fd, MARKER_PATH, false, &why);
	struct marker marker = { 0 };

	*id = NULL;
	if (folder_fd < 0 ||
		!atomic_file_read_at(folder_fd, MARKER_NAME, MARKER_MAX_BYTES, &text, &why)) {
		return of_error(&why, err);
	}
	if (json_read_text(&marker, marker_fields, text.data, text.length, NULL) &&
		marker.version == MARKER_VERSION && library_id_is_plain(marker.id)) {
		*id = xstrdup(marker.id);
	}
	json_finish(&marker, marker_fields);
	return *id != NULL ? LIBRARY_MARK_FOUND : LIBRARY_MARK_DAMAGED;
}

/* A folder cannot be replaced by a file. */
static void put_folder_aside(int folder_fd)
{
	struct stat stat;

	if (fstatat(folder_fd, MARKER_NAME, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISDIR(stat.st_mode)) {
		renameat(folder_fd, MARKER_NAME, folder_fd, MARKER_NAME ".corrupt");
	}
}

bool library_marker_write(int root_fd, const char *id, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int folder_fd = beneath_open_parent(root_fd, MARKER_PATH, true, err);
	const struct marker marker = { .version = MARKER_VERSION, .id = id };

	if (folder_fd < 0) {
		return false;
	}
	put_folder_aside(folder_fd);
	json_write(&text, marker_fields, &marker);
	if (!atomic_file_write_at(folder_fd, MARKER_NAME, text.data, text.length, 0644, err)) {
		return false;
	}
	return sync_folder(root_fd) ||
	       error_set_errno(err, "cannot flush the folder '" PATH_OWN_FOLDER "'");
}

char *library_marker_obstacle(int root_fd, const char *own)
{
	AUTO(free_ptr) char *path = path_join(PATH_OWN_FOLDER, own);
	const char *const folders[] = { PATH_OWN_FOLDER, path };
	struct stat stat;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (!beneath_stat(root_fd, folders[i], &stat, NULL)) {
			break;
		}
		if (!S_ISDIR(stat.st_mode)) {
			return xasprintf("'%s' there is %s; move it away", folders[i],
				S_ISLNK(stat.st_mode) ? "a link, not a folder" : "not a folder");
		}
	}
	return NULL;
}

/* The folder is open, but has not that id: why? */
static void explain_stranger(int root_fd, const char *root, struct error *err)
{
	AUTO(free_ptr) char *obstacle = library_marker_obstacle(root_fd, "uploads");

	if (obstacle != NULL) {
		error_set(err, ERROR_IO, "the library '%s' cannot be used: %s", root, obstacle);
		return;
	}
	error_set(err, ERROR_IO,
		"the library that was in '%s' is no longer there; insert its card again", root);
}

int library_marker_open(const char *root, const char *id, struct error *err)
{
	AUTO(close_fd) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(free_ptr) char *found = NULL;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		error_set(err, ERROR_IO, "the library folder '%s' does not exist", root);
		return -1;
	}
	if (fd < 0) {
		error_set_errno(err, "cannot open the library '%s'", root);
		return -1;
	}
	if (id[0] == '\0') {
		return TAKE_FD(fd);
	}
	if (library_marker_read(fd, &found, err) == LIBRARY_MARK_UNREADABLE) {
		return -1;
	}
	if (found == NULL || strcmp(found, id) != 0) {
		explain_stranger(fd, root, err);
		return -1;
	}
	return TAKE_FD(fd);
}
