#include "library/game_registry.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REGISTRY_VERSION 1
#define REGISTRY_MAX_BYTES (16 * 1024 * 1024)
#define ENTRY_BYTES (16 * 1024) /* of one entry besides its texts, and of blocks half used */

struct game_list {
	int64_t version;
	struct game *games;
	size_t games_count;
};

struct game_registry {
	struct state_link link;
	struct game_list list;
	bool is_behind;		     /* the file: see game_registry_record() */
	void (*changed)(void *user); /* NULL: no listener */
	void *user;
};

const struct json_field game_fields[] = {
	JSON_FIELD(struct game, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct game, name, "name", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct game, library, "library", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game, hub_id, "hubId", JSON_STRING, 0),
	JSON_FIELD(struct game, executable, "executable", JSON_STRING, 0),
	JSON_FIELD(struct game, build, "build", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct game, user_id, "userId", JSON_STRING, 0),
	JSON_FIELD(struct game, size_bytes, "sizeBytes", JSON_INT64, 0),
	JSON_FIELD(struct game, file_count, "fileCount", JSON_INT64, 0),
	JSON_FIELD(struct game, installed_at, "installedAt", JSON_INT64, 0),
	JSON_FIELD(struct game, problem, "problem", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game, pending, "pending", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct game, shortcut, "shortcut", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

static const struct json_field game_list_fields[] = {
	JSON_FIELD(struct game_list, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct game_list, games, "games", game_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static char *text_or_empty(const char *text)
{
	return xstrdup(text != NULL ? text : "");
}

void game_copy(struct game *to, const struct game *from)
{
	*to = *from;
	to->dir = text_or_empty(from->dir);
	to->name = text_or_empty(from->name);
	to->library = text_or_empty(from->library);
	to->hub_id = text_or_empty(from->hub_id);
	to->executable = text_or_empty(from->executable);
	to->build = text_or_empty(from->build);
	to->user_id = text_or_empty(from->user_id);
	to->problem = text_or_empty(from->problem);
	to->pending = text_or_empty(from->pending);
	to->shortcut = text_or_empty(from->shortcut);
}

void game_finish(struct game *game)
{
	json_finish(game, game_fields);
}

char *game_generation(const struct game *game)
{
	if (game == NULL) {
		return xstrdup("");
	}
	return json_is_given(game->build) ? xstrdup(game->build)
					  : xasprintf("@%" PRId64, game->installed_at);
}

static bool check_game_list(const void *object, struct error *err)
{
	const struct game_list *list = object;

	return list->version == REGISTRY_VERSION ||
	       error_set(err, ERROR_INVALID, "its version is not %d", REGISTRY_VERSION);
}

bool game_check(const struct game *game, struct error *err)
{
	if (!path_is_plain(game->dir) || game->name[0] == '\0') {
		return error_set(err, ERROR_INVALID, "'%s' in '%s' is not a game in its folder",
			game->name, game->dir);
	}
	if (game->executable[0] != '\0' && !path_is_plain_relative(game->executable)) {
		return error_set(err, ERROR_INVALID, "'%s' is not a path inside '%s'",
			game->executable, game->dir);
	}
	return (game->size_bytes >= 0 && game->file_count >= 0 && game->installed_at >= 0) ||
	       error_set(err, ERROR_INVALID, "'%s' has a negative number", game->dir);
}

static bool check_game_entry(const char *key, const void *entry, struct error *err)
{
	return game_check(entry, err);
}

static const struct state_file registry_file = {
	.what = "the list of installed games",
	.loss = "a new one is started",
	.max_bytes = REGISTRY_MAX_BYTES,
	.fields = game_list_fields,
	.object_bytes = sizeof(struct game_list),
	.fill_texts = true,
	.check = check_game_list,
	.check_entry = check_game_entry,
};

/* The folder is a game's identity: forgetting it would leave a second entry. The first counts. */
static void drop_repeated(struct game_list *list)
{
	size_t kept_count = 0;

	for (size_t i = 0; i < list->games_count; i++) {
		size_t earlier = 0;

		while (earlier < kept_count &&
			strcmp(list->games[earlier].dir, list->games[i].dir) != 0) {
			earlier++;
		}
		if (earlier < kept_count) {
			json_finish(&list->games[i], game_fields);
		} else {
			list->games[kept_count++] = list->games[i];
		}
	}
	list->games_count = kept_count;
}

static void complete_game_list(void *object)
{
	struct game_list *list = object;

	list->version = REGISTRY_VERSION;
	drop_repeated(list);
}

struct game_registry *game_registry_create(const char *path, char **notice)
{
	struct game_registry *registry = xcalloc(1, sizeof(*registry));

	state_link_init(&registry->link, &registry_file, path, &registry->list, complete_game_list);
	*notice = state_link_take_notice(&registry->link);
	return registry;
}

struct state_link *game_registry_link(struct game_registry *registry)
{
	return &registry->link;
}

void game_registry_destroy(struct game_registry *registry)
{
	if (registry == NULL) {
		return;
	}
	game_registry_flush(registry, NULL);
	json_finish(&registry->list, game_list_fields);
	state_link_finish(&registry->link);
	free(registry);
}

static bool find_index(const struct game_list *list, const char *dir, size_t *index)
{
	for (size_t i = 0; i < list->games_count; i++) {
		if (strcmp(list->games[i].dir, dir) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

const struct game *game_registry_find(const struct game_registry *registry, const char *dir)
{
	size_t index;

	return find_index(&registry->list, dir, &index) ? &registry->list.games[index] : NULL;
}

const struct game *game_registry_find_app(const struct game_registry *registry, uint32_t app_id)
{
	for (size_t i = 0; app_id != 0 && i < registry->list.games_count; i++) {
		if (registry->list.games[i].app_id == app_id) {
			return &registry->list.games[i];
		}
	}
	return NULL;
}

const struct game *game_registry_find_file(const struct game_registry *registry, const char *path)
{
	for (size_t i = 0; i < registry->list.games_count; i++) {
		if (path_is_within(path, registry->list.games[i].dir)) {
			return &registry->list.games[i];
		}
	}
	return NULL;
}

const struct game *game_registry_at(const struct game_registry *registry, size_t index)
{
	return index < registry->list.games_count ? &registry->list.games[index] : NULL;
}

size_t game_registry_count(const struct game_registry *registry)
{
	return registry->list.games_count;
}

void game_registry_set_changed(
	struct game_registry *registry, void (*changed)(void *user), void *user)
{
	registry->changed = changed;
	registry->user = user;
}

static void tell_changed(const struct game_registry *registry)
{
	if (registry->changed != NULL) {
		registry->changed(registry->user);
	}
}

/* --- Room for the next write --- */

static char *spare_path(const struct game_registry *registry)
{
	return xasprintf("%s.spare", registry->link.path);
}

bool game_registry_reserve(struct game_registry *registry, size_t text_bytes, struct error *err)
{
	AUTO(free_ptr) char *path = spare_path(registry);
	AUTO(free_ptr) char *folder = path_parent(path);
	AUTO(close_fd) int fd = -1;
	struct stat known;
	off_t bytes = (off_t)text_bytes + ENTRY_BYTES;
	int number;

	if (stat(registry->link.path, &known) == 0) {
		bytes += known.st_size;
	}
	if (!make_dirs(folder, 0700, err)) {
		return false;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	number = fd < 0 ? errno : posix_fallocate(fd, 0, bytes);
	if (number == 0) {
		return true;
	}
	unlink(path);
	errno = number;
	return error_set_errno(err, "cannot reserve room for '%s'", registry->link.path);
}

void game_registry_release(struct game_registry *registry)
{
	AUTO(free_ptr) char *path = spare_path(registry);

	unlink(path);
}

static bool write_game_list(struct game_registry *registry, struct error *err)
{
	AUTO(free_ptr) char *spare = spare_path(registry);
	struct error why = { 0 };

	if (!state_link_write(&registry->link, &why)) {
		if (why.kind != ERROR_NO_SPACE || unlink(spare) != 0) {
			return error_pass(err, &why);
		}
		if (!state_link_write(&registry->link, err)) {
			return false;
		}
	}
	registry->is_behind = false;
	return true;
}

/* Replaces the entry of game->dir, or adds one. Returns the one it replaces, zeroed if none. */
static struct game exchange(struct game_list *list, const struct game *game, size_t *index)
{
	struct game before = { 0 };

	if (find_index(list, game->dir, index)) {
		before = list->games[*index];
	} else {
		*index = list->games_count++;
		list->games = xrealloc(list->games, list->games_count, sizeof(struct game));
	}
	game_copy(&list->games[*index], game);
	return before;
}

bool game_registry_put(struct game_registry *registry, const struct game *game, struct error *err)
{
	struct game_list *list = &registry->list;
	struct game before;
	size_t index;

	if (!state_link_ready(&registry->link, err)) {
		return false;
	}
	before = exchange(list, game, &index);
	if (write_game_list(registry, err)) {
		game_finish(&before);
		tell_changed(registry);
		return true;
	}
	game_finish(&list->games[index]);
	if (before.dir != NULL) {
		list->games[index] = before;
	} else {
		list->games_count--;
	}
	return false;
}

bool game_registry_record(
	struct game_registry *registry, const struct game *game, struct error *err)
{
	struct error why = { 0 };
	struct game before;
	size_t index;

	if (!state_link_ready(&registry->link, err)) {
		return false;
	}
	before = exchange(&registry->list, game, &index);
	registry->is_behind = true;
	if (!write_game_list(registry, &why)) {
		error_set_because(err, &why,
			"'%s' is not recorded yet (%s); the agent keeps trying", game->name,
			why.message);
	}
	game_finish(&before); /* only now: game's texts may be its own */
	tell_changed(registry);
	return !registry->is_behind;
}

bool game_registry_move(struct game_registry *registry, const char *dir, const char *new_dir,
	const char *library, struct error *err)
{
	struct game before, *game;
	size_t index, other;

	if (!state_link_ready(&registry->link, err)) {
		return false;
	}
	if (!find_index(&registry->list, dir, &index)) {
		return error_set(err, ERROR_NOT_FOUND, "no game is installed in '%s'", dir);
	}
	if (find_index(&registry->list, new_dir, &other)) {
		return error_set(err, ERROR_CONFLICT, "'%s' is installed in '%s'",
			registry->list.games[other].name, new_dir);
	}
	game = &registry->list.games[index];
	before = *game;
	game->dir = xstrdup(new_dir);
	game->library = xstrdup(library);
	if (!write_game_list(registry, err)) {
		free(game->dir);
		free(game->library);
		*game = before;
		return false;
	}
	free(before.dir);
	free(before.library);
	tell_changed(registry);
	return true;
}

bool game_registry_change(
	struct game_registry *registry, game_change *change, void *user, struct error *err)
{
	struct game_list *list = &registry->list, before;
	bool changed = false, ok;

	if (!state_link_ready(&registry->link, err)) {
		return false;
	}
	before = *list;
	list->games = xcalloc(before.games_count + 1, sizeof(*list->games));
	for (size_t i = 0; i < before.games_count; i++) {
		game_copy(&list->games[i], &before.games[i]);
		changed |= change(user, &list->games[i]);
	}
	ok = !changed || write_game_list(registry, err);
	if (changed && ok) {
		json_finish(&before, game_list_fields);
		tell_changed(registry);
	} else {
		json_finish(list, game_list_fields);
		*list = before;
	}
	return ok;
}

static struct game take_out(struct game_list *list, size_t index)
{
	struct game taken = list->games[index];

	list->games_count--;
	memmove(&list->games[index], &list->games[index + 1],
		(list->games_count - index) * sizeof(struct game));
	return taken;
}

void game_registry_forget(struct game_registry *registry, const char *dir)
{
	struct game removed;
	size_t index;

	if (!find_index(&registry->list, dir, &index)) {
		return;
	}
	removed = take_out(&registry->list, index);
	registry->is_behind = true;
	write_game_list(registry, NULL);
	game_finish(&removed);
	tell_changed(registry);
}

bool game_registry_flush(struct game_registry *registry, struct error *err)
{
	struct error why = { 0 };

	return !registry->is_behind || write_game_list(registry, &why) ||
	       error_set_because(err, &why,
		       "the list of installed games cannot be saved (%s); the agent keeps trying",
		       why.message);
}

bool game_registry_remove(struct game_registry *registry, const char *dir, struct error *err)
{
	struct game_list *list = &registry->list;
	struct game removed;
	size_t index;

	if (!state_link_ready(&registry->link, err)) {
		return false;
	}
	if (!find_index(&registry->list, dir, &index)) {
		return true;
	}
	removed = take_out(list, index);
	if (write_game_list(registry, err)) {
		game_finish(&removed);
		tell_changed(registry);
		return true;
	}
	memmove(&list->games[index + 1], &list->games[index],
		(list->games_count - index) * sizeof(struct game));
	list->games[index] = removed;
	list->games_count++;
	return false;
}
