#include "upload/upload_journal.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/crc32.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_NAME "journal"
#define JOURNAL_MAGIC "capydeck-journal 1"
#define JOURNAL_MAX_BYTES (64 * 1024 * 1024)
#define TAIL_BYTES (64 * 1024)
#define CRC_DIGITS 8
#define LINE_MAX_BYTES 128

static void write_line(struct strbuf *text, const char *record)
{
	strbuf_appendf(text, "%08" PRIx32 " %s\n", crc32_of(0, record, strlen(record)), record);
}

void upload_journal_write_head(struct strbuf *text, const char *digest)
{
	char record[LINE_MAX_BYTES];

	snprintf(record, sizeof(record), JOURNAL_MAGIC " %s", digest);
	write_line(text, record);
}

void upload_journal_write_range(struct strbuf *text, uint64_t file, int64_t start, int64_t end)
{
	char record[LINE_MAX_BYTES];

	snprintf(
		record, sizeof(record), "range %" PRIu64 " %" PRId64 " %" PRId64, file, start, end);
	write_line(text, record);
}

void upload_journal_write_state(struct strbuf *text, const struct upload_journal_state *state)
{
	char record[LINE_MAX_BYTES];

	int length = snprintf(record, sizeof(record), "state %" PRId64 " %" PRId64 " %d",
		state->at_ms, state->held_bytes, state->cancelled);

	/* Earlier versions did not have it: a line without it can be read by them. */
	if (state->kept_ms > 0) {
		snprintf(record + length, sizeof(record) - (size_t)length, " %" PRId64,
			state->kept_ms);
	}
	write_line(text, record);
}

/*
 * Copies the record of the line at *text, without its checksum, and steps over it. False if no
 * complete line is left.
 */
static bool next_line(const char **text, const char *end, char record[LINE_MAX_BYTES])
{
	const char *feed = memchr(*text, '\n', end - *text);
	char crc[CRC_DIGITS + 1];
	size_t length;

	if (feed == NULL || feed - *text <= CRC_DIGITS + 1) {
		return false;
	}
	length = feed - *text - CRC_DIGITS - 1;
	if (length >= LINE_MAX_BYTES) {
		return false;
	}
	memcpy(record, *text + CRC_DIGITS + 1, length);
	record[length] = '\0';
	snprintf(crc, sizeof(crc), "%08" PRIx32, crc32_of(0, record, length));
	if (memcmp(crc, *text, CRC_DIGITS) != 0 || (*text)[CRC_DIGITS] != ' ' ||
		strlen(record) != length) {
		return false;
	}
	*text = feed + 1;
	return true;
}

static bool read_number(const char **text, int64_t *number)
{
	char *end;

	if (**text != ' ' || (*text)[1] < '0' || (*text)[1] > '9') {
		return false;
	}
	errno = 0;
	*number = strtoll(*text + 1, &end, 10);
	*text = end;
	return errno == 0 && *number <= JSON_INTEGER_MAX; /* so that sums cannot overflow */
}

static bool read_record(const char *text, struct upload_journal_record *record)
{
	int64_t numbers[4] = { 0 };
	bool range = strncmp(text, "range ", 6) == 0;

	if (!range && strncmp(text, "state ", 6) != 0) {
		return false;
	}
	text += 5;
	for (size_t i = 0; i < (range ? 3 : 4); i++) {
		bool may_end = i == 3 && *text == '\0';

		if (!may_end && !read_number(&text, &numbers[i])) {
			return false;
		}
	}
	*record = (struct upload_journal_record){ 0 };
	if (range) {
		record->kind = UPLOAD_JOURNAL_RANGE;
		record->file = numbers[0];
		record->start = numbers[1];
		record->end = numbers[2];
	} else {
		record->kind = UPLOAD_JOURNAL_STATE;
		record->state = (struct upload_journal_state){
			.at_ms = numbers[0],
			.held_bytes = numbers[1],
			.cancelled = numbers[2] != 0,
			.kept_ms = numbers[3],
		};
	}
	return *text == '\0';
}

