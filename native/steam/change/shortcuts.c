#include "steam/change/shortcuts.h"

#include "core/cleanup.h"
#include "core/crc32.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/shortcut_set.h"
#include "steam/vdf/vdf_binary.h"

#include <stdlib.h>
#include <string.h>

#define LIST_KEY "shortcuts"
#define SHORTCUT_ID_BIT 0x80000000u

/* The keys of an entry as current versions of Steam name and order them. */
static const struct {
	const char *key;
	enum vdf_type type;
	int32_t number;
} usual_keys[] = {
	{ "appid", VDF_INT32, 0 },
	{ "AppName", VDF_STRING, 0 },
	{ "Exe", VDF_STRING, 0 },
	{ "StartDir", VDF_STRING, 0 },
	{ "icon", VDF_STRING, 0 },
	{ "ShortcutPath", VDF_STRING, 0 },
	{ "LaunchOptions", VDF_STRING, 0 },
	{ "IsHidden", VDF_INT32, 0 },
	{ "AllowDesktopConfig", VDF_INT32, 1 },
	{ "AllowOverlay", VDF_INT32, 1 },
	{ "OpenVR", VDF_INT32, 0 },
	{ "Devkit", VDF_INT32, 0 },
	{ "DevkitGameID", VDF_STRING, 0 },
	{ "DevkitOverrideAppID", VDF_INT32, 0 },
	{ "LastPlayTime", VDF_INT32, 0 },
	{ "FlatpakAppID", VDF_STRING, 0 },
	{ "tags", VDF_MAP, 0 },
};

/* The id of the entry's Exe and AppName as they are in the file. */
static uint32_t derived_app_id(const char *exe_as_stored, const char *name)
{
	uint32_t crc = crc32_of(0, exe_as_stored, strlen(exe_as_stored));

	return crc32_of(crc, name, strlen(name)) | SHORTCUT_ID_BIT;
}

static char *quote(const char *path)
{
	return xasprintf("\"%s\"", path);
}

bool shortcuts_is_app_id(uint32_t app_id)
{
	return (app_id & SHORTCUT_ID_BIT) != 0;
}

uint32_t shortcuts_app_id(const char *exe, const char *name)
{
	AUTO(free_ptr) char *quoted = quote(exe);

	return derived_app_id(quoted, name);
}

/*
 * Removes the quotes from a single quoted path. Some launchers store a whole command in Exe
 * ("/usr/bin/flatpak" run "x"), which is left as it is.
 */
static char *unquote(const char *stored)
{
	size_t length = strlen(stored);

	if (length < 2 || stored[0] != '"' || stored[length - 1] != '"' ||
		strstr(stored + 1, "\" ") != NULL) {
		return xstrdup(stored);
	}
	return xasprintf("%.*s", (int)(length - 2), stored + 1);
}

static uint32_t entry_app_id(const struct vdf_node *entry)
{
	const struct vdf_node *app_id = vdf_node_typed_child(entry, "appid", VDF_INT32);

	/* Older versions stored none, or 0, and derived it each time. */
	return app_id != NULL && app_id->number != 0 ? (uint32_t)app_id->number
						     : derived_app_id(vdf_node_text(entry, "Exe"),
							       vdf_node_text(entry, "AppName"));
}

static struct vdf_node *entries(const struct shortcuts *shortcuts)
{
	return vdf_node_child(&shortcuts->root, LIST_KEY);
}

static struct vdf_node *find_app_id(const struct vdf_node *map, uint32_t app_id)
{
	for (size_t i = 0; map != NULL && i < map->count; i++) {
		struct vdf_node *entry = &map->children[i];

		if (entry->type == VDF_MAP && entry_app_id(entry) == app_id) {
			return entry;
		}
	}
	return NULL;
}

/* name: NULL for any. */
static struct vdf_node *find_exe(const struct vdf_node *map, const char *exe, const char *name)
{
	AUTO(free_ptr) char *quoted = quote(exe);

