/*
 * Whatever a Hub sends in a whole session with a whole agent, and whatever its owner asks
 * meanwhile, each message is answered once, unless the connection ends.
 *
 * An input's lines: "#<header>|<bytes>" is a binary message as chunks are sent, "!<bytes>" any
 * other, "^t" and "^b" are messages that are too big; "=" confirms the code that is shown, "-"
 * connects again, "/" goes on with another Hub, "~" lets half a minute pass; ">…" is a line that
 * the owner's command line sends; everything else is a text message. "$" is the id of the upload
 * that began last, "%" the token that was given last, "`" the agent's home.
 */
#include "agent/agent.h"
#include "agent/config.h"
#include "control/control.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "ipc/ipc_socket.h"
#include "pairing/pairing.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "ws/lws_loop.h"
#include "ws/ws_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HUBS 2
#define MESSAGES_MAX 64
#define OVERSIZE_MAX 2 /* they are slow */
#define ID_BYTES 64
#define ANSWER_WAIT_MS (60 * 1000) /* of a slow machine */
#define END_OF_ANSWERS "fuzz-end"

struct hub {
	struct ws_client *client;
	struct ws_conn *conn;
	bool is_over; /* closed, or never opened */
	bool is_settled;
	bool uses_event_ids; /* its own ids look like events: answers cannot be counted */
	unsigned sent_count, answered_count;
};

static struct loop *loop;
static struct lws_loop *lws_loop;
static struct worker *worker;
static struct loop_timer *deadline;
static struct agent *agent;

/* The owner's command line. */
static struct owner {
	int fd;
	struct loop_watch *watch;
	struct strbuf input;
	bool is_settled;
	bool is_over; /* the agent has hung up */
} owner;

static char upload_id[ID_BYTES], token[ID_BYTES];

static void *on_opened(void *opener, struct ws_conn *conn)
{
	struct hub *hub = opener;

	hub->conn = conn;
	loop_stop(loop);
	return hub;
}

static void note_text(char kept[ID_BYTES], const struct envelope *message, const char *key)
{
	const char *text = json_string(json_member(message->payload, key));

	fuzz_require(text != NULL && strlen(text) < ID_BYTES);
	strcpy(kept, text);
}

static void note_answer(const struct envelope *message)
{
	if (strcmp(message->type, "upload_init_response") == 0) {
		note_text(upload_id, message, "uploadId");
	} else if (strcmp(message->type, "pair_success") == 0) {
		note_text(token, message, "token");
	}
}

static void on_text(void *user, struct ws_conn *conn, const char *text, size_t length)
{
	struct hub *hub = user;
	AUTO(envelope_finish) struct envelope message = { 0 };

	fuzz_require(envelope_read(&message, text, length, NULL));
	if (message.id != NULL && strcmp(message.id, END_OF_ANSWERS) == 0) {
		hub->is_settled = true;
	} else if (message.id == NULL || strncmp(message.id, "event-", 6) != 0) {
		hub->answered_count++;
		note_answer(&message);
		fuzz_require(hub->uses_event_ids || hub->answered_count <= hub->sent_count);
	}
	loop_stop(loop);
}

static void on_binary(void *user, struct ws_conn *conn, struct strbuf *message)
{
	fuzz_require(false); /* an agent sends none */
}

static void on_closed(void *user, struct ws_conn *conn, unsigned code, const char *reason)
{
	struct hub *hub = user;

	hub->conn = NULL;
	hub->is_over = true;
	loop_stop(loop);
}

static void on_failed(void *opener, const struct error *err)
{
	struct hub *hub = opener;

	hub->is_over = true;
	loop_stop(loop);
}

static const struct ws_events events = {
	.opened = on_opened,
	.text = on_text,
	.binary = on_binary,
	.closed = on_closed,
};

static void on_deadline(void *user)
{
	fuzz_require(false); /* something was not answered */
}

static void connect_hub(struct hub *hub)
{
	ws_client_destroy(hub->client);
	*hub = (struct hub){ 0 };
	hub->client = ws_client_create(lws_loop,
		&(struct ws_client_options){
			.host = "127.0.0.1",
			.port = agent_port(agent),
			.path = PROTO_ENDPOINT_PATH,
			.connect_wait_ms = ANSWER_WAIT_MS,
			.limits = {
				.max_message_bytes = MAX_MESSAGE_BYTES,
				.max_queued_bytes = 2 * MAX_MESSAGE_BYTES,
			},
			.events = &events,
			.owner = hub,
			.failed = on_failed,
		},
		NULL);
	fuzz_require(hub->client != NULL);
	while (hub->conn == NULL && !hub->is_over) {
		lws_loop_run(lws_loop);
	}
}

