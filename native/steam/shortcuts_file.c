#include "steam/shortcuts_file.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "steam/vdf_binary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_FILE_MODE 0644 /* as Steam makes it */

bool shortcuts_file_load(
	struct shortcuts_file *file, const char *root, const char *account_id, struct error *err)
{
	AUTO(free_ptr)
	char *path = xasprintf("%s/userdata/%s/config/shortcuts.vdf", root, account_id);
	struct error problem = { 0 };
	struct stat stat_buf;
	char *real = realpath(path, NULL);

	file->path = real != NULL ? real : TAKE_PTR(path);
	file->mode = NEW_FILE_MODE;
	if (!atomic_file_read(file->path, VDF_BINARY_MAX_BYTES, &file->loaded, &problem)) {
		return problem.kind == ERROR_NOT_FOUND ||
		       error_set(err, problem.kind, "%s", problem.message);
	}
	file->exists = true;
	if (stat(file->path, &stat_buf) == 0) {
		file->mode = stat_buf.st_mode & 0777;
	}
	if (!shortcuts_parse(
		    &file->shortcuts, strbuf_text(&file->loaded), file->loaded.length, &problem)) {
		return error_set(err, problem.kind,
			"'%s' is damaged and was left alone: %s; restore it or move it away",
			file->path, problem.message);
	}
	return true;
}

static bool back_up(const struct shortcuts_file *file, struct error *err)
{
	AUTO(free_ptr) char *newest = xasprintf("%s.capydeck-1", file->path);

	for (int number = SHORTCUTS_FILE_BACKUPS - 1; number > 0; number--) {
		AUTO(free_ptr) char *from = xasprintf("%s.capydeck-%d", file->path, number);
		AUTO(free_ptr) char *to = xasprintf("%s.capydeck-%d", file->path, number + 1);

		if (rename(from, to) != 0 && errno != ENOENT) {
			return error_set_errno(err, "cannot rename the backup '%s'", from);
		}
	}
	return atomic_file_write(
		newest, strbuf_text(&file->loaded), file->loaded.length, file->mode, err);
}

bool shortcuts_file_save(struct shortcuts_file *file, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	shortcuts_write(&file->shortcuts, &text);
	if (file->exists && text.length == file->loaded.length &&
		memcmp(strbuf_text(&text), strbuf_text(&file->loaded), text.length) == 0) {
		return true;
	}
	if (file->exists && !back_up(file, err)) {
		return false;
	}
	return atomic_file_write(file->path, strbuf_text(&text), text.length, file->mode, err);
}

void shortcuts_file_finish(struct shortcuts_file *file)
{
	free(file->path);
	shortcuts_finish(&file->shortcuts);
	strbuf_finish(&file->loaded);
	*file = (struct shortcuts_file){ 0 };
}