	for (size_t i = 0; map != NULL && i < map->count; i++) {
		struct vdf_node *entry = &map->children[i];
		const char *stored = vdf_node_text(entry, "Exe");

		if ((strcmp(stored, quoted) == 0 || strcmp(stored, exe) == 0) &&
			(name == NULL || strcmp(vdf_node_text(entry, "AppName"), name) == 0)) {
			return entry;
		}
	}
	return NULL;
}

bool shortcuts_parse(
	struct shortcuts *shortcuts, const void *data, size_t length, struct error *err)
{
	struct vdf_node root = { 0 };
	const struct vdf_node *list;

	if (length > 0 && !vdf_binary_parse(&root, data, length, err)) {
		return false;
	}
	list = vdf_node_child(&root, LIST_KEY);
	if (list != NULL && list->type != VDF_MAP) {
		error_set(err, ERROR_INVALID, "'%s' is a value of type 0x%02x instead of a map",
			list->key, (unsigned)list->type);
		vdf_node_finish(&root);
		return false;
	}
	shortcuts_finish(shortcuts);
	shortcuts->root = root;
	return true;
}

void shortcuts_write(const struct shortcuts *shortcuts, struct strbuf *out)
{
	vdf_binary_write(&shortcuts->root, out);
}

void shortcuts_finish(struct shortcuts *shortcuts)
{
	vdf_node_finish(&shortcuts->root);
}

/* NULL: it is just the path, in quotes. */
static char *command_of(const char *stored)
{
	AUTO(free_ptr) char *path = unquote(stored);
	AUTO(free_ptr) char *quoted = quote(path);

	return *stored != '\0' && strcmp(quoted, stored) != 0 ? xstrdup(stored) : NULL;
}

static void fill_shortcut(struct shortcut *shortcut, const struct vdf_node *entry)
{
	const struct vdf_node *tags = vdf_node_typed_child(entry, "tags", VDF_MAP);
	const struct vdf_node *played = vdf_node_typed_child(entry, "LastPlayTime", VDF_INT32);

	*shortcut = (struct shortcut){
		.app_id = entry_app_id(entry),
		.name = xstrdup(vdf_node_text(entry, "AppName")),
		.exe = unquote(vdf_node_text(entry, "Exe")),
		.command = command_of(vdf_node_text(entry, "Exe")),
		.start_dir = unquote(vdf_node_text(entry, "StartDir")),
		.icon = xstrdup(vdf_node_text(entry, "icon")),
		.launch_options = xstrdup(vdf_node_text(entry, "LaunchOptions")),
		.last_played_s = played != NULL ? (int64_t)played->number : 0,
	};
	for (size_t i = 0; tags != NULL && i < tags->count; i++) {
		if (tags->children[i].type == VDF_STRING) {
			strvec_push(&shortcut->tags, tags->children[i].string);
		}
	}
}

void shortcuts_list(const struct shortcuts *shortcuts, struct shortcut_list *list)
{
	const struct vdf_node *map = entries(shortcuts);

	shortcut_list_finish(list);
	if (map == NULL || map->count == 0) {
		return;
	}
	list->items = xcalloc(map->count, sizeof(*list->items));
	for (size_t i = 0; i < map->count; i++) {
		if (map->children[i].type == VDF_MAP) {
			fill_shortcut(&list->items[list->count++], &map->children[i]);
		}
	}
}

void shortcut_list_finish(struct shortcut_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct shortcut *shortcut = &list->items[i];

		free(shortcut->name);
		free(shortcut->exe);
		free(shortcut->command);
		free(shortcut->start_dir);
		free(shortcut->icon);
		free(shortcut->launch_options);
		strvec_finish(&shortcut->tags);
	}
	free(list->items);
	*list = (struct shortcut_list){ 0 };
}

const struct shortcut *shortcut_list_find(const struct shortcut_list *list, uint32_t app_id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].app_id == app_id) {
			return &list->items[i];
		}
	}
	return NULL;
}

bool shortcut_starts_in(const struct shortcut *shortcut, const char *dir)
{
	size_t length = strlen(dir);
	const char *at = shortcut->command;

	if (path_is_within(shortcut->exe, dir)) {
		return true;
	}
	while (at != NULL && (at = strstr(at, dir)) != NULL) {
		if ((at == shortcut->command || strchr("\"' ", at[-1]) != NULL) &&
			at[length] == '/') {
			return true;
		}
		at += length;
	}
	return false;
}