static void send_bytes(struct hub *hub, const void *bytes, size_t length, bool is_binary)
{
	struct strbuf message = { 0 };

	if (hub->conn == NULL) {
		return;
	}
	strbuf_append(&message, bytes, length);
	hub->sent_count++;
	hub->uses_event_ids |=
		memmem(bytes, length, "event-", 6) != NULL ||
		memmem(bytes, length, "\\u", 2) != NULL ||
		memmem(bytes, length, END_OF_ANSWERS, sizeof(END_OF_ANSWERS) - 1) != NULL;
	if (is_binary) {
		ws_conn_send_binary_take(hub->conn, &message);
	} else {
		ws_conn_send_take(hub->conn, &message);
	}
}

static void send_text(struct hub *hub, const char *text)
{
	send_bytes(hub, text, strlen(text), false);
}

static void send_frame(struct hub *hub, const char *line, size_t length)
{
	const char *bar = memchr(line, '|', length);
	size_t header_length = bar != NULL ? (size_t)(bar - line) : length;
	uint32_t prefix = htonl((uint32_t)header_length);
	AUTO(strbuf_finish) struct strbuf frame = { 0 };

	strbuf_append(&frame, &prefix, sizeof(prefix));
	strbuf_append(&frame, line, header_length);
	if (bar != NULL) {
		strbuf_append(&frame, bar + 1, length - header_length - 1);
	}
	send_bytes(hub, frame.data, frame.length, true);
}

/* Until everything sent so far has been seen by the agent, and answered. */
static void settle(struct hub *hub)
{
	struct strbuf ping = { 0 };

	if (hub->conn == NULL) {
		return;
	}
	hub->is_settled = false;
	strbuf_append_text(&ping, "{\"id\":\"" END_OF_ANSWERS "\",\"type\":\"ping\"}");
	ws_conn_send_take(hub->conn, &ping);
	loop_timer_set(deadline, ANSWER_WAIT_MS);
	while (!hub->is_over &&
		(!hub->is_settled ||
			(!hub->uses_event_ids && hub->answered_count < hub->sent_count))) {
		lws_loop_run(lws_loop);
	}
	loop_timer_stop(deadline);
}

/* --- The owner --- */

static void on_owner_readable(void *user, uint32_t ready)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	char bytes[4096];
	ssize_t count = recv(owner.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (count == 0 || (count < 0 && errno != EAGAIN)) {
		owner.is_over = true;
		loop_watch_set(owner.watch, 0);
	} else if (count > 0) {
		strbuf_append(&owner.input, bytes, (size_t)count);
	}
	while (strbuf_take_line(&owner.input, &line)) {
		AUTO(json_free_ptr)
		cJSON *message = json_parse(strbuf_text(&line), line.length, NULL);
		const char *id = json_string(json_member(message, "id"));

		fuzz_require(message != NULL);
		owner.is_settled |= id != NULL && strcmp(id, END_OF_ANSWERS) == 0;
	}
	loop_stop(loop);
}

static bool refuse_release(void *user, struct error *err)
{
	return error_set(err, ERROR_CONFLICT, "no other agent is waiting");
}

static void owner_connect(const char *path)
{
	struct sockaddr_un address;

	owner = (struct owner){ .fd = -1 };
	fuzz_require(ipc_socket_address(path, &address, NULL));
	owner.fd = ipc_socket_connect(&address);
	fuzz_require(owner.fd >= 0);
	owner.watch = loop_watch_add(loop, owner.fd, LOOP_READ, on_owner_readable, NULL);
}

static void owner_leave(void)
{
	loop_watch_remove(owner.watch);
	close(owner.fd);
	strbuf_finish(&owner.input);
}

static void owner_send(const char *line, size_t length)
{
	static const char last[] =
		"\n{\"jsonrpc\":\"2.0\",\"id\":\"" END_OF_ANSWERS "\",\"method\":\"status\"}\n";

	if (owner.is_over || length > 60 * 1024) {
		return;
	}
	owner.is_settled = false;
	if (send(owner.fd, line, length, MSG_NOSIGNAL) != (ssize_t)length ||
		send(owner.fd, last, sizeof(last) - 1, MSG_NOSIGNAL) < 0) {
		return;
	}
	loop_timer_set(deadline, ANSWER_WAIT_MS);
	while (!owner.is_settled && !owner.is_over) {
		lws_loop_run(lws_loop);
	}
	loop_timer_stop(deadline);
}

/* --- The input --- */

static void confirm_code(struct hub *hub)
{
	const struct pairing_shown *shown;
	AUTO(free_ptr) char *text = NULL;

	settle(hub);
	shown = pairing_shown(agent_pairing(agent));
	if (shown != NULL) {
		text = xasprintf("{\"id\":\"c\",\"type\":\"pair_confirm\",\"payload\":{\"code\":"
				 "\"%s\"}}",
			shown->code);
		send_text(hub, text);
		settle(hub);
	}
}

