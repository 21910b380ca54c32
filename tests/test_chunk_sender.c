#include "push/chunk_sender.h"

#include "agent_fixture.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "folder.h"
#include "proto/proto_constants.h"
#include "push/agent_client.h"
#include "push/push_manifest.h"
#include "suite.h"
#include "ws/lws_loop.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BIG_BYTES (10 * AGENT_FIXTURE_CHUNK_BYTES + 7)

static struct agent_fixture agent;
static struct agent_client *client;
static struct worker *worker;
static struct push_manifest manifest;
static struct chunk_sender *sender;
static char root[FOLDER_BYTES];
static bool is_ready;
static unsigned finished_count, failed_count;
static int64_t acknowledged_bytes;
static struct error failure;

static void write_file(const char *name, size_t size)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", root, name);
	AUTO(free_ptr) char *data = xcalloc(1, size + 1);
	AUTO(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	memset(data, 'x', size);
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
}

static void on_ready(void *user, const struct agent_status *status)
{
	is_ready = true;
	loop_stop(agent.loop);
}

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	ck_abort();
}

static void on_paired(void *user, const char *token)
{
	ck_abort();
}

static void on_drained(void *user)
{
	if (sender != NULL) {
		chunk_sender_pump(sender);
	}
}

static void on_lost(void *user, const struct error *err)
{
	ck_abort_msg("%s", err->message);
}

static const struct agent_client_events client_events = {
	.ready = on_ready,
	.code_wanted = on_code_wanted,
	.paired = on_paired,
	.drained = on_drained,
	.lost = on_lost,
};

static void on_acknowledged(void *user, size_t file_index, int64_t bytes)
{
	ck_assert_uint_lt(file_index, manifest.files_count);
	acknowledged_bytes += bytes;
}

static void on_finished(void *user)
{
	finished_count++;
	loop_stop(agent.loop);
}

static void on_failed(void *user, const struct error *err)
{
	failed_count++;
	failure = *err;
	loop_stop(agent.loop);
}

static const struct chunk_sender_events events = {
	.acknowledged = on_acknowledged,
	.finished = on_finished,
	.failed = on_failed,
};

#define RUN_UNTIL(condition) AGENT_FIXTURE_RUN_UNTIL(&agent, condition)

static void start(void)
{
	struct agent_client_options options = {
		.host = "127.0.0.1",
		.address = "127.0.0.1",
		.hub_id = "0123456789abcdef",
		.hub_name = "test",
		.token = AGENT_FIXTURE_KEY,
		.max_queued_bytes = MAX_MESSAGE_BYTES,
	};

	folder_make(root);
	write_file("big", BIG_BYTES);
	write_file("empty", 0);
	write_file("small", 10);
	ck_assert(push_manifest_init(&manifest, root, NULL, NULL));
	agent = (struct agent_fixture){ .script = NULL };
	agent_fixture_start(&agent);
	options.port = agent_fixture_port(&agent);
	worker = worker_create(agent.loop, 2);
	client = agent_client_create(agent.lws_loop, &options, &client_events, NULL, NULL);
	RUN_UNTIL(is_ready);
}

static void stop(void)
{
	agent_client_destroy(client);
	chunk_sender_destroy(sender);
	worker_destroy(worker);
	agent_fixture_stop(&agent);
	push_manifest_finish(&manifest);
	folder_remove(root);
}

static void send_with(struct json_map held, unsigned in_flight_count)
{
	const struct chunk_sender_options options = {
		.client = client,
		.worker = worker,
		.manifest = &manifest,
		.upload_id = "upload-1",
		.resume_from = &held,
		.chunk_size_bytes = AGENT_FIXTURE_CHUNK_BYTES,
		.in_flight_count = in_flight_count,
	};

	sender = chunk_sender_create(&options, &events, NULL);
	chunk_sender_pump(sender);
}

static void send_all(unsigned in_flight_count)
{
	send_with((struct json_map){ .count = 0 }, in_flight_count);
}

