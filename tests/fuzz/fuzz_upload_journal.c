/*
 * A journal's bytes: nothing after a damaged line is used, nothing is read past the end, and what
 * is appended to its file or replaces it is read again.
 */
#include "upload/upload_journal.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What is read must be what was written: the text up to there. */
static void rewrite(void *user, const struct upload_journal_record *record)
{
	switch (record->kind) {
	case UPLOAD_JOURNAL_RANGE:
		upload_journal_write_range(user, record->file, record->start, record->end);
		break;
	case UPLOAD_JOURNAL_STATE:
		upload_journal_write_state(user, &record->state);
		break;
	}
}

static void count(void *user, const struct upload_journal_record *record)
{
	(*(size_t *)user)++;
}

/* path: a file where the upload's folder should be. */
static void check_no_folder(const char *path, const struct strbuf *text)
{
	AUTO(strbuf_finish) struct strbuf read = { 0 };
	struct upload_journal_state last = { 0 };
	AUTO(close_fd) int fd = -1;
	bool found = false;

	fuzz_write_file(path, "", 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	fuzz_require(!upload_journal_append(fd, text, NULL));
	fuzz_require(!upload_journal_replace(fd, text, NULL));
	fuzz_require(!upload_journal_read(fd, &read, NULL));
	upload_journal_last_state(fd, &found, &last, NULL);
	fuzz_require(!found);
	upload_journal_set_aside(fd, NULL);
}

static void check_file(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	AUTO(free_ptr) char *path = xasprintf("%s/journal", folder);
	AUTO(close_fd) int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(strbuf_finish) struct strbuf text = { 0 }, added = { 0 };
	const struct upload_journal_state now = {
		.at_ms = 5, .held_bytes = 7, .cancelled = true, .kept_ms = 3
	};
	struct upload_journal_state last = { 0 };
	struct error err = { 0 };
	bool found;

	fuzz_require(!upload_journal_read(dir_fd, &text, &err) && err.kind == ERROR_NOT_FOUND);
	fuzz_require(!upload_journal_append(dir_fd, &added, NULL));
	fuzz_require(upload_journal_last_state(dir_fd, &found, &last, NULL) && !found);
	fuzz_write_file(path, data, size);
	fuzz_require(upload_journal_read(dir_fd, &text, NULL) && text.length == size);
	fuzz_require(upload_journal_last_state(dir_fd, &found, &last, NULL));
	/* Behind whatever is there, a whole line is found again. */
	strbuf_append_char(&added, '\n');
	upload_journal_write_state(&added, &now);
	fuzz_require(upload_journal_append(dir_fd, &added, NULL));
	fuzz_require(upload_journal_last_state(dir_fd, &found, &last, NULL) && found);
	fuzz_require(last.at_ms == now.at_ms && last.held_bytes == now.held_bytes);
	fuzz_require(last.cancelled && last.kept_ms == now.kept_ms);
	fuzz_require(upload_journal_replace(dir_fd, &added, NULL));
	strbuf_reset(&text);
	fuzz_require(upload_journal_read(dir_fd, &text, NULL) && text.length == added.length);
	fuzz_require(upload_journal_set_aside(dir_fd, NULL));
	fuzz_require(upload_journal_set_aside(dir_fd, NULL)); /* there is none any more */
	fuzz_require(!upload_journal_read(dir_fd, &text, &err) && err.kind == ERROR_NOT_FOUND);
	check_no_folder(path, &added);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = { 0 };
	size_t lines = 0, again = 0;

	upload_journal_write_head(&text, DIGEST);
	if (upload_journal_parse((const char *)data, size, DIGEST, rewrite, &text)) {
		for (size_t i = 0; i < text.length; i++) {
			lines += text.data[i] == '\n';
		}
		if (!upload_journal_parse(text.data, text.length, DIGEST, count, &again) ||
			again + 1 != lines) {
			abort();
		}
	}
	strbuf_finish(&text);
	check_file(data, size);
	return 0;
}
