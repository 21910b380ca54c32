#include "push/push_transfer.h"

#include "agent_fixture.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "folder.h"
#include "proto/proto_constants.h"
#include "proto/proto_steam.h"
#include "push/agent_tokens.h"
#include "push/push_manifest.h"
#include "suite.h"
#include "ws/lws_loop.h"
#include "ws/ws_conn.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS "deck.example:9999"
#define FILE_BYTES (4 * AGENT_FIXTURE_CHUNK_BYTES)

static struct agent_fixture agent;
static struct push_transfer *push;
static struct agent_tokens tokens;
static struct worker *worker;
static struct push_manifest manifest;
static char root[FOLDER_BYTES], config[FOLDER_BYTES];
static int64_t retry_ms;
static unsigned wanted_count, unwanted_count, connected_count, finished_count, notice_count;
static enum push_end end;
static struct error failure;
static char notice[256];

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	wanted_count++;
	push_transfer_confirm(push, AGENT_FIXTURE_CODE);
}

static void on_code_unwanted(void *user)
{
	unwanted_count++;
}

static void on_paired(void *user)
{
}

static void on_connected(void *user, const char *agent_name)
{
	ck_assert_str_eq(agent_name, "Fixture");
	connected_count++;
}

static void on_progress(void *user, const struct push_progress *progress)
{
	ck_assert_int_ge(progress->bytes_done, 0);
	ck_assert_int_le(progress->bytes_done, progress->bytes_total);
}

static void on_notice(void *user, const char *text)
{
	notice_count++;
	snprintf(notice, sizeof(notice), "%s", text);
}