bool upload_journal_parse(const char *text, size_t length, const char *digest,
	void (*visit)(void *user, const struct upload_journal_record *record), void *user)
{
	const char *end = text + length;
	char line[LINE_MAX_BYTES], head[LINE_MAX_BYTES];
	struct upload_journal_record record;

	snprintf(head, sizeof(head), JOURNAL_MAGIC " %s", digest);
	if (!next_line(&text, end, line) || strcmp(line, head) != 0) {
		return false;
	}
	while (next_line(&text, end, line) && read_record(line, &record)) {
		visit(user, &record);
	}
	return true;
}

static bool write_durably(int fd, const struct strbuf *text, struct error *err)
{
	return (write_all(fd, text->data, text->length) && fdatasync(fd) == 0) ||
	       error_set_errno(err, "cannot note what was received");
}

bool upload_journal_append(int dir_fd, const struct strbuf *text, struct error *err)
{
	/* O_NONBLOCK: opening a FIFO would wait for its reader. */
	AUTO(close_fd)
	int fd = beneath_open(dir_fd, JOURNAL_NAME, O_WRONLY | O_APPEND | O_NONBLOCK, 0, err);
	off_t before;

	if (fd < 0) {
		return false;
	}
	before = lseek(fd, 0, SEEK_END);
	if (write_durably(fd, text, err)) {
		return true;
	}
	/* What follows a torn line is never read, so nothing may be appended after one. */
	if (before < 0 || ftruncate(fd, before) != 0) {
		return error_set_errno(err, "cannot mend the notes of what was received");
	}
	return false;
}

bool upload_journal_replace(int dir_fd, const struct strbuf *text, struct error *err)
{
	return atomic_file_write_at(dir_fd, JOURNAL_NAME, text->data, text->length, 0600, err);
}

bool upload_journal_read(int dir_fd, struct strbuf *text, struct error *err)
{
	return atomic_file_read_at(dir_fd, JOURNAL_NAME, JOURNAL_MAX_BYTES, text, err);
}

/* *length is 0 if there is none, or what has its name is no journal. */
static bool read_tail(int dir_fd, char *text, size_t *length, struct error *err)
{
	struct error why = { 0 };
	AUTO(close_fd)
	int fd = beneath_open(dir_fd, JOURNAL_NAME, O_RDONLY | O_NONBLOCK, 0, &why);
	struct stat stat;
	off_t from;

	*length = 0;
	if (fd < 0) {
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_INVALID ||
		       error_pass(err, &why);
	}
	if (fstat(fd, &stat) != 0) {
		return error_set_errno(err, "cannot read the notes of what was received");
	}
	from = stat.st_size > TAIL_BYTES ? stat.st_size - TAIL_BYTES : 0;
	while (S_ISREG(stat.st_mode) && from + (off_t)*length < stat.st_size) {
		ssize_t count = pread(fd, text + *length, (size_t)(stat.st_size - from) - *length,
			from + (off_t)*length);

		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count <= 0) {
			errno = count == 0 ? EIO : errno;
			return error_set_errno(err, "cannot read the notes of what was received");
		}
		*length += (size_t)count;
	}
	return true;
}

bool upload_journal_last_state(
	int dir_fd, bool *found, struct upload_journal_state *state, struct error *err)
{
	AUTO(free_ptr) char *text = xcalloc(1, TAIL_BYTES);
	struct upload_journal_record record;
	char line[LINE_MAX_BYTES];
	const char *at = text, *end, *feed;
	size_t length;

	*found = false;
	if (!read_tail(dir_fd, text, &length, err)) {
		return false;
	}
	end = text + length;
	while (at < end && (feed = memchr(at, '\n', end - at)) != NULL) {
		if (!next_line(&at, end, line)) {
			at = feed + 1; /* the tail starts in the middle of a line */
		} else if (read_record(line, &record) && record.kind == UPLOAD_JOURNAL_STATE) {
			*state = record.state;
			*found = true;
		}
	}
	return true;
}

bool upload_journal_set_aside(int dir_fd, struct error *err)
{
	return renameat(dir_fd, JOURNAL_NAME, dir_fd, JOURNAL_NAME ".corrupt") == 0 ||
	       errno == ENOENT ||
	       error_set_errno(err, "cannot set aside the damaged notes of what was received");
}
