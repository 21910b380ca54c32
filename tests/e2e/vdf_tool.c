/*
 * What edits Steam's files as a program, for vdf_cross.py. Of shortcuts.vdf:
 *	list IN			one JSON array a line
 *	copy IN OUT		read and written again
 *	put IN OUT		entries from stdin, six texts each that end with a NUL: app id,
 *				exe, name, start folder, options, tag
 *	remove IN OUT APPID
 *	icon IN OUT APPID ICON
 * Of config.vdf:
 *	compat IN OUT APPID TOOL
 */
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "steam/change/shortcuts.h"
#include "steam/files/compat_tools.h"
#include "steam/vdf/vdf_binary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_list(const struct shortcuts *shortcuts)
{
	struct shortcut_list list = { 0 };

	shortcuts_list(shortcuts, &list);
	for (size_t i = 0; i < list.count; i++) {
		const struct shortcut *entry = &list.items[i];
		const char *const texts[] = { entry->name, entry->exe, entry->start_dir,
			entry->icon, entry->launch_options };
		AUTO(strbuf_finish) struct strbuf line = { 0 };

		strbuf_appendf(&line, "[%" PRIu32 ",%" PRId64, entry->app_id, entry->last_played_s);
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
			strbuf_append_char(&line, ',');
			json_write_string(&line, texts[t]);
		}
		for (size_t t = 0; t < entry->tags.count; t++) {
			strbuf_append_char(&line, ',');
			json_write_string(&line, entry->tags.items[t]);
		}
		printf("%s]\n", strbuf_text(&line));
	}
	shortcut_list_finish(&list);
}

static void put_from_stdin(struct shortcuts *shortcuts)
{
	enum { APP_ID, EXE, NAME, START_DIR, OPTIONS, TAG, FIELD_COUNT };
	char *fields[FIELD_COUNT] = { NULL };
	size_t capacities[FIELD_COUNT] = { 0 };

	for (;;) {
		struct strvec tags = { 0 };

		for (int i = 0; i < FIELD_COUNT; i++) {
			if (getdelim(&fields[i], &capacities[i], '\0', stdin) < 0) {
				goto done;
			}
		}
		if (*fields[TAG] != '\0') {
			strvec_push(&tags, fields[TAG]);
		}
		printf("%" PRIu32 "\n",
			shortcuts_put(shortcuts,
				&(struct shortcuts_edit){
					.app_id = (uint32_t)strtoul(fields[APP_ID], NULL, 10),
					.name = fields[NAME],
					.exe = fields[EXE],
					.start_dir = fields[START_DIR],
					.launch_options = fields[OPTIONS],
					.tags = &tags,
				}));
		strvec_finish(&tags);
	}
done:
	for (int i = 0; i < FIELD_COUNT; i++) {
		free(fields[i]);
	}
}

static bool edit_shortcuts(const char *command, struct strbuf *text, uint32_t app_id,
	const char *icon, struct error *err)
{
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	bool found = true;

	if (!shortcuts_parse(&shortcuts, strbuf_text(text), text->length, err)) {
		return false;
	}
	if (strcmp(command, "list") == 0) {
		print_list(&shortcuts);
	} else if (strcmp(command, "put") == 0) {
		put_from_stdin(&shortcuts);
	} else if (strcmp(command, "remove") == 0) {
		found = shortcuts_remove(&shortcuts, app_id);
	} else if (strcmp(command, "icon") == 0) {
		found = shortcuts_set_icon(&shortcuts, app_id, icon);
	}
	strbuf_reset(text);
	shortcuts_write(&shortcuts, text);
	return found || error_set(err, ERROR_NOT_FOUND, "no entry %u", app_id);
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";
	const char *out = argc > 3 ? argv[3] : NULL;
	uint32_t app_id = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	const char *value = argc > 5 ? argv[5] : "";
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };
	bool done = argc > 2 ? atomic_file_read(argv[2], VDF_BINARY_MAX_BYTES, &text, &err)
			     : error_set(&err, ERROR_INVALID, "usage: vdf_tool COMMAND IN …");

	done = done && (strcmp(command, "compat") == 0
				       ? compat_tools_set(&text, app_id, value, &err)
				       : edit_shortcuts(command, &text, app_id, value, &err));
	done = done &&
	       (out == NULL || atomic_file_write(out, strbuf_text(&text), text.length, 0644, &err));
	if (!done) {
		fprintf(stderr, "%s\n", err.message);
	}
	return done ? 0 : 1;
}
