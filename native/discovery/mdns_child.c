#include "discovery/mdns_child.h"

#include "core/child_lines.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "proto/proto_mdns.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAM_NAME "capydeck-mdns"
#define GOODBYE_WAIT_MS 1000

struct mdns_child {
	struct child_lines *lines;
	struct error why; /* it said that it ends, or zeroed */
	const struct mdns_child_events *events;
	void *user;
};

static bool on_reported(void *user, const char *line, size_t length)
{
	struct mdns_child *child = user;
	struct mdns_report report = { 0 };
	bool ok = json_read_text(&report, mdns_report_fields, line, length, NULL);

	if (ok && strcmp(report.event, MDNS_CANNOT) == 0) {
		error_set(&child->why, ERROR_IO, "%s",
			report.error != NULL ? report.error : PROGRAM_NAME " failed");
	} else if (ok && strcmp(report.event, MDNS_PONG) != 0) {
		child->events->reported(child->user, &report);
	}
	json_finish(&report, mdns_report_fields);
	return ok;
}

static void on_ended(void *user, const struct error *why)
{
	struct mdns_child *child = user;

	if (child->why.kind == ERROR_NONE) {
		child->why = *why;
	}
	child->events->ended(child->user, &child->why);
}

static void on_ping(void *user)
{
	mdns_child_send(user, &(struct mdns_order){ .verb = MDNS_PING });
}

struct mdns_child *mdns_child_create(struct loop *loop, int64_t ping_ms,
	const struct mdns_child_events *events, void *user, struct error *err)
{
	AUTO(free_ptr) char *program = path_beside_program(PROGRAM_NAME);
	const char *const argv[] = { program, NULL };
	struct mdns_child *child = xcalloc(1, sizeof(*child));

	child->events = events;
	child->user = user;
	child->lines = child_lines_create(loop,
		&(struct child_lines_options){
			.argv = argv,
			.name = PROGRAM_NAME,
			.reports_on_stdout = true,
			.report_max_bytes = MDNS_LINE_MAX_BYTES,
			.reported = on_reported,
			.ended = on_ended,
			.ping = on_ping,
			.ping_ms = ping_ms,
			.user = child,
		},
		err);
	if (child->lines == NULL) {
		mdns_child_destroy(child);
		return NULL;
	}
	child_lines_watch(child->lines);
	return child;
}

void mdns_child_send(struct mdns_child *child, const struct mdns_order *order)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_write(&line, mdns_order_fields, order);
	if (!child_lines_send(child->lines, &line, NULL)) {
		child_lines_kill(child->lines, "does not read its orders");
	}
}

void mdns_child_destroy(struct mdns_child *child)
{
	if (child == NULL) {
		return;
	}
	if (child->lines != NULL) {
		child_lines_end(child->lines);
		child_lines_wait(child->lines, GOODBYE_WAIT_MS);
		child_lines_destroy(child->lines);
	}
	free(child);
}
