#include "cmd/push_report.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JSON_PROGRESS_MS 500

/* Installed, but the shortcut that was wanted is not in Steam. */
#define EXIT_WITHOUT_SHORTCUT 7
#define EXIT_SHORTCUT_LATER 8

/* Build servers depend on these: they must never change. */
static const struct {
	const char *code;
	int exit_code;
} ends[] = {
	[PUSH_DONE] = { "done", 0 },
	[PUSH_FAILED] = { "failed", 1 },
	[PUSH_PAIRING_NEEDED] = { "pairing_needed", 3 },
	[PUSH_UNREACHABLE] = { "unreachable", 4 },
	[PUSH_REFUSED] = { "refused", 5 },
	[PUSH_NO_SPACE] = { "no_space", 6 },
	[PUSH_INTERRUPTED] = { "interrupted", 130 },
};

/* The bar's label of a phase; NULL: too short to be shown. */
static const struct {
	const char *label;
	const char *json;
} phases[] = {
	[PUSH_CONNECTING] = { NULL, "connecting" },
	[PUSH_HASHING] = { "Reading", "hashing" },
	[PUSH_SENDING] = { "Sending", "sending" },
	[PUSH_COMPLETING] = { "Installing", "completing" },
	[PUSH_WAITING] = { "Waiting", "waiting" },
};

/* Only ever written, so their strings may be borrowed from anywhere. */
struct json_event {
	const char *event;
	const char *agent;
	const char *message;
	int64_t expires_in;
};