/* The child with that key, added at the end where it is missing. */
static struct vdf_node *child_to_set(struct vdf_node *map, const char *key)
{
	struct vdf_node *child = vdf_node_child(map, key);

	return child != NULL ? child : vdf_node_insert(map, map->count, key);
}

static void set_quoted(struct vdf_node *entry, const char *key, const char *path)
{
	AUTO(free_ptr) char *quoted = quote(path);

	vdf_node_set_string(child_to_set(entry, key), quoted);
}

static void set_app_id(struct vdf_node *entry, uint32_t app_id)
{
	struct vdf_node *child = vdf_node_typed_child(entry, "appid", VDF_INT32);

	if (child == NULL) {
		child = vdf_node_insert(entry, 0, "appid");
	}
	vdf_node_set_int32(child, (int32_t)app_id);
}

/* Appends a child whose key is the next number; the others keep their keys. */
static struct vdf_node *append_numbered(struct vdf_node *map)
{
	AUTO(free_ptr) char *key = NULL;
	unsigned long next = map->count;

	for (size_t i = 0; i < map->count; i++) {
		unsigned long number = strtoul(map->children[i].key, NULL, 10);

		if (number >= next && number < VDF_BINARY_MAX_NODES) {
			next = number + 1;
		}
	}
	key = xasprintf("%lu", next);
	return vdf_node_insert(map, map->count, key);
}

static void add_tag(struct vdf_node *tags, const char *tag)
{
	for (size_t i = 0; i < tags->count; i++) {
		if (tags->children[i].type == VDF_STRING &&
			strcmp(tags->children[i].string, tag) == 0) {
			return;
		}
	}
	vdf_node_set_string(append_numbered(tags), tag);
}

/* Those that were added before and are gone were removed by the user. */
static void add_tags(struct vdf_node *entry, const struct strvec *tags, const struct strvec *before)
{
	struct vdf_node *map = vdf_node_typed_child(entry, "tags", VDF_MAP);

	if (map == NULL) {
		map = vdf_node_insert(entry, entry->count, "tags");
	}
	for (size_t i = 0; i < tags->count; i++) {
		if (before == NULL || !strvec_contains(before, tags->items[i])) {
			add_tag(map, tags->items[i]);
		}
	}
}

/* The id itself, or the next one above it that no entry has. */
static uint32_t free_app_id(const struct vdf_node *map, uint32_t app_id)
{
	while (find_app_id(map, app_id) != NULL) {
		app_id = (app_id + 1) | SHORTCUT_ID_BIT;
	}
	return app_id;
}

static struct vdf_node *append_entry(struct vdf_node *map, const struct shortcuts_edit *edit)
{
	uint32_t app_id = edit->app_id;
	struct vdf_node *entry;

	if (!shortcuts_is_app_id(app_id)) {
		app_id = shortcuts_app_id(edit->exe, edit->name);
	}
	app_id = free_app_id(map, app_id);
	entry = append_numbered(map);
	for (size_t i = 0; i < sizeof(usual_keys) / sizeof(*usual_keys); i++) {
		struct vdf_node *child = vdf_node_insert(entry, i, usual_keys[i].key);

		if (usual_keys[i].type == VDF_STRING) {
			vdf_node_set_string(child, "");
		} else if (usual_keys[i].type == VDF_INT32) {
			vdf_node_set_int32(child, usual_keys[i].number);
		}
	}
	set_app_id(entry, app_id);
	return entry;
}

static void write_command(struct vdf_node *entry, const struct shortcuts_edit *edit)
{
	if (edit->command != NULL && *edit->command != '\0') {
		vdf_node_set_string(child_to_set(entry, "Exe"), edit->command);
	} else {
		set_quoted(entry, "Exe", edit->exe);
	}
}

