/*
 * Whatever an Agent answers, a push ends once, with an outcome that fits the game, and a key is
 * kept only if the Agent gave one.
 *
 * Each line of an input is the answer to the next request, "@" being the request's id; a line that
 * starts with "+" follows at once. ".", and when there are no more lines, an Agent answers as it
 * should. "-<code> <reason>" closes the connection, "~" lets a minute pass in silence.
 */
#include "push/push_transfer.h"

#include "../agent_fixture.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "proto/proto_steam.h"
#include "push/agent_tokens.h"
#include "push/push_manifest.h"
#include "ws/lws_loop.h"
#include "ws/ws_conn.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS "127.0.0.1:9999"
#define LARGE_BYTES 600 /* an Agent may ask for chunks of one byte */
#define SMALL_BYTES 10
#define FILES 3
#define RETRY_MS (60 * 1000)
#define RETRY_PAUSE_MS (16 * 1000) /* longer than the longest pause */
#define CODES_MAX 4
#define ANSWERS_MAX 100 /* to requests that an Agent can have repeated */
#define IDLE_MS 100	/* with nothing to do for so long, a minute passes */
#define MINUTE_MS (61 * 1000)

/* What the fixture's ck_assert() calls: there is no test runner here. */
void _mark_point(const char *file, int line);
void _ck_assert_failed(
	const char *file, int line, const char *expression, const char *message, ...);

void _mark_point(const char *file, int line)
{
}

void _ck_assert_failed(const char *file, int line, const char *expression, const char *message, ...)
{
	abort();
}

static struct agent_fixture agent;
static struct worker *worker;
static struct loop_timer *idle;
static struct push_manifest manifest;
static struct fuzz_lines lines;
static struct push_transfer *push;
static unsigned code_count, paired_count, finished_count, answer_count;
static enum push_end end_kind;

/* --- The Agent --- */

static void close_with(const char *line, size_t length)
{
	AUTO(free_ptr) char *text = xcalloc(1, length + 1);
	char *reason;
	unsigned code;

	memcpy(text, line, length);
	code = (unsigned)strtoul(text, &reason, 10);
	ws_conn_close(agent.conn, code >= 1000 && code < 5000 ? code : 1000,
		*reason == ' ' ? reason + 1 : "");
}

static void send_line(const char *line, size_t length, const char *id)
{
	struct strbuf text = { 0 };

	for (size_t i = 0; i < length; i++) {
		if (line[i] == '@') {
			strbuf_append_text(&text, id);
		} else {
			strbuf_append_char(&text, line[i]);
		}
	}
	ws_conn_send_take(agent.conn, &text);
}

/* True: the input has the answer, or none. */
static bool answer(const char *id)
{
	const char *line;
	size_t length;

	loop_timer_set(idle, IDLE_MS);
	if (++answer_count > ANSWERS_MAX || !fuzz_next_line(&lines, &line, &length) ||
		(length == 1 && line[0] == '.')) {
		return false;
	}
	if (length > 0 && line[0] == '-') {
		close_with(line + 1, length - 1);
		return true;
	}
	if (length > 0 && line[0] == '~') {
		fuzz_clock_skip(MINUTE_MS);
		return true;
	}
	send_line(line, length, id);
	while (lines.left > 0 && lines.at[0] == '+') {
		fuzz_next_line(&lines, &line, &length);
		send_line(line + 1, length - 1, id);
	}
	return true;
}

static bool on_request(struct agent_fixture *fixture, const struct envelope *request)
{
	return answer(request->id);
}

static bool on_chunk(
	struct agent_fixture *fixture, const struct upload_chunk *header, size_t length)
{
	fuzz_require(length > 0 && header->offset >= 0);
	return answer(header->id);
}

/* What came was no answer, and the push waits for one. */
static void on_idle(void *user)
{
	fuzz_clock_skip(MINUTE_MS);
	loop_timer_set(idle, IDLE_MS);
}

/* --- The push --- */

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	if (code_count++ >= CODES_MAX) {
		loop_stop(agent.loop); /* a person would give up now */
	} else if (code_count % 2 == 0) {
		push_transfer_renew_code(push);
	} else {
		push_transfer_confirm(push, AGENT_FIXTURE_CODE);
	}
}

static void on_code_unwanted(void *user)
{
}

static void on_paired(void *user)
{
	paired_count++;
}

