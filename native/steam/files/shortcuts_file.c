#include "steam/files/shortcuts_file.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/vdf/vdf_binary.h"

bool shortcuts_file_load(
	struct shortcuts_file *file, const char *root, const char *account_id, struct error *err)
{
	AUTO(free_ptr)
	char *path = xasprintf("%s/userdata/%s/config/shortcuts.vdf", root, account_id);
	const struct strbuf *loaded = &file->backed.loaded;
	struct error problem = { 0 };

	if (!backed_file_load(&file->backed, path, VDF_BINARY_MAX_BYTES, err)) {
		return false;
	}
	if (!shortcuts_parse(&file->shortcuts, strbuf_text(loaded), loaded->length, &problem)) {
		return error_set_because(err, &problem,
			"'%s' is damaged and was left alone: %s; restore it or move it away",
			file->backed.path, problem.message);
	}
	return true;
}

bool shortcuts_file_save(const struct shortcuts_file *file, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(shortcuts_finish) struct shortcuts read = { 0 };
	struct error problem = { 0 };

	if (!file->backed.exists && file->shortcuts.root.count == 0) {
		return true; /* no list, and none needed: the account may be gone */
	}
	shortcuts_write(&file->shortcuts, &text);
	/* Past the limits we could never change the file again. */
	if (!shortcuts_parse(&read, strbuf_text(&text), text.length, &problem)) {
		return error_set_because(err, &problem, "'%s' was left alone: with the change %s",
			file->backed.path, problem.message);
	}
	return backed_file_save(&file->backed, &text, err);
}

void shortcuts_file_finish(struct shortcuts_file *file)
{
	backed_file_finish(&file->backed);
	shortcuts_finish(&file->shortcuts);
}
