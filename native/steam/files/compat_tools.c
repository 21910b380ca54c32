#include "steam/files/compat_tools.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/files/backed_file.h"
#include "steam/vdf/vdf_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The priority of a tool chosen by the user; those chosen by Valve or the client have less. */
#define USER_PRIORITY "250"

static const char *const map_path[] = {
	"InstallConfigStore",
	"Software",
	"Valve",
	"Steam",
	"CompatToolMapping",
};
#define MAP_DEPTH (sizeof(map_path) / sizeof(*map_path))

static bool has_tool(const struct vdf_text *file, const char *app)
{
	const struct vdf_text_node *map = &file->nodes[0];

	for (size_t i = 0; map != NULL && i < MAP_DEPTH; i++) {
		map = vdf_text_child(file, map, map_path[i]);
	}
	return *vdf_text_value(file, map != NULL ? vdf_text_child(file, map, app) : NULL, "name") !=
	       '\0';
}

bool compat_tools_set(struct strbuf *source, uint32_t app_id, const char *tool, struct error *err)
{
	/* In Steam's order, since missing ones are added at the end. */
	const struct {
		const char *key;
		const char *value;
	} texts[] = { { "name", tool }, { "config", "" }, { "priority", USER_PRIORITY } };
	AUTO(vdf_text_finish) struct vdf_text file = { 0 };
	AUTO(strbuf_finish) struct strbuf edited = { 0 };
	const char *path[MAP_DEPTH + 3] = { NULL };
	char app[16];

	snprintf(app, sizeof(app), "%" PRIu32, app_id);
	if (!vdf_text_parse(&file, strbuf_text(source), source->length, err)) {
		return false;
	}
	if (has_tool(&file, app)) {
		return true;
	}
	memcpy(path, map_path, sizeof(map_path));
	path[MAP_DEPTH] = app;
	strbuf_append(&edited, strbuf_text(source), source->length);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		path[MAP_DEPTH + 1] = texts[i].key;
		if (!vdf_text_set(&edited, path, texts[i].value, err)) {
			return false;
		}
	}
	strbuf_move(source, &edited);
	return true;
}

bool compat_tools_save(const char *root, uint32_t app_id, const char *tool, struct error *err)
{
	AUTO(backed_file_finish) struct backed_file file = { 0 };
	AUTO(free_ptr) char *path = xasprintf("%s/config/config.vdf", root);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error problem = { 0 };

	if (!backed_file_load(&file, path, VDF_TEXT_MAX_BYTES, err)) {
		return false;
	}
	strbuf_append(&text, strbuf_text(&file.loaded), file.loaded.length);
	if (!compat_tools_set(&text, app_id, tool, &problem)) {
		return error_set_because(err, &problem,
			"'%s' is damaged and was left alone: %s; restore it or move it away",
			file.path, problem.message);
	}
	return backed_file_save(&file, &text, err);
}