static const struct json_field json_event_fields[] = {
	JSON_FIELD(struct json_event, event, "event", JSON_STRING, 0),
	JSON_FIELD(struct json_event, agent, "agent", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_event, message, "message", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_event, expires_in, "expiresIn", JSON_INT64, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

struct json_progress {
	const char *event;
	const char *phase;
	const char *file;
	int64_t bytes_done;
	int64_t bytes_total;
};

static const struct json_field json_progress_fields[] = {
	JSON_FIELD(struct json_progress, event, "event", JSON_STRING, 0),
	JSON_FIELD(struct json_progress, phase, "phase", JSON_STRING, 0),
	JSON_FIELD(struct json_progress, file, "file", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_progress, bytes_done, "bytesDone", JSON_INT64, 0),
	JSON_FIELD(struct json_progress, bytes_total, "bytesTotal", JSON_INT64, 0),
	JSON_FIELDS_END,
};

struct json_error {
	const char *code;
	const char *message;
};

static const struct json_field json_error_fields[] = {
	JSON_FIELD(struct json_error, code, "code", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_error, message, "message", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

struct json_result {
	bool ok;
	struct json_error error;
	const char *upload_id;
	const char *path;
	const char *message;
	uint32_t app_id;
	const char *shortcut;
	int64_t bytes_sent;
	int64_t bytes_total;
	int64_t files_sent;
	int64_t files_total;
	struct upload_changes changes;
	bool dry_run;
	double seconds;
};

static const struct json_field json_result_fields[] = {
	JSON_FIELD(struct json_result, ok, "ok", JSON_BOOL, 0),
	JSON_FIELD_OBJECT(struct json_result, error, "error", json_error_fields, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, upload_id, "uploadId", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, path, "path", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, app_id, "appId", JSON_UINT32, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, shortcut, "shortcut", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, message, "message", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, bytes_sent, "bytesSent", JSON_INT64, 0),
	JSON_FIELD(struct json_result, bytes_total, "bytesTotal", JSON_INT64, 0),
	JSON_FIELD(struct json_result, files_sent, "filesSent", JSON_INT64, 0),
	JSON_FIELD(struct json_result, files_total, "filesTotal", JSON_INT64, 0),
	JSON_FIELD_OBJECT(
		struct json_result, changes, "changes", upload_changes_fields, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, dry_run, "dryRun", JSON_BOOL, JSON_OMIT_EMPTY),
	JSON_FIELD(struct json_result, seconds, "seconds", JSON_DOUBLE, 0),
	JSON_FIELDS_END,
};

static void print_json(const struct json_field *fields, const void *object)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_write(&line, fields, object);
	puts(strbuf_text(&line));
	fflush(stdout); /* a pipe's reader needs each line at once */
}

/* The Agent's text goes to a terminal. */
static void print_line(FILE *out, const char *text)
{
	AUTO(free_ptr) char *printable = xstrdup(text);

	utf8_make_printable(printable);
	fprintf(out, "%s\n", printable);
}

/*
 * An error on standard error. What the Agent numbers, as in ": (1) …; (2) …", is one line each.
 */
static void print_error(const char *text)
{
	AUTO(free_ptr) char *printable = xstrdup(text);
	const char *rest = printable, *at;

	utf8_make_printable(printable);
	for (int number = 1;; number++, rest = at) {
		AUTO(free_ptr) char *mark = xasprintf("%s (%d) ", number == 1 ? ":" : ";", number);

		at = strstr(rest, mark);
		if (at == NULL) {
			break;
		}
		at += 2; /* the mark's first two characters end the line before */
		fprintf(stderr, "%.*s\n  ", (int)(at - rest - 1), rest);
	}
	fprintf(stderr, "%s\n", rest);
}

void push_report_init(struct push_report *report, enum push_report_mode mode)
{
	*report = (struct push_report){ .mode = mode, .started_ms = loop_now_ms() };
	progress_bar_init(&report->bar, STDERR_FILENO);
}

static void tell_event(struct push_report *report, const struct json_event *event)
{
	switch (report->mode) {
	case PUSH_REPORT_HUMAN:
		if (event->message != NULL) {
			push_report_make_way(report);
			print_line(stderr, event->message);
		}
		break;
	case PUSH_REPORT_JSON:
		print_json(json_event_fields, event);
		break;
	case PUSH_REPORT_QUIET:
		break;
	}
}

void push_report_connected(struct push_report *report, const char *agent_name)
{
	report->connected_ms = loop_now_ms();
	tell_event(report, &(struct json_event){ .event = "connected", .agent = agent_name });
}

void push_report_pairing(struct push_report *report, int64_t expires_in_s)
{
	push_report_make_way(report);
	tell_event(report,
		&(struct json_event){ .event = "pairing_required", .expires_in = expires_in_s });
}

void push_report_notice(struct push_report *report, const char *text)
{
	tell_event(report, &(struct json_event){ .event = "notice", .message = text });
}

void push_report_paired(struct push_report *report)
{
	if (report->mode == PUSH_REPORT_HUMAN) {
		push_report_notice(report, "Paired.");
	} else {
		tell_event(report, &(struct json_event){ .event = "paired" });
	}
}

void push_report_make_way(struct push_report *report)
{
	progress_bar_clear(&report->bar);
}

static void report_json_progress(struct push_report *report, const struct push_progress *progress)
{
	int64_t now_ms = loop_now_ms();

	if (report->reported_ms != 0 && progress->phase == report->phase &&
		now_ms - report->reported_ms < JSON_PROGRESS_MS) {
		return;
	}
	report->reported_ms = now_ms;
	report->phase = progress->phase;
	print_json(json_progress_fields, &(struct json_progress){
						 .event = "progress",
						 .phase = phases[progress->phase].json,
						 .file = progress->path,
						 .bytes_done = progress->bytes_done,
						 .bytes_total = progress->bytes_total,
					 });
}

void push_report_progress(struct push_report *report, const struct push_progress *progress)
{
	const char *label = phases[progress->phase].label;

	if (report->mode == PUSH_REPORT_JSON) {
		report_json_progress(report, progress);
	} else if (report->mode == PUSH_REPORT_HUMAN && label != NULL) {
		progress_bar_update(&report->bar, label, progress->bytes_done,
			progress->bytes_total, progress->path);
	}
}

static int exit_code(enum push_end end, const struct push_outcome *outcome)
{
	const char *shortcut = end == PUSH_DONE && outcome != NULL ? outcome->shortcut : NULL;

	if (shortcut != NULL && strcmp(shortcut, PROTO_SHORTCUT_NONE) == 0) {
		return EXIT_WITHOUT_SHORTCUT;
	}
	if (shortcut != NULL && strcmp(shortcut, PROTO_SHORTCUT_LATER) == 0) {
		return EXIT_SHORTCUT_LATER;
	}
	return ends[end].exit_code;
}

static void end_json(const struct push_report *report, enum push_end end,
	const struct push_outcome *outcome, const char *message)
{
	struct json_result result = {
		.ok = end == PUSH_DONE,
		.seconds = (double)(loop_now_ms() - report->started_ms) / 1000,
	};

	if (!result.ok) {
		result.error.code = ends[end].code;
		result.error.message = message;
	}
	if (outcome != NULL) {
		result.upload_id = outcome->upload_id;
		result.path = outcome->path;
		result.message = outcome->message;
		result.app_id = outcome->app_id;
		result.shortcut = outcome->shortcut;
		result.bytes_sent = outcome->bytes_sent;
		result.bytes_total = outcome->bytes_total;
		result.files_sent = (int64_t)outcome->files_sent;
		result.files_total = (int64_t)outcome->files_total;
		result.dry_run = outcome->dry_run;
		if (outcome->changes != NULL) {
			result.changes = *outcome->changes; /* borrowed */
		}
	}
	print_json(json_result_fields, &result);
}

static void append_files(struct strbuf *text, size_t count)
{
	strbuf_appendf(text, count == 1 ? "%zu file" : "%zu files", count);
}

static void append_sent(
	const struct push_report *report, const struct push_outcome *outcome, struct strbuf *text)
{
	int64_t elapsed_ms = loop_now_ms() - report->connected_ms;

	if (outcome->files_sent == 0) {
		strbuf_append_text(text, "Nothing had to be sent: ");
		progress_bar_format_bytes(text, outcome->bytes_total);
		strbuf_append_text(text, " in ");
		append_files(text, outcome->files_total);
		strbuf_append_text(text,
			outcome->files_total == 1 ? " was there already." : " were there already.");
		return;
	}
	strbuf_append_text(text, "Sent ");
	progress_bar_format_bytes(text, outcome->bytes_sent);
	strbuf_append_text(text, " in ");
	append_files(text, outcome->files_sent);
	strbuf_append_text(text, " in ");
	if (elapsed_ms < 10 * 1000) {
		strbuf_appendf(text, "%.1f s", (double)elapsed_ms / 1000);
	} else {
		progress_bar_format_seconds(text, elapsed_ms / 1000);
	}
	if (elapsed_ms > 0 && outcome->bytes_sent > elapsed_ms) { /* over 1 kB/s */
		strbuf_append_text(text, " (");
		progress_bar_format_bytes(text, outcome->bytes_sent * 1000 / elapsed_ms);
		strbuf_append_text(text, "/s)");
	}
	if (outcome->bytes_sent < outcome->bytes_total) {
		strbuf_append_text(text, "; ");
		progress_bar_format_bytes(text, outcome->bytes_total - outcome->bytes_sent);
		strbuf_append_text(text, " were there already");
	}
	strbuf_append_char(text, '.');
}

/* One line for a kind of change, and with -v each file. */
static void tell_change(const struct push_report *report, const char *verb, const char *rest,
	int64_t count, const struct strvec *paths)
{
	if (count == 0) {
		return;
	}
	printf("%s %lld %s%s\n", verb, (long long)count, count == 1 ? "file" : "files", rest);
	for (size_t i = 0; report->verbose && i < paths->count; i++) {
		AUTO(free_ptr) char *line = xasprintf("  %s", paths->items[i]);

		print_line(stdout, line);
	}
	if (report->verbose && count > (int64_t)paths->count) {
		printf("  … and %lld more\n", (long long)count - (long long)paths->count);
	}
}

static void tell_changes(const struct push_report *report, const struct push_outcome *outcome)
{
	const struct upload_changes *changes = outcome->changes;
	bool dry = outcome->dry_run;

	if (changes == NULL) {
		return;
	}
	tell_change(
		report, dry ? "Would add" : "Added", ".", changes->added_count, &changes->added);
	tell_change(report, dry ? "Would replace" : "Replaced", ".", changes->replaced_count,
		&changes->replaced);
	tell_change(report, dry ? "Would replace and keep" : "Replaced and kept",
		dry ? " changed on the Deck, too."
		    : " changed on the Deck, too; 'capydeck ctl games kept' there lists them.",
		changes->kept_count, &changes->kept);
	tell_change(report, dry ? "Would remove" : "Removed", ".", changes->removed_count,
		&changes->removed);
	tell_change(report, dry ? "Would leave" : "Left", " as changed or deleted on the Deck.",
		changes->stays_count, &changes->stays);
}

static void end_dry(const struct push_report *report, const struct push_outcome *outcome)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	strbuf_append_text(&text, "Would send ");
	progress_bar_format_bytes(&text, outcome->bytes_sent);
	strbuf_append_text(&text, " in ");
	append_files(&text, outcome->files_sent);
	strbuf_appendf(&text, " to %s on %s.",
		outcome->path != NULL ? outcome->path : "its library", outcome->agent_name);
	print_line(stdout, text.data);
	tell_changes(report, outcome);
	puts("Nothing was changed.");
}

static void end_done(const struct push_report *report, const struct push_outcome *outcome)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (outcome->dry_run) {
		end_dry(report, outcome);
		return;
	}

	append_sent(report, outcome, &text);
	print_line(stdout, text.data);
	strbuf_reset(&text);
	strbuf_appendf(&text, "Installed on %s in %s", outcome->agent_name,
		outcome->path != NULL ? outcome->path : "its library");
	if (outcome->app_id != 0) {
		strbuf_appendf(&text, ", app id %" PRIu32, outcome->app_id);
	}
	strbuf_append_char(&text, '.');
	print_line(stdout, text.data);
	tell_changes(report, outcome);
	if (outcome->message != NULL && outcome->message[0] != '\0') {
		print_line(stdout, outcome->message);
	}
}

static char *describe_interruption(const struct push_outcome *outcome)
{
	struct strbuf text = { 0 };

	if (outcome == NULL || outcome->upload_id == NULL) {
		return xstrdup("Stopped before anything was sent.");
	}
	strbuf_append_text(&text, "Stopped at ");
	progress_bar_format_bytes(&text, outcome->bytes_held);
	strbuf_append_text(&text, " of ");
	progress_bar_format_bytes(&text, outcome->bytes_total);
	strbuf_append_text(&text, "; run the same command again to continue from there.");
	return strbuf_detach(&text);
}

static char *describe_failure(
	enum push_end end, const struct push_outcome *outcome, const struct error *err)
{
	if (end == PUSH_INTERRUPTED) {
		return describe_interruption(outcome);
	}
	if (outcome != NULL && outcome->upload_id != NULL &&
		(end == PUSH_UNREACHABLE || end == PUSH_NO_SPACE)) {
		return xasprintf(
			"%s. What was sent is kept; run the same command again to continue "
			"from there.",
			err->message);
	}
	return xstrdup(err->message);
}

int push_report_end(struct push_report *report, enum push_end end,
	const struct push_outcome *outcome, const struct error *err)
{
	AUTO(free_ptr) char *message = NULL;

	push_report_make_way(report);
	if (end != PUSH_DONE) {
		message = describe_failure(end, outcome, err);
	}
	if (report->mode == PUSH_REPORT_JSON) {
		end_json(report, end, outcome, message);
	} else if (end == PUSH_INTERRUPTED) {
		print_line(stderr, message);
	} else if (end != PUSH_DONE) {
		fputs("capydeck push: ", stderr);
		print_error(message);
	} else if (report->mode == PUSH_REPORT_HUMAN) {
		end_done(report, outcome);
	}
	return exit_code(end, outcome);
}