static void on_finished(void *user, enum push_end how, const struct error *err)
{
	finished_count++;
	end = how;
	if (err != NULL) {
		failure = *err;
	}
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

static void write_file(const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", root, name);
	AUTO(free_ptr) char *data = xcalloc(1, FILE_BYTES);
	AUTO(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_eq(write(fd, data, FILE_BYTES), FILE_BYTES);
}

static void start(void)
{
	AUTO(free_ptr) char *lost = NULL;

	folder_make(root);
	folder_make(config);
	write_file("a");
	write_file("b");
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	ck_assert(agent_tokens_init(&tokens, config, &lost, NULL));
	agent = (struct agent_fixture){ .script = NULL };
	agent_fixture_start(&agent);
	worker = worker_create(agent.loop, 2);
	retry_ms = 60 * 1000;
}

static void stop(void)
{
	push_transfer_destroy(push);
	worker_destroy(worker);
	agent_fixture_stop(&agent);
	agent_tokens_finish(&tokens);
	push_manifest_finish(&manifest);
	folder_remove(root);
	folder_remove(config);
}

static void transfer(void)
{
	static const struct upload_config upload = { .game_name = "Test", .executable = "a" };
	static const struct shortcut_config shortcut = { .name = "Test", .exe = "a" };
	const struct push_transfer_options options = {
		.link = {
			.lws_loop = agent.lws_loop,
			.tokens = &tokens,
			.host = "127.0.0.1",
			.port = agent_fixture_port(&agent),
			.address = ADDRESS,
			.hub_name = "test",
			.retry_ms = retry_ms,
		},
		.worker = worker,
		.manifest = &manifest,
		.upload = &upload,
		.shortcut = &shortcut,
		.in_flight_count = 2,
	};

	push = push_transfer_create(&options, &events, NULL);
	AGENT_FIXTURE_RUN_UNTIL(&agent, finished_count > 0);
	ck_assert_uint_eq(finished_count, 1);
}

/* The fixture's Agent does not make them. */
START_TEST(empty_folders_that_are_not_sent_are_told)
{
	strvec_push(&manifest.folders, "saves");
	transfer();
	ck_assert_int_eq(end, PUSH_DONE);
	ck_assert_uint_eq(notice_count, 1);
	ck_assert_ptr_nonnull(strstr(notice, "empty folders are not sent: 'saves'"));
}
END_TEST

static void assert_end(enum push_end how, const char *message)
{
	ck_assert_msg(end == how, "%d: %s", end, failure.message);
	ck_assert_msg(strstr(failure.message, message) != NULL, "%s", failure.message);
}

START_TEST(a_game_is_sent_and_installed)
{
	struct push_outcome outcome;

	transfer();
	ck_assert_int_eq(end, PUSH_DONE);
	ck_assert_uint_eq(wanted_count, 1);
	ck_assert_uint_eq(connected_count, 1);
	ck_assert_uint_eq(notice_count, 0);
	outcome = push_transfer_outcome(push);
	ck_assert_str_eq(outcome.path, "/games/test");
	ck_assert_str_eq(outcome.message, "hello");
	ck_assert_str_eq(outcome.upload_id, "upload-1");
	ck_assert_uint_eq(outcome.app_id, 7);
	ck_assert_int_eq(outcome.bytes_sent, 2 * FILE_BYTES);
	ck_assert_int_eq(outcome.bytes_held, 2 * FILE_BYTES);
	ck_assert_uint_eq(outcome.files_sent, 2);
	ck_assert_int_eq(agent.bytes, 2 * FILE_BYTES);
}
END_TEST

START_TEST(what_is_held_counts_as_done)
{
	agent.resume_from = "{\"a\":16384,\"b\":4096}";
	transfer();
	ck_assert_int_eq(end, PUSH_DONE);
	ck_assert_int_eq(push_transfer_outcome(push).bytes_sent, FILE_BYTES - 4096);
	ck_assert_uint_eq(push_transfer_outcome(push).files_sent, 1);
}
END_TEST

static const struct {
	const char *request;
	int code;
	enum push_end end;
} refusals[] = {
	{ "hub_connected", PROTO_BLOCKED, PUSH_REFUSED },
	{ "hub_connected", PROTO_LOCKED_OUT, PUSH_REFUSED },
	{ "init_upload", PROTO_CONFLICT, PUSH_REFUSED },
	{ "init_upload", PROTO_NO_SPACE, PUSH_NO_SPACE },
	{ "init_upload", PROTO_UNAUTHORIZED, PUSH_PAIRING_NEEDED },
	{ "init_upload", PROTO_BAD_REQUEST, PUSH_FAILED },
	{ "complete_upload", PROTO_INTERNAL, PUSH_FAILED },
};
static int refusal;

static bool refuse(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, refusals[refusal].request) != 0) {
		return false;
	}
	agent_fixture_refuse(fixture, request->id, refusals[refusal].code, "because");
	return true;
}

START_TEST(a_refusal_ends_it_by_its_code)
{
	refusal = _i;
	agent.script = refuse;
	transfer();
	assert_end(refusals[_i].end, "because");
}
END_TEST

static const struct {
	const char *request, *type, *payload, *message;
	const char *told; /* what the outcome has of the Agent's message */
} strange_answers[] = {
	{ "init_upload", "pong", NULL, "answered 'init_upload' with 'pong'", NULL },
	{ "init_upload", "upload_init_response", "{\"chunkSize\":1}", "'uploadId'", NULL },
	{ "complete_upload", "pong", NULL, "answered 'complete_upload' with 'pong'", NULL },
	{ "complete_upload", "operation_result", "{\"path\":\"/x\"}", "'success'", NULL },
	{ "complete_upload", "operation_result", "{\"success\":false}", "no reason given", NULL },
	{ "complete_upload", "operation_result", "{\"success\":false,\"message\":\"on fire\"}",
		"could not install it: on fire", "on fire" },
};
static int strange;

static bool answer_strangely(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, strange_answers[strange].request) != 0) {
		return false;
	}
	agent_fixture_reply(fixture, request->id, strange_answers[strange].type,
		strange_answers[strange].payload);
	return true;
}

START_TEST(only_success_is_success)
{
	strange = _i;
	agent.script = answer_strangely;
	transfer();
	assert_end(PUSH_FAILED, strange_answers[_i].message);
	ck_assert_pstr_eq(push_transfer_outcome(push).message, strange_answers[_i].told);
	ck_assert_ptr_null(push_transfer_outcome(push).path);
}
END_TEST