static void assert_failed(enum error_kind kind, const char *message)
{
	RUN_UNTIL(failed_count + finished_count > 0);
	ck_assert_uint_eq(failed_count, 1);
	ck_assert_int_eq(failure.kind, kind);
	ck_assert_msg(strstr(failure.message, message) != NULL, "%s", failure.message);
}

START_TEST(everything_is_sent)
{
	send_all(8);
	RUN_UNTIL(finished_count == 1);
	ck_assert_int_eq(agent.bytes, BIG_BYTES + 10);
	ck_assert_int_eq(acknowledged_bytes, BIG_BYTES + 10);
	ck_assert_uint_eq(agent.chunks, 12);
	ck_assert_int_eq(chunk_sender_held_bytes(sender), 0);
}
END_TEST

START_TEST(what_is_held_is_not_sent)
{
	struct json_map_entry held[] = {
		{ "big", 9 * AGENT_FIXTURE_CHUNK_BYTES },
		{ "small", 11 }, /* more than there is */
		{ "empty", -1 }, /* less than nothing */
		{ "unknown", 11 },
	};

	send_with((struct json_map){ held, 4 }, 8);
	ck_assert_int_eq(chunk_sender_held_bytes(sender), 9 * AGENT_FIXTURE_CHUNK_BYTES);
	RUN_UNTIL(finished_count == 1);
	ck_assert_int_eq(agent.bytes, AGENT_FIXTURE_CHUNK_BYTES + 7 + 10);
}
END_TEST

/* JSON may name a member twice; it must count once. */
START_TEST(a_file_that_is_named_twice_counts_once)
{
	struct json_map_entry held[] = {
		{ "big", BIG_BYTES },
		{ "big", AGENT_FIXTURE_CHUNK_BYTES },
		{ "small", 10 },
		{ "small", 10 },
	};

	send_with((struct json_map){ held, 4 }, 8);
	ck_assert_int_eq(chunk_sender_held_bytes(sender), AGENT_FIXTURE_CHUNK_BYTES + 10);
	RUN_UNTIL(finished_count == 1);
	ck_assert_int_eq(acknowledged_bytes, BIG_BYTES - AGENT_FIXTURE_CHUNK_BYTES);
}
END_TEST

START_TEST(nothing_to_send_is_finished_at_once)
{
	struct json_map_entry held[] = { { "big", BIG_BYTES }, { "small", 10 } };

	send_with((struct json_map){ held, 2 }, 8);
	ck_assert_uint_eq(finished_count, 1);
}
END_TEST

static char waiting_id[64];
static unsigned held_back;

static bool hold_back(
	struct agent_fixture *fixture, const struct upload_chunk *header, size_t length)
{
	held_back++;
	snprintf(waiting_id, sizeof(waiting_id), "%s", header->id);
	loop_stop(fixture->loop);
	return true;
}

START_TEST(one_in_flight_waits_for_its_answer)
{
	agent.chunk_script = hold_back;
	send_all(1);
	for (unsigned i = 1; i <= 3; i++) {
		RUN_UNTIL(held_back == i);
		worker_drain(worker); /* what was read ahead is ready by now */
		chunk_sender_pump(sender);
		ck_assert_uint_eq(agent.chunks, i);
		agent_fixture_reply(&agent, waiting_id, "upload_chunk_response",
			"{\"uploadId\":\"upload-1\",\"bytesWritten\":4096}");
	}
	RUN_UNTIL(held_back == 4);
	ck_assert_int_eq(acknowledged_bytes, 3 * AGENT_FIXTURE_CHUNK_BYTES);
}
END_TEST

static unsigned damage_count, damaged;

static bool refuse_some(
	struct agent_fixture *fixture, const struct upload_chunk *header, size_t length)
{
	if (strcmp(header->file_path, "small") != 0 || damaged == damage_count) {
		return false;
	}
	damaged++;
	agent_fixture_refuse(fixture, header->id, PROTO_BAD_REQUEST, "in whatever words");
	return true;
}

