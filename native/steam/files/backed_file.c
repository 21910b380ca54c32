#include "steam/files/backed_file.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "core/xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE_MODE 0644 /* as Steam makes them */
#define OWN_MAX_BYTES 256  /* two digests, and what an editor may have added */

bool backed_file_load(
	struct backed_file *file, const char *path, size_t max_bytes, struct error *err)
{
	struct error problem = { 0 };
	struct stat stat_buf;
	char *real = realpath(path, NULL);

	if (real == NULL && errno != ENOENT) {
		return error_set_errno(err, "cannot find '%s'", path);
	}
	file->path = real != NULL ? real : xstrdup(path);
	file->mode = NEW_FILE_MODE;
	if (!atomic_file_read(file->path, max_bytes, &file->loaded, &problem)) {
		return problem.kind == ERROR_NOT_FOUND || error_pass(err, &problem);
	}
	if (stat(file->path, &stat_buf) != 0) {
		return error_set_errno(err, "cannot examine '%s'", file->path);
	}
	file->exists = true;
	file->mode = stat_buf.st_mode & 0777;
	file->changed_at_s = stat_buf.st_mtim.tv_sec;
	return true;
}

static bool same_bytes(const struct strbuf *a, const struct strbuf *b)
{
	return a->length == b->length && memcmp(strbuf_text(a), strbuf_text(b), a->length) == 0;
}

/* Not: absent, or longer than what is looked for. */
static bool is_unreadable(const struct error *why)
{
	return why->kind == ERROR_IO || why->kind == ERROR_NO_SPACE;
}

static char *backup_path(const struct backed_file *file, int number)
{
	return xasprintf("%s.capydeck-%d", file->path, number);
}

/*
 * Frees the number 1. A crash between two renames leaves a gap in the numbers, which is filled, so
 * that only a full set loses its oldest.
 */
static bool shift_backups(const struct backed_file *file, struct error *err)
{
	int number = 1;

	for (; number < BACKED_FILE_COUNT; number++) {
		AUTO(free_ptr) char *path = backup_path(file, number);

		if (path_is_gone(path)) {
			break;
		}
	}
	for (; number > 1; number--) {
		AUTO(free_ptr) char *from = backup_path(file, number - 1);
		AUTO(free_ptr) char *to = backup_path(file, number);

		if (rename(from, to) != 0) {
			return error_set_errno(err, "cannot rename the backup '%s'", from);
		}
	}
	return true;
}

static bool back_up(const struct backed_file *file, struct error *err)
{
	AUTO(free_ptr) char *newest = backup_path(file, 1);
	AUTO(strbuf_finish) struct strbuf before = { 0 };
	struct error why = { 0 };

	if (atomic_file_read(newest, file->loaded.length, &before, &why) &&
		same_bytes(&before, &file->loaded)) {
		return true; /* a crash came between the backup and the new content */
	}
	if (is_unreadable(&why)) { /* the same content again would push an older one out */
		return error_pass(err, &why);
	}
	return shift_backups(file, err) && atomic_file_write(newest, strbuf_text(&file->loaded),
						   file->loaded.length, file->mode, err);
}

/* --- What we wrote ourselves --- */

static char *own_path(const struct backed_file *file)
{
	return xasprintf("%s.capydeck-own", file->path);
}

static void digest_of(const struct strbuf *text, char hex[SHA256_HEX_BYTES])
{
	sha256_of(strbuf_text(text), text->length, hex);
}

/* *own: were these bytes written by an earlier save, and not changed since? Errors: IO. */
static bool find_own(const struct backed_file *file, bool *own, struct error *err)
{
	AUTO(free_ptr) char *path = own_path(file);
	AUTO(strbuf_finish) struct strbuf digests = { 0 };
	char present[SHA256_HEX_BYTES];
	struct error why = { 0 };

	*own = false;
	if (!file->exists) {
		return true;
	}
	if (!atomic_file_read(path, OWN_MAX_BYTES, &digests, &why)) {
		return !is_unreadable(&why) || error_pass(err, &why);
	}
	digest_of(&file->loaded, present);
	*own = strstr(strbuf_text(&digests), present) != NULL;
	return true;
}

/*
 * Called before text replaces the file: if we are killed in between, the content is still known to
 * be ours (the second line) or not.
 */
static bool note_own(
	const struct backed_file *file, const struct strbuf *text, bool was_own, struct error *err)
{
	AUTO(free_ptr) char *path = own_path(file);
	AUTO(strbuf_finish) struct strbuf digests = { 0 };
	char hex[SHA256_HEX_BYTES];

	digest_of(text, hex);
	strbuf_appendf(&digests, "%s\n", hex);
	if (was_own) {
		digest_of(&file->loaded, hex);
		strbuf_appendf(&digests, "%s\n", hex);
	}
	return atomic_file_write(path, strbuf_text(&digests), digests.length, file->mode, err);
}

bool backed_file_save(const struct backed_file *file, const struct strbuf *text, struct error *err)
{
	bool was_own;

	if (file->exists && same_bytes(text, &file->loaded)) {
		return true;
	}
	atomic_file_sweep(file->path, 0); /* no other process writes there */
	return find_own(file, &was_own, err) && (!file->exists || was_own || back_up(file, err)) &&
	       note_own(file, text, was_own, err) &&
	       atomic_file_write(file->path, strbuf_text(text), text->length, file->mode, err);
}

void backed_file_finish(struct backed_file *file)
{
	free(file->path);
	strbuf_finish(&file->loaded);
	*file = (struct backed_file){ 0 };
}
