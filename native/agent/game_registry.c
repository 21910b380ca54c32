#include "agent/game_registry.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define REGISTRY_VERSION 1
#define REGISTRY_MAX_BYTES (16 * 1024 * 1024)

struct game_list {
	int64_t version;
	struct game *games;
	size_t games_count;
};

struct game_registry {
	char *path;
	struct game_list list;
};

static const struct json_field game_fields[] = {
	JSON_FIELD(struct game, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct game, name, "name", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct game, hub_id, "hubId", JSON_STRING, 0),
	JSON_FIELD(struct game, executable, "executable", JSON_STRING, 0),
	JSON_FIELD(struct game, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct game, user_id, "userId", JSON_STRING, 0),
	JSON_FIELD(struct game, size_bytes, "sizeBytes", JSON_INT64, 0),
	JSON_FIELD(struct game, file_count, "fileCount", JSON_INT64, 0),
	JSON_FIELD(struct game, installed_at, "installedAt", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field game_list_fields[] = {
	JSON_FIELD(struct game_list, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct game_list, games, "games", game_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

/* Texts are never NULL in a registry. */
static char *text_or_empty(const char *text)
{
	return xstrdup(text != NULL ? text : "");
}

static void copy_game(struct game *to, const struct game *from)
{
	*to = *from;
	to->dir = text_or_empty(from->dir);
	to->name = text_or_empty(from->name);
	to->hub_id = text_or_empty(from->hub_id);
	to->executable = text_or_empty(from->executable);
	to->user_id = text_or_empty(from->user_id);
}

static bool load(struct game_registry *registry, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct game_list read = { 0 };
	bool ok = false;

	if (!atomic_file_read(registry->path, REGISTRY_MAX_BYTES, &text, err)) {
		return err->kind == ERROR_NOT_FOUND;
	}
	if (!json_read_text(&read, game_list_fields, text.data, text.length, err)) {
		goto done;
	}
	if (read.version != REGISTRY_VERSION) {
		error_set(err, ERROR_INVALID, "its version is not %d", REGISTRY_VERSION);
		goto done;
	}
	registry->list.games = xcalloc(read.games_count, sizeof(struct game));
	for (size_t i = 0; i < read.games_count; i++) {
		copy_game(&registry->list.games[i], &read.games[i]);
	}
	registry->list.games_count = read.games_count;
	ok = true;
done:
	json_finish(&read, game_list_fields);
	return ok;
}

struct game_registry *game_registry_create(const char *path, char **notice)
{
	struct game_registry *registry = xcalloc(1, sizeof(*registry));
	AUTO(free_ptr) char *kept_as = NULL;
	struct error err = { 0 }, aside = { 0 };

	*notice = NULL;
	registry->path = xstrdup(path);
	registry->list.version = REGISTRY_VERSION;
	if (load(registry, &err)) {
		return registry;
	}
	if (atomic_file_set_aside(path, &kept_as, &aside)) {
		*notice = xasprintf("the list of installed games '%s' cannot be read (%s); it is "
				    "kept as '%s' and a new one is begun",
			path, err.message, kept_as);
	} else {
		*notice = xasprintf("the list of installed games '%s' cannot be read (%s) nor set "
				    "aside (%s)",
			path, err.message, aside.message);
	}
	return registry;
}

void game_registry_destroy(struct game_registry *registry)
{
	if (registry == NULL) {
		return;
	}
	json_finish(&registry->list, game_list_fields);
	free(registry->path);
	free(registry);
}

static bool save(const struct game_registry *registry, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	json_write(&text, game_list_fields, &registry->list);
	strbuf_append_char(&text, '\n');
	return atomic_file_write(registry->path, text.data, text.length, 0600, err);
}

static bool index_of(const struct game_registry *registry, const char *dir, size_t *index)
{
	for (size_t i = 0; i < registry->list.games_count; i++) {
		if (strcmp(registry->list.games[i].dir, dir) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

const struct game *game_registry_find(const struct game_registry *registry, const char *dir)
{
	size_t index;

	return index_of(registry, dir, &index) ? &registry->list.games[index] : NULL;
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

const struct game *game_registry_at(const struct game_registry *registry, size_t index)
{
	return index < registry->list.games_count ? &registry->list.games[index] : NULL;
}

size_t game_registry_count(const struct game_registry *registry)
{
	return registry->list.games_count;
}

static void finish_game(struct game *game)
{
	json_finish(game, game_fields);
}

bool game_registry_put(struct game_registry *registry, const struct game *game, struct error *err)
{
	struct game_list *list = &registry->list;
	struct game before = { 0 }, added;
	size_t index;
	bool replaced = index_of(registry, game->dir, &index);

	copy_game(&added, game);
	if (replaced) {
		before = list->games[index];
	} else {
		index = list->games_count++;
		list->games = xrealloc(list->games, list->games_count, sizeof(struct game));
	}
	list->games[index] = added;
	if (save(registry, err)) {
		finish_game(&before);
		return true;
	}
	finish_game(&added);
	if (replaced) {
		list->games[index] = before;
	} else {
		list->games_count--;
	}
	return false;
}

bool game_registry_remove(struct game_registry *registry, const char *dir, struct error *err)
{
	struct game_list *list = &registry->list;
	struct game removed;
	size_t index;

	if (!index_of(registry, dir, &index)) {
		return true;
	}
	removed = list->games[index];
	list->games_count--;
	memmove(&list->games[index], &list->games[index + 1],
		(list->games_count - index) * sizeof(struct game));
	if (save(registry, err)) {
		finish_game(&removed);
		return true;
	}
	memmove(&list->games[index + 1], &list->games[index],
		(list->games_count - index) * sizeof(struct game));
	list->games[index] = removed;
	list->games_count++;
	return false;
}