START_TEST(a_chunk_that_is_refused_is_sent_again)
{
	agent.chunk_script = refuse_some;
	damage_count = 2;
	send_all(8);
	RUN_UNTIL(finished_count == 1);
	ck_assert_uint_eq(damaged, 2);
	ck_assert_int_eq(agent.bytes, BIG_BYTES + 10);
}
END_TEST

START_TEST(but_not_for_ever)
{
	agent.chunk_script = refuse_some;
	damage_count = 100;
	send_all(8);
	assert_failed(ERROR_INVALID, "in whatever words");
	ck_assert_uint_eq(damaged, 3);
}
END_TEST

static bool say_full(
	struct agent_fixture *fixture, const struct upload_chunk *header, size_t length)
{
	agent_fixture_refuse(fixture, header->id, PROTO_NO_SPACE, "full");
	return true;
}

START_TEST(any_other_refusal_is_the_end)
{
	agent.chunk_script = say_full;
	send_all(1);
	assert_failed(ERROR_NO_SPACE, "full");
	ck_assert_uint_eq(agent.chunks, 1);
}
END_TEST

static const struct {
	const char *payload, *message;
} strange_answers[] = {
	{ "{}", "'uploadId'" },
	{ "{\"uploadId\":\"upload-1\"}", "'bytesWritten'" },
	{ "{\"uploadId\":\"upload-1\",\"bytesWritten\":1}", "acknowledged 1 bytes" },
	{ "{\"uploadId\":\"upload-2\",\"bytesWritten\":4096}", "of upload 'upload-2'" },
};
static int strange;

static bool answer_strangely(
	struct agent_fixture *fixture, const struct upload_chunk *header, size_t length)
{
	agent_fixture_reply(
		fixture, header->id, "upload_chunk_response", strange_answers[strange].payload);
	return true;
}

START_TEST(an_acknowledgement_is_for_the_whole_chunk)
{
	strange = _i;
	agent.chunk_script = answer_strangely;
	send_all(1);
	assert_failed(ERROR_INVALID, strange_answers[_i].message);
	ck_assert_int_eq(acknowledged_bytes, 0);
}
END_TEST

START_TEST(a_file_that_changed_is_not_sent)
{
	write_file("small", 11);
	send_all(8);
	assert_failed(ERROR_INVALID, "'small' changed while it was being sent");
}
END_TEST

START_TEST(a_file_that_is_gone_is_an_error)
{
	AUTO(free_ptr) char *path = xasprintf("%s/small", root);

	ck_assert_int_eq(unlink(path), 0);
	send_all(8);
	assert_failed(ERROR_IO, "cannot open 'small'");
}
END_TEST

START_TEST(reads_under_way_outlive_the_sender)
{
	send_all(8);
	agent_client_destroy(TAKE_PTR(client));
	chunk_sender_destroy(TAKE_PTR(sender));
	worker_drain(worker);
	chunk_sender_destroy(NULL);
	ck_assert_uint_eq(finished_count + failed_count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("chunk_sender");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, everything_is_sent);
	tcase_add_test(tcase, what_is_held_is_not_sent);
	tcase_add_test(tcase, a_file_that_is_named_twice_counts_once);
	tcase_add_test(tcase, nothing_to_send_is_finished_at_once);
	tcase_add_test(tcase, one_in_flight_waits_for_its_answer);
	tcase_add_test(tcase, a_chunk_that_is_refused_is_sent_again);
	tcase_add_test(tcase, but_not_for_ever);
	tcase_add_test(tcase, any_other_refusal_is_the_end);
	tcase_add_loop_test(tcase, an_acknowledgement_is_for_the_whole_chunk, 0,
		(int)(sizeof(strange_answers) / sizeof(strange_answers[0])));
	tcase_add_test(tcase, a_file_that_changed_is_not_sent);
	tcase_add_test(tcase, a_file_that_is_gone_is_an_error);
	tcase_add_test(tcase, reads_under_way_outlive_the_sender);
	return run_tcase(tcase);
}
