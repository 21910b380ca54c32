#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "discovery/avahi_poll.h"
#include "mdns/packet_gate.h"
#include "mdns/responder.h"
#include "mdns/sightings.h"
#include "proto/proto_mdns.h"

#include <avahi-common/error.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Ten times what it needs where a hundred devices are. */
#define MEMORY_MAX_BYTES (24 * 1024 * 1024)

static const char help[] =
	"Usage: capydeck-mdns\n"
	"\n"
	"Announces a device on the network, or looks for devices, for 'capydeck', which starts it\n"
	"where avahi-daemon is not running: orders come in on standard input, reports go out on\n"
	"standard output. It is of no use on its own.\n";

/* The process; lives on main()'s stack. */
struct program {
	struct loop *loop;
	AvahiPoll poll;
	struct packet_gate *gate;
	struct loop_watch *input_watch;
	struct strbuf input; /* the beginning of a line */
	struct responder *responder;
	struct sightings *sightings;
	int code;
};

static void end(struct program *program, int code)
{
	program->code = code;
	loop_stop(program->loop);
}

static void send_report(void *user, struct mdns_report *report)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_write(&line, mdns_report_fields, report);
	strbuf_append_char(&line, '\n');
	if (line.length > MDNS_LINE_MAX_BYTES) {
		return; /* the TXT record is larger than any real service needs */
	}
	for (size_t sent = 0; sent < line.length;) {
		ssize_t length = write(STDOUT_FILENO, line.data + sent, line.length - sent);

		if (length < 0 && errno != EINTR) {
			end(user, 1); /* the reader has gone */
			return;
		}
		sent += length > 0 ? (size_t)length : 0;
	}
}

static void fail(struct program *program, const char *sentence)
{
	struct mdns_report report = { .event = MDNS_CANNOT, .error = sentence };

	send_report(program, &report);
	end(program, 1);
}

static void on_published(void *user)
{
	send_report(user, &(struct mdns_report){ .event = MDNS_PUBLISHED });
}

static void on_collided(void *user)
{
	send_report(user, &(struct mdns_report){ .event = MDNS_COLLISION });
	end(user, 0);
}

static void on_failed(void *user, int avahi_error)
{
	AUTO(free_ptr)
	char *sentence = xasprintf(
		"capydeck-mdns cannot use UDP port 5353 (%s)", avahi_strerror(avahi_error));

	fail(user, sentence);
}

static const struct responder_events responder_events = {
	.published = on_published,
	.collided = on_collided,
	.failed = on_failed,
};

static const struct sightings_events sightings_events = {
	.reported = send_report,
	.failed = on_failed,
};

/* --- Orders --- */

static bool publish(struct program *program, const struct mdns_order *order)
{
	if (program->responder != NULL || order->type == NULL || order->name == NULL ||
		order->host == NULL || order->port == 0 || order->port > UINT16_MAX) {
		return false;
	}
	program->responder = responder_create(
		program->loop, packet_gate_poll(program->gate), order, &responder_events, program);
	return true;
}

static bool update(struct program *program, const struct mdns_order *order)
{
	if (program->responder == NULL) {
		return false;
	}
	responder_update(program->responder, &order->txt);
	return true;
}

static bool browse(struct program *program, const struct mdns_order *order)
{
	if (program->sightings != NULL || order->type == NULL) {
		return false;
	}
	program->sightings = sightings_create(
		packet_gate_poll(program->gate), order->type, &sightings_events, program);
	return true;
}

static bool ping(struct program *program, const struct mdns_order *order)
{
	send_report(program, &(struct mdns_report){ .event = MDNS_PONG });
	return true;
}

static const struct verb {
	const char *name;
	bool (*obey)(struct program *program, const struct mdns_order *order);
} verbs[] = {
	{ MDNS_BROWSE, browse },
	{ MDNS_PING, ping },
	{ MDNS_PUBLISH, publish },
	{ MDNS_UPDATE, update },
};

static void obey(struct program *program, const struct strbuf *line)
{
	struct mdns_order order = { 0 };
	bool ok = json_read_text(&order, mdns_order_fields, line->data, line->length, NULL);

	for (size_t i = 0; ok && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, order.verb) == 0) {
			ok = verbs[i].obey(program, &order);
		}
	}
	json_finish(&order, mdns_order_fields);
	if (!ok) {
		fail(program, "capydeck-mdns received a malformed order");
	}
}

static void on_input(void *user, uint32_t events)
{
	struct program *program = user;
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	char buffer[4096];
	ssize_t length = read(STDIN_FILENO, buffer, sizeof(buffer));

	if (length < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (length <= 0) {
		end(program, 0);
		return;
	}
	strbuf_append(&program->input, buffer, (size_t)length);
	while (!loop_stopped(program->loop) && strbuf_take_line(&program->input, &line)) {
		obey(program, &line);
	}
	if (program->input.length > MDNS_LINE_MAX_BYTES) {
		fail(program, "capydeck-mdns received an order that is too long");
	}
}

static void on_signal(void *user, int signal_number)
{
	end(user, 0);
}

/* Whatever the network makes it store, this device's games need the memory: it starts again. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	const struct rlimit limit = { .rlim_cur = MEMORY_MAX_BYTES, .rlim_max = MEMORY_MAX_BYTES };

	setrlimit(RLIMIT_DATA, &limit);
#endif
}

int main(int argc, char **argv)
{
	struct program program = { .loop = loop_create() };

	if (argc > 1) {
		bool is_asked = strcmp(argv[1], "--help") == 0;

		fputs(help, is_asked ? stdout : stderr);
		return is_asked ? 0 : 2;
	}
	/* It reads what anyone on the network sends, so it must not be able to run a program. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	loop_on_signal(program.loop, SIGTERM, on_signal, &program);
	limit_memory();
	avahi_poll_init(&program.poll, program.loop);
	program.gate = packet_gate_create(&program.poll);
	program.input_watch =
		loop_watch_add(program.loop, STDIN_FILENO, LOOP_READ, on_input, &program);
	loop_run(program.loop);
	loop_watch_remove(program.input_watch);
	responder_destroy(program.responder);
	sightings_destroy(program.sightings);
	packet_gate_destroy(program.gate);
	strbuf_finish(&program.input);
	loop_destroy(program.loop);
	return program.code;
}
