#include "library/trashed_game.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/xalloc.h"
#include "library/library_marker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ID_DIGITS 16
#define TRASH_NAME "trash"
#define TRASH_FOLDER PATH_OWN_FOLDER "/" TRASH_NAME

const struct json_field trashed_game_fields[] = {
	JSON_FIELD(struct trashed_game, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD_OBJECT(struct trashed_game, game, "game", game_fields, JSON_REQUIRED),
	JSON_FIELD(struct trashed_game, deleted_at, "deletedAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct trashed_game, kept_ms, "keptMs", JSON_INT64, 0),
	JSON_FIELDS_END,
};

void trashed_game_init(struct trashed_game *trashed, const struct game *game)
{
	*trashed = (struct trashed_game){
		.id = random_hex(ID_DIGITS),
		.deleted_at = time(NULL),
	};
	game_copy(&trashed->game, game);
	trashed->folder = trashed_game_folder(game->dir, trashed->id);
}

void trashed_game_finish(struct trashed_game *trashed)
{
	json_finish(trashed, trashed_game_fields);
	free(TAKE_PTR(trashed->folder));
}

void trashed_game_complete(struct trashed_game *trashed)
{
	trashed->folder = trashed_game_folder(trashed->game.dir, trashed->id);
}

bool trashed_game_check(const struct trashed_game *trashed, struct error *err)
{
	const char *id = trashed->id;

	if (strlen(id) != ID_DIGITS || strspn(id, "0123456789abcdef") != ID_DIGITS) {
		return error_set(err, ERROR_INVALID, "'%s' is not the id of a deleted game", id);
	}
	if (trashed->deleted_at < 0) {
		return error_set(err, ERROR_INVALID, "'%s' was deleted before 1970", id);
	}
	if (trashed->kept_ms < 0) {
		return error_set(err, ERROR_INVALID, "'%s' is kept for a negative time", id);
	}
	return game_check(&trashed->game, err);
}

/* --- The folder --- */

/* One of the two places that a folder moves between. */
struct place {
	int dir_fd;
	const char *name;
};

char *trashed_game_folder(const char *game_dir, const char *id)
{
	return xasprintf(
		"%.*s" TRASH_FOLDER "/%s", (int)(path_base(game_dir) - game_dir), game_dir, id);
}

/* The folder that holds the game's folder. Links on the way to it are up to its owner. */
static int open_parent(const char *game_dir, struct error *err)
{
	AUTO(free_ptr) char *parent = path_parent(game_dir);
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		error_set(err, ERROR_NOT_FOUND, "folder '%s' does not exist", parent);
	} else if (fd < 0) {
		error_set_errno(err, "cannot open the folder '%s'", parent);
	}
	return fd;
}

static bool is_folder(const struct place *place, const char *path, struct error *err)
{
	struct stat stat;

	if (fstatat(place->dir_fd, place->name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
		return S_ISDIR(stat.st_mode) ||
		       error_set(err, ERROR_INVALID,
			       "'%s' is a link or a file, not the game's folder", path);
	}
	return errno == ENOENT ? error_set(err, ERROR_NOT_FOUND, "folder '%s' does not exist", path)
			       : error_set_errno(err, "cannot examine '%s'", path);
}

static int rename_without_replacing(const struct place *from, const struct place *to)
{
	struct stat stat;
	int result = renameat2(from->dir_fd, from->name, to->dir_fd, to->name, RENAME_NOREPLACE);

	if (result == 0 || (errno != EINVAL && errno != ENOSYS)) {
		return result;
	}
	/* The file system does not know the flag: the next best. */
	if (fstatat(to->dir_fd, to->name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from->dir_fd, from->name, to->dir_fd, to->name);
}

static bool move_folder(const struct place *from, const struct place *to, const char *from_path,
	const char *to_path, struct error *err)
{
	if (!is_folder(from, from_path, err)) {
		return false;
	}
	if (rename_without_replacing(from, to) != 0) {
		return errno == EEXIST
			       ? error_set(err, ERROR_CONFLICT,
					 "'%s' exists again; move it away, then try again", to_path)
			       : error_set_errno(
					 err, "cannot move '%s' to '%s'", from_path, to_path);
	}
	if (!sync_folder(to->dir_fd) || !sync_folder(from->dir_fd)) {
		error_set_errno(err, "cannot move '%s' to '%s' durably", from_path, to_path);
		rename_without_replacing(to, from);
		return false;
	}
	return true;
}

/* After the trash could not be opened: is something in its way? */
static bool explain_trash(int parent_fd, const char *game_dir, struct error *err)
{
	AUTO(free_ptr) char *obstacle = library_marker_obstacle(parent_fd, TRASH_NAME);
	AUTO(free_ptr) char *parent = path_parent(game_dir);

	return obstacle != NULL &&
	       error_set(err, ERROR_INVALID, "the trash in '%s' cannot be used: %s", parent,
		       obstacle);
}

/* A folder that was just made must be durable before something is moved into it. */
static int make_trash(int parent_fd, struct error *err)
{
	AUTO(close_fd) int above_fd = beneath_open_parent(parent_fd, TRASH_FOLDER, true, err);
	AUTO(close_fd) int trash_fd = -1;

	if (above_fd < 0) {
		return -1;
	}
	trash_fd = beneath_open_parent(above_fd, TRASH_NAME "/x", true, err);
	if (trash_fd >= 0 && !sync_folder(above_fd)) {
		error_set_errno(err, "cannot create the folder '" TRASH_FOLDER "'");
		return -1;
	}
	return TAKE_FD(trash_fd);
}

bool trashed_game_put_folder(const char *game_dir, const char *id, struct error *err)
{
	AUTO(free_ptr) char *path = trashed_game_folder(game_dir, id);
	AUTO(close_fd) int parent_fd = open_parent(game_dir, err);
	struct place here = { parent_fd, path_base(game_dir) };
	AUTO(close_fd) int trash_fd = -1;

	if (parent_fd < 0 || !is_folder(&here, game_dir, err)) {
		return false;
	}
	trash_fd = make_trash(parent_fd, err);
	if (trash_fd < 0) {
		return explain_trash(parent_fd, game_dir, err);
	}
	return move_folder(&here, &(struct place){ trash_fd, id }, game_dir, path, err);
}

bool trashed_game_restore_folder(const char *game_dir, const char *id, struct error *err)
{
	AUTO(free_ptr) char *path = trashed_game_folder(game_dir, id);
	AUTO(close_fd) int parent_fd = open_parent(game_dir, err);
	AUTO(close_fd) int trash_fd = -1;

	if (parent_fd < 0) {
		return false;
	}
	trash_fd = beneath_open_parent(parent_fd, TRASH_FOLDER "/x", false, err);
	if (trash_fd < 0) {
		return explain_trash(parent_fd, game_dir, err);
	}
	return move_folder(&(struct place){ trash_fd, id },
		&(struct place){ parent_fd, path_base(game_dir) }, path, game_dir, err);
}

bool trashed_game_remove_folder(const char *game_dir, const char *id, struct error *err)
{
	AUTO(free_ptr) char *path = xasprintf(TRASH_FOLDER "/%s", id);
	AUTO(close_fd) int parent_fd = open_parent(game_dir, err);
	AUTO(close_fd) int trash_fd = -1;
	struct error why = { 0 };

	if (parent_fd < 0) {
		return false;
	}
	if (!beneath_remove_tree(parent_fd, path, err)) {
		return explain_trash(parent_fd, game_dir, err);
	}
	/* The caller forgets it now: it must not come back with a power cut. */
	trash_fd = beneath_open_parent(parent_fd, path, false, &why);
	if (trash_fd < 0) {
		return why.kind == ERROR_NOT_FOUND || error_pass(err, &why);
	}
	return sync_folder(trash_fd) ||
	       error_set_errno(err, "cannot flush the folder of '%s'", path);
}
