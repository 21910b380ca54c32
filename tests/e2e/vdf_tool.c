/*
 * The shortcuts module as a program, for vdf_cross.py:
 *	list IN		one JSON object a line
 *	copy IN OUT	read and written again
 *	put IN OUT	entries from stdin: exe, name, start folder, options and tag, each with a
 *NUL remove IN OUT APPID
 */
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "steam/shortcuts.h"
#include "steam/vdf_binary.h"

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
	enum { EXE, NAME, START_DIR, OPTIONS, TAG, FIELD_COUNT };
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
			shortcuts_put(shortcuts, &(struct shortcuts_edit){ .name = fields[NAME],
							 .exe = fields[EXE],
							 .start_dir = fields[START_DIR],
							 .launch_options = fields[OPTIONS],
							 .tags = &tags }));
		strvec_finish(&tags);
	}
done:
	for (int i = 0; i < FIELD_COUNT; i++) {
		free(fields[i]);
	}
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(shortcuts_finish) struct shortcuts shortcuts = { 0 };
	struct error err;

	if (argc < 3 || !atomic_file_read(argv[2], VDF_BINARY_MAX_BYTES, &text, &err) ||
		!shortcuts_parse(&shortcuts, strbuf_text(&text), text.length, &err)) {
		fprintf(stderr, "%s\n", argc < 3 ? "usage: vdf_tool COMMAND IN …" : err.message);
		return 1;
	}
	if (strcmp(command, "list") == 0) {
		print_list(&shortcuts);
		return 0;
	}
	if (strcmp(command, "put") == 0) {
		put_from_stdin(&shortcuts);
	} else if (strcmp(command, "remove") == 0 && argc > 4 &&
		   !shortcuts_remove(&shortcuts, (uint32_t)strtoul(argv[4], NULL, 10))) {
		fprintf(stderr, "no entry %s\n", argv[4]);
		return 1;
	}
	strbuf_reset(&text);
	shortcuts_write(&shortcuts, &text);
	if (argc < 4 || !atomic_file_write(argv[3], text.data, text.length, 0644, &err)) {
		fprintf(stderr, "cannot write\n");
		return 1;
	}
	return 0;
}