static void send_oversize(struct hub *hub, bool is_binary)
{
	static const char header[] = "{\"id\":\"big\",\"uploadId\":\"x\"}";
	uint32_t prefix = htonl(sizeof(header) - 1);
	AUTO(strbuf_finish) struct strbuf message = { 0 };

	strbuf_append(&message, &prefix, sizeof(prefix));
	strbuf_append_text(&message, header);
	strbuf_extend(&message, MAX_MESSAGE_BYTES + 16 - message.length);
	memset(message.data + sizeof(prefix) + sizeof(header) - 1, 'x',
		message.length - sizeof(prefix) - sizeof(header) + 1);
	send_bytes(hub, is_binary ? message.data : message.data + sizeof(prefix),
		is_binary ? message.length : message.length - sizeof(prefix), is_binary);
}

/* The line with ids in the place of their signs. */
static void put_ids(struct hub *hub, struct strbuf *text, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (line[i] == '$' || line[i] == '%') {
			settle(hub);
			strbuf_append_text(text, line[i] == '$' ? upload_id : token);
		} else if (line[i] == '`') {
			strbuf_append_text(text, getenv("HOME"));
		} else {
			strbuf_append_char(text, line[i]);
		}
	}
}

static void take_line(struct hub *hub, const char *line, size_t length)
{
	switch (length > 0 ? line[0] : '\0') {
	case '#':
		send_frame(hub, line + 1, length - 1);
		break;
	case '!':
		send_bytes(hub, line + 1, length - 1, true);
		break;
	case '>':
		settle(hub);
		owner_send(line + 1, length - 1);
		break;
	case '=':
		confirm_code(hub);
		break;
	case '-':
		settle(hub);
		connect_hub(hub);
		break;
	case '~':
		settle(hub);
		fuzz_clock_skip(30 * 1000);
		settle(hub);
		break;
	default:
		send_bytes(hub, line, length, false);
		break;
	}
}

static void take_lines(struct hub hubs[HUBS], struct fuzz_lines lines)
{
	struct hub *hub = &hubs[0];
	unsigned oversize_count = 0;
	const char *given;
	size_t length;

	for (unsigned i = 0; i < MESSAGES_MAX && fuzz_next_line(&lines, &given, &length); i++) {
		AUTO(strbuf_finish) struct strbuf line = { 0 };

		put_ids(hub, &line, given, length);
		if (length > 0 && given[0] == '/') {
			settle(hub);
			hub = hub == &hubs[0] ? &hubs[1] : &hubs[0];
			if (hub->client == NULL) {
				connect_hub(hub);
			}
		} else if (length > 1 && given[0] == '^') {
			if (oversize_count++ < OVERSIZE_MAX) {
				send_oversize(hub, given[1] == 'b');
			}
		} else {
			take_line(hub, strbuf_text(&line), line.length);
		}
	}
}

static void init(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_create();
	lws_loop = lws_loop_create(loop, NULL);
	worker = worker_create(loop, 2);
	deadline = loop_timer_create(loop, on_deadline, NULL);
	fuzz_require(lws_loop != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *home = fuzz_folder();
	AUTO(free_ptr) char *settings = xasprintf("%s/settings.json", home);
	AUTO(free_ptr) char *notice = NULL;
	AUTO(paths_finish) struct paths paths = { 0 };
	AUTO(config_finish) struct config config = { 0 };
	AUTO(free_ptr) char *socket_path = xasprintf("%s/agent.sock", home);
	struct hub hubs[HUBS] = { { .client = NULL } };
	struct control *control;

	if (loop == NULL) {
		init();
	}
	setenv("HOME", home, 1);
	setenv("XDG_RUNTIME_DIR", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	fuzz_require(paths_init(&paths, NULL, NULL));
	config_load(&config, settings, &notice);
	control = control_create(loop);
	agent = agent_create(&(struct agent_options){ .loop = loop,
				     .steam_ui = control_steam_ui(control),
				     .lws_loop = lws_loop,
				     .worker = worker,
				     .paths = &paths,
				     .config = &config },
		NULL);
	fuzz_require(agent != NULL);
	fuzz_require(control_open(control,
		&(struct control_options){ .agent = agent,
			.socket_path = socket_path,
			.role = "fuzz",
			.release = refuse_release },
		NULL));
	owner_connect(socket_path);
	upload_id[0] = token[0] = '\0';
	connect_hub(&hubs[0]);
	take_lines(hubs, fuzz_lines_of(data, size));
	for (size_t i = 0; i < HUBS; i++) {
		settle(&hubs[i]);
		ws_client_destroy(hubs[i].client);
	}
	owner_leave();
	control_close(control);
	agent_destroy(agent);
	control_destroy(control);
	return 0;
}