static void on_connected(void *user, const char *agent_name)
{
	fuzz_require(agent_name != NULL);
}

static void on_progress(void *user, const struct push_progress *progress)
{
	fuzz_require(progress->bytes_done >= 0 && progress->bytes_done <= progress->bytes_total);
	fuzz_require(progress->path != NULL);
	if (progress->phase == PUSH_WAITING) {
		fuzz_clock_skip(RETRY_PAUSE_MS);
	}
}

static void on_notice(void *user, const char *text)
{
}

static void on_finished(void *user, enum push_end end, const struct error *err)
{
	fuzz_require(finished_count++ == 0);
	fuzz_require((end == PUSH_DONE) == (err == NULL));
	fuzz_require(err == NULL || err->message[0] != '\0');
	end_kind = end;
	loop_stop(agent.loop);
}

static const struct push_events events = {
	.code_wanted = on_code_wanted,
	.code_unwanted = on_code_unwanted,
	.paired = on_paired,
	.connected = on_connected,
	.progress = on_progress,
	.notice = on_notice,
	.finished = on_finished,
};

static void check_outcome(void)
{
	struct push_outcome outcome = push_transfer_outcome(push);

	fuzz_require(outcome.bytes_total == LARGE_BYTES + SMALL_BYTES);
	fuzz_require(outcome.files_total == FILES && outcome.files_sent <= FILES);
	fuzz_require(outcome.bytes_held >= 0 && outcome.bytes_held <= outcome.bytes_total);
	fuzz_require(outcome.bytes_sent >= 0); /* again, after a link that broke: more than all */
	if (finished_count > 0 && end_kind == PUSH_DONE) {
		fuzz_require(outcome.upload_id != NULL);
		fuzz_require(outcome.bytes_held == outcome.bytes_total);
	}
}

static void run_push(struct agent_tokens *tokens)
{
	const struct upload_config upload = { .game_name = (char *)"Doom",
		.executable = (char *)"small" };
	const struct push_transfer_options options = {
		.link = {
			.lws_loop = agent.lws_loop,
			.tokens = tokens,
			.host = "127.0.0.1",
			.port = agent_fixture_port(&agent),
			.address = ADDRESS,
			.hub_name = "fuzz",
			.retry_ms = RETRY_MS,
		},
		.worker = worker,
		.manifest = &manifest,
		.upload = &upload,
		.in_flight_count = 4,
	};

	code_count = paired_count = finished_count = answer_count = 0;
	push = push_transfer_create(&options, &events, NULL);
	loop_timer_set(idle, IDLE_MS);
	while (finished_count == 0 && code_count <= CODES_MAX) {
		lws_loop_run(agent.lws_loop);
	}
	loop_timer_stop(idle);
	check_outcome();
	push_transfer_destroy(push);
	worker_destroy(worker); /* after the reads that were under way */
	fuzz_require(tokens->tokens_count == 0 || paired_count > 0);
}

static char game[] = "/tmp/capydeck-fuzz-game-XXXXXX";

static void finish(void)
{
	loop_timer_destroy(idle);
	agent_fixture_stop(&agent);
	beneath_remove_tree(manifest.root_fd, ".", NULL);
	rmdir(game);
	push_manifest_finish(&manifest);
}

static void init(void)
{
	static const struct {
		const char *name;
		size_t size;
	} files[FILES] = { { "empty", 0 }, { "large", LARGE_BYTES }, { "small", SMALL_BYTES } };
	static const char bytes[LARGE_BYTES];

	fuzz_require(mkdtemp(game) != NULL);
	for (size_t i = 0; i < FILES; i++) {
		AUTO(free_ptr) char *path = xasprintf("%s/%s", game, files[i].name);

		fuzz_write_file(path, bytes, files[i].size);
	}
	fuzz_require(push_manifest_init(&manifest, game, NULL, NULL));
	agent.script = on_request;
	agent.chunk_script = on_chunk;
	agent_fixture_start(&agent);
	idle = loop_timer_create(agent.loop, on_idle, NULL);
	atexit(finish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *notice = NULL;
	struct agent_tokens tokens = { 0 };

	if (idle == NULL) {
		init();
	}
	lines = fuzz_lines_of(data, size);
	worker = worker_create(agent.loop, 1);
	fuzz_require(agent_tokens_init(&tokens, fuzz_folder(), &notice, NULL));
	run_push(&tokens);
	agent_tokens_finish(&tokens);
	return 0;
}
