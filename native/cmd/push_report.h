#pragma once

#include "push/push_events.h"
#include "terminal/progress_bar.h"

#include <stdint.h>

struct error;

/*
 * Reports a push to a user or a build server.
 *
 * PUSH_REPORT_HUMAN: a progress bar and notices on stderr, a summary on stdout.
 * PUSH_REPORT_JSON: one object per line on stdout. Events have "event" ("connected", "paired",
 *	"pairing_required", "progress", "notice"); the last line has "ok":
 *	{"ok":true,"uploadId","path","appId","message","bytesSent","bytesTotal","filesSent",
 *	"filesTotal","seconds","changes","dryRun"}, with changes as in protocol.md §5.14, or
 *{"ok":false,"error":{"code","message"},…}. PUSH_REPORT_QUIET: errors on stderr alone.
 */
enum push_report_mode { PUSH_REPORT_HUMAN, PUSH_REPORT_JSON, PUSH_REPORT_QUIET };

struct push_report {
	enum push_report_mode mode;
	struct progress_bar bar;
	int64_t started_ms;
	int64_t connected_ms; /* the time taken to enter the code does not count */
	int64_t reported_ms;  /* JSON: of the last progress */
	enum push_phase phase;
	bool verbose; /* HUMAN: name the files that are replaced, kept and removed */
};

void push_report_init(struct push_report *report, enum push_report_mode mode);

void push_report_connected(struct push_report *report, const char *agent_name);
void push_report_pairing(struct push_report *report, int64_t expires_in_s);
void push_report_paired(struct push_report *report);
void push_report_progress(struct push_report *report, const struct push_progress *progress);
/* Something else is about to be printed. */
void push_report_make_way(struct push_report *report);
void push_report_notice(struct push_report *report, const char *text);

/*
 * The final report. outcome NULL: there was no connection; err NULL: it is done, or interrupted.
 * Returns the exit code: 0 done, 1 failed, 3 pairing needed, 4 unreachable, 5 refused, 6 no space,
 * 7 installed without the shortcut, 8 its shortcut follows, 130 interrupted.
 */
int push_report_end(struct push_report *report, enum push_end end,
	const struct push_outcome *outcome, const struct error *err);
