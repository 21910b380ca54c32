#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * Records what is durable of an upload: the file "journal" in its staging folder. Text lines, each
 * one "<CRC-32 of the rest, 8 hex digits> <record>\n":
 *
 *	capydeck-journal 1 <manifest digest>	first, once
 *	range <file> <start> <end>		these bytes of the manifest's file are on the disk
 *	state <at> <held> <cancelled> [<kept>]	closes a checkpoint
 *
 * A journal is only ever appended to, after the data that it records was synced, and is valid up to
 * the first incomplete line: a torn tail is ignored.
 */
enum upload_journal_kind { UPLOAD_JOURNAL_RANGE, UPLOAD_JOURNAL_STATE };

struct upload_journal_state {
	int64_t at_ms;	    /* Unix time of the last activity */
	int64_t held_bytes; /* unique bytes, unchanged files included */
	bool cancelled;
	int64_t kept_ms; /* how long the agent has run since it was paused, as far as it is saved */
};

struct upload_journal_record {
	enum upload_journal_kind kind;
	uint64_t file; /* index in the manifest; unchecked, like start and end */
	int64_t start;
	int64_t end;
	struct upload_journal_state state;
};

/* These append one line to text. */
void upload_journal_write_head(struct strbuf *text, const char *digest);
void upload_journal_write_range(struct strbuf *text, uint64_t file, int64_t start, int64_t end);
void upload_journal_write_state(struct strbuf *text, const struct upload_journal_state *state);

/*
 * Visits the records up to the first incomplete line. False, without a visit, if the head is not
 * that of a journal of this manifest.
 */
bool upload_journal_parse(const char *text, size_t length, const char *digest,
	void (*visit)(void *user, const struct upload_journal_record *record), void *user);

/* dir_fd: the staging folder. Errors: IO, NO_SPACE. */
/* Appends and syncs; on failure the file is as before. */
bool upload_journal_append(int dir_fd, const struct strbuf *text, struct error *err);
/* Replaces the journal with text, durably. */
bool upload_journal_replace(int dir_fd, const struct strbuf *text, struct error *err);
/* Errors: NOT_FOUND, TOO_LARGE, IO. */
bool upload_journal_read(int dir_fd, struct strbuf *text, struct error *err);
/*
 * The newest state, read only from the end of the file; *found is false if there is none. Errors:
 * IO: it cannot be read now.
 */
bool upload_journal_last_state(
	int dir_fd, bool *found, struct upload_journal_state *state, struct error *err);
/* Keeps a damaged one under another name; true also if there is none. Errors: IO. */
bool upload_journal_set_aside(int dir_fd, struct error *err);