static void write_all(struct vdf_node *entry, const struct shortcuts_edit *edit)
{
	vdf_node_set_string(child_to_set(entry, "AppName"), edit->name);
	write_command(entry, edit);
	set_quoted(entry, "StartDir", edit->start_dir);
	if (edit->launch_options != NULL) {
		vdf_node_set_string(child_to_set(entry, "LaunchOptions"), edit->launch_options);
	}
	if (edit->tags != NULL) {
		add_tags(entry, edit->tags, NULL);
	}
}

static void write_target(struct vdf_node *entry, const struct shortcuts_edit *edit)
{
	const struct shortcut_set *set = edit->previous;
	const char *now = vdf_node_text(entry, "Exe");
	AUTO(free_ptr) char *path = unquote(now);
	AUTO(free_ptr) char *moved = shortcut_set_retarget(set, now, edit->exe);

	if (shortcut_set_owns_path(set, set->exe, path, edit->exe)) {
		write_command(entry, edit);
	} else if (moved != NULL) {
		vdf_node_set_string(child_to_set(entry, "Exe"), moved);
	}
}

/* What the user has changed stays. */
static void write_own(struct vdf_node *entry, const struct shortcuts_edit *edit)
{
	const struct shortcut_set *set = edit->previous;
	AUTO(free_ptr) char *start_dir = unquote(vdf_node_text(entry, "StartDir"));

	if (shortcut_set_owns_text(set->name, vdf_node_text(entry, "AppName"), edit->name)) {
		vdf_node_set_string(child_to_set(entry, "AppName"), edit->name);
	}
	write_target(entry, edit);
	if (shortcut_set_owns_path(set, set->start_dir, start_dir, edit->start_dir)) {
		set_quoted(entry, "StartDir", edit->start_dir);
	}
	if (edit->launch_options != NULL &&
		shortcut_set_owns_options(
			set, vdf_node_text(entry, "LaunchOptions"), edit->launch_options)) {
		vdf_node_set_string(child_to_set(entry, "LaunchOptions"), edit->launch_options);
	}
	if (edit->tags != NULL) {
		add_tags(entry, edit->tags, &set->tags);
	}
}

uint32_t shortcuts_put(struct shortcuts *shortcuts, const struct shortcuts_edit *edit)
{
	struct vdf_node *map = child_to_set(&shortcuts->root, LIST_KEY);
	struct vdf_node *entry = edit->app_id != 0 ? find_app_id(map, edit->app_id) : NULL;
	bool was_ours = entry != NULL && shortcut_set_is_known(edit->previous);
	uint32_t app_id;

	if (entry == NULL) {
		entry = find_exe(map, edit->exe, edit->name);
	}
	if (entry == NULL && edit->any_name) {
		entry = find_exe(map, edit->exe, NULL);
	}
	if (entry == NULL) {
		entry = append_entry(map, edit);
	}
	app_id = entry_app_id(entry);
	if (find_app_id(map, app_id) != entry) {
		app_id = free_app_id(map, app_id); /* an earlier entry has the same */
	}
	set_app_id(entry, app_id); /* before exe and name change, which it may be derived from */
	if (was_ours) {
		write_own(entry, edit);
	} else {
		write_all(entry, edit);
	}
	return app_id;
}

bool shortcuts_remove(struct shortcuts *shortcuts, uint32_t app_id)
{
	struct vdf_node *map = entries(shortcuts);
	struct vdf_node *entry = find_app_id(map, app_id);
	size_t position, number = 0;

	if (entry == NULL) {
		return false;
	}
	position = (size_t)(entry - map->children);
	vdf_node_remove(map, position);
	for (size_t i = 0; i < map->count; i++) {
		if (map->children[i].type != VDF_MAP) {
			continue;
		}
		if (i >= position) {
			AUTO(free_ptr) char *key = xasprintf("%zu", number);

			vdf_node_set_key(&map->children[i], key);
		}
		number++;
	}
	return true;
}

bool shortcuts_set_icon(struct shortcuts *shortcuts, uint32_t app_id, const char *icon)
{
	struct vdf_node *entry = find_app_id(entries(shortcuts), app_id);

	if (entry == NULL) {
		return false;
	}
	vdf_node_set_string(child_to_set(entry, "icon"), icon);
	return true;
}