static unsigned breaks_left;

static bool break_off(
	struct agent_fixture *fixture, const struct upload_chunk *header, size_t length)
{
	if (breaks_left == 0 || fixture->chunks % 3 != 0) {
		return false;
	}
	breaks_left--;
	ws_conn_close(fixture->conn, WS_CLOSE_GOING_AWAY, "bye");
	return true;
}

START_TEST(a_link_that_breaks_costs_nothing)
{
	breaks_left = 2;
	agent.chunk_script = break_off;
	transfer();
	ck_assert_int_eq(end, PUSH_DONE);
	ck_assert_uint_eq(agent.connections, 3);
	ck_assert_uint_eq(agent.inits, 3);
	ck_assert_uint_eq(connected_count, 1);
	ck_assert_uint_eq(unwanted_count, 2);
	ck_assert_str_eq(notice, "the Agent closed the connection: bye; reconnecting");
}
END_TEST

static bool never_complete(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, "complete_upload") != 0) {
		return false;
	}
	ws_conn_close(fixture->conn, WS_CLOSE_GOING_AWAY, "");
	return true;
}

/* It holds nothing after each break and accepts everything again: that is no progress. */
START_TEST(an_agent_that_never_gets_further_is_given_up)
{
	retry_ms = 300;
	agent.script = never_complete;
	transfer();
	assert_end(PUSH_UNREACHABLE, "still failing after 0 s");
	ck_assert_uint_le(agent.connections, 4);
	ck_assert_int_eq(push_transfer_outcome(push).bytes_total, 2 * FILE_BYTES);
}
END_TEST

START_TEST(a_file_that_changes_ends_it)
{
	AUTO(free_ptr) char *path = xasprintf("%s/b", root);

	ck_assert_int_eq(truncate(path, 5), 0);
	transfer();
	assert_end(PUSH_FAILED, "'b' changed");
}
END_TEST

static void pretend_files(size_t count, size_t name_length)
{
	push_manifest_finish(&manifest);
	manifest.files = xcalloc(count, sizeof(*manifest.files));
	manifest.files_count = count;
	for (size_t i = 0; i < count; i++) {
		struct push_file *file = &manifest.files[i];

		file->path = xasprintf("%0*zu", (int)name_length, i);
		memset(file->sha256, '0', sizeof(file->sha256) - 1);
	}
}

START_TEST(hashes_are_left_out_where_they_do_not_fit)
{
	pretend_files(60000, 80);
	transfer();
	ck_assert_int_eq(end, PUSH_DONE);
	ck_assert_uint_eq(notice_count, 1);
	ck_assert_ptr_nonnull(strstr(notice, "digests"));
}
END_TEST

START_TEST(a_list_that_does_not_fit_is_refused_here)
{
	pretend_files(60000, 200);
	transfer();
	assert_end(PUSH_FAILED, "the list of 60000 files exceeds");
	ck_assert_uint_eq(agent.inits, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("push_transfer");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, a_game_is_sent_and_installed);
	tcase_add_test(tcase, empty_folders_that_are_not_sent_are_told);
	tcase_add_test(tcase, what_is_held_counts_as_done);
	tcase_add_loop_test(tcase, a_refusal_ends_it_by_its_code, 0,
		(int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_loop_test(tcase, only_success_is_success, 0,
		(int)(sizeof(strange_answers) / sizeof(strange_answers[0])));
	tcase_add_test(tcase, a_link_that_breaks_costs_nothing);
	tcase_add_test(tcase, an_agent_that_never_gets_further_is_given_up);
	tcase_add_test(tcase, a_file_that_changes_ends_it);
	tcase_add_test(tcase, hashes_are_left_out_where_they_do_not_fit);
	tcase_add_test(tcase, a_list_that_does_not_fit_is_refused_here);
	return run_tcase(tcase);
}
