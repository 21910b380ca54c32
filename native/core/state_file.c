#include "core/state_file.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <string.h>

/* Another process may be writing the file; none takes so long. */
#define LEFTOVER_AGE_S (60 * 60)

static bool load(const struct state_file *file, const char *path, void *object, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	return atomic_file_read(path, file->max_bytes, &text, err) &&
	       json_read_text(object, file->fields, text.data, text.length, err) &&
	       (file->check == NULL || file->check(object, err));
}

bool state_file_read(const struct state_file *file, const char *path, void *object, char **notice,
	struct error *err)
{
	AUTO(free_ptr) char *kept_as = NULL;
	struct error why = { 0 }, aside = { 0 };

	atomic_file_sweep(path, LEFTOVER_AGE_S);
	if (load(file, path, object, &why)) {
		return true;
	}
	json_finish(object, file->fields);
	memset(object, 0, file->object_bytes);
	if (why.kind == ERROR_NOT_FOUND) {
		return true;
	}
	if (!atomic_file_set_aside(path, &kept_as, &aside)) {
		return error_set(err, ERROR_IO,
			"%s in %s could not be read (%s) nor set aside (%s)", file->what, path,
			why.message, aside.message);
	}
	if (notice != NULL && *notice == NULL) {
		*notice = xasprintf("%s in %s could not be read (%s); it is kept as %s%s%s",
			file->what, path, why.message, kept_as, file->loss != NULL ? ", and " : "",
			file->loss != NULL ? file->loss : "");
	}
	return true;
}

bool state_file_write(
	const struct state_file *file, const char *path, const void *object, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	json_write(&text, file->fields, object);
	strbuf_append_char(&text, '\n');
	/* It would be written, set aside at the next start, and all of it forgotten. */
	if (text.length > file->max_bytes) {
		return error_set(err, ERROR_NO_SPACE,
			"%s in %s would have %zu bytes, more than %zu", file->what, path,
			text.length, file->max_bytes);
	}
	return atomic_file_write(path, text.data, text.length, 0600, err);
}
