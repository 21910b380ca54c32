/* What parses is written byte for byte, and stays whole through every edit of a shortcut. */
#include "core/strbuf.h"
#include "core/strvec.h"
#include "steam/change/shortcut_set.h"
#include "steam/change/shortcuts.h"
#include "steam/vdf/vdf_binary.h"
#include "steam/vdf/vdf_node.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const uint8_t *data, size_t size)
{
	struct vdf_node root = { 0 };
	struct strbuf written = { 0 };

	if (vdf_binary_parse(&root, data, size, NULL)) {
		vdf_binary_write(&root, &written);
		assert(written.length == size && memcmp(written.data, data, size) == 0);
	}
	strbuf_finish(&written);
	vdf_node_finish(&root);
}

/* An entry that was ours before keeps its id, whatever its texts are now. */
static void check_updates(const uint8_t *data, size_t size)
{
	struct shortcuts shortcuts = { 0 };
	struct shortcut_list list = { 0 };
	struct shortcut_set set = { 0 };
	struct strvec tags = { 0 };
	struct shortcuts_edit edit = { .name = "New",
		.exe = "/new/exe",
		.start_dir = "/new",
		.launch_options = "-new",
		.tags = &tags,
		.previous = &set };

	strvec_push(&tags, "favorite");
	if (shortcuts_parse(&shortcuts, data, size, NULL)) {
		shortcuts_list(&shortcuts, &list);
	}
	for (size_t i = 0; i < list.count && i < 16; i++) {
		const struct shortcut *entry = &list.items[i];

		set = (struct shortcut_set){ .name = entry->name,
			.exe = entry->exe,
			.start_dir = entry->start_dir,
			.launch_options = entry->launch_options,
			.tags = entry->tags };
		edit.app_id = entry->app_id;
		edit.command = entry->command;
		assert(!shortcut_set_is_known(&set) ||
			shortcut_list_find(&list, edit.app_id) != entry ||
			shortcuts_put(&shortcuts, &edit) == edit.app_id);
		shortcut_starts_in(entry, "/games");
	}
	strvec_finish(&tags);
	shortcut_list_finish(&list);
	shortcuts_finish(&shortcuts);
}

static void check_edits(const uint8_t *data, size_t size)
{
	struct shortcuts shortcuts = { 0 };
	struct shortcut_list list = { 0 };
	struct strbuf written = { 0 };
	struct strvec tags = { 0 };
	struct shortcuts_edit edit = {
		.name = "Doom",
		.exe = "/opt/doom/doom",
		.start_dir = "/opt/doom",
		.tags = &tags,
	};
	const struct shortcut *entry;
	uint32_t app_id;
	size_t count;
	bool had_list;

	strvec_push(&tags, "favorite");
	if (shortcuts_parse(&shortcuts, data, size, NULL)) {
		shortcuts_list(&shortcuts, &list);
		count = list.count;
		had_list = vdf_node_child(&shortcuts.root, "shortcuts") != NULL;
		app_id = shortcuts_put(&shortcuts, &edit);
		shortcuts_write(&shortcuts, &written);
		assert(shortcuts_parse(&shortcuts, written.data, written.length, NULL));
		shortcuts_list(&shortcuts, &list);
		entry = shortcut_list_find(&list, app_id);
		assert(list.count == count || list.count == count + 1);
		assert(entry != NULL && strcmp(entry->name, "Doom") == 0);
		assert(strcmp(entry->exe, "/opt/doom/doom") == 0);
		assert(strvec_contains(&entry->tags, "favorite"));
		assert(shortcuts_put(&shortcuts, &edit) == app_id);
		assert(shortcuts_set_icon(&shortcuts, app_id, "/icon.png"));
		assert(shortcuts_remove(&shortcuts, app_id));
		strbuf_reset(&written);
		shortcuts_write(&shortcuts, &written);
		/* A new entry that goes again leaves nothing behind. */
		assert(!had_list || list.count == count ||
			(written.length == size && memcmp(written.data, data, size) == 0));
	}
	strvec_finish(&tags);
	strbuf_finish(&written);
	shortcut_list_finish(&list);
	shortcuts_finish(&shortcuts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_round_trip(data, size);
	check_edits(data, size);
	check_updates(data, size);
	return 0;
}
