/*
 * The Hub that the benchmark measures the agent with. Every frame is made and masked before the
 * clock starts. Its results go to stdout as one line of JSON. scripts/bench drives it:
 *
 *	bench_hub PORT pair                              reads the code from stdin
 *	bench_hub PORT stream TOKEN BYTES IN_FLIGHT [PACE]
 *	bench_hub PORT files TOKEN COUNT SIZE IN_FLIGHT
 *	bench_hub PORT rpc TOKEN COUNT                   nothing else going on
 *	bench_hub PORT rpc-busy TOKEN BYTES IN_FLIGHT
 *
 * PACE: bytes per second that the emulated link carries.
 */
#include "core/random.h"
#include "core/sha256.h"
#include "core/xalloc.h"
#include "wire.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUB_ID "hub-bench"
#define CHUNK_BYTES (1024 * 1024)
#define PAYLOAD_COUNT 16 /* distinct chunks, so that no cache helps */
#define RPC_PERIOD 4	 /* chunks between two requests of rpc-busy */

struct payload {
	char *data;
	char sha256[SHA256_HEX_BYTES];
};

/* An upload ready to be sent. */
struct plan {
	struct payload payloads[PAYLOAD_COUNT];
	struct wire_frame *frames;
	size_t count;
	size_t in_flight;
	int64_t pace;
	int64_t total_bytes;
	char *upload_id;
};

/* Round trips of requests. */
struct latency {
	int64_t *ns;
	size_t count;
	int64_t sent_ns; /* 0: none on its way */
};

static bool is_type(const char *message, const char *type)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), "\"type\":\"%s\"", type);
	return strstr(message, pattern) != NULL;
}

/* Waits for a message of this type and returns it. */
static const char *expect(struct wire *wire, const char *type)
{
	for (;;) {
		const char *message = wire_receive(wire);

		if (is_type(message, type)) {
			return message;
		}
		if (is_type(message, "error")) {
			die("expected %s, got %s", type, message);
		}
	}
}

static char *text_member(const char *message, const char *name)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
	const char *start = strstr(message, pattern);
	if (start == NULL) {
		die("no %s in %s", name, message);
	}
	start += strlen(pattern);
	return strndup(start, strcspn(start, "\""));
}

static void say_hello(struct wire *wire, const char *token)
{
	wire_send_text(wire,
		"{\"id\":\"hello\",\"type\":\"hub_connected\",\"payload\":{\"name\":\"Bench\","
		"\"version\":\"1\",\"hubId\":\"" HUB_ID "\",\"token\":\"%s\"}}",
		token);
}

static int run_pair(struct wire *wire)
{
	char code[16];

	say_hello(wire, "");
	expect(wire, "pairing_required");
	printf("ready\n");
	fflush(stdout);
	if (fgets(code, sizeof(code), stdin) == NULL) {
		die("no code on stdin");
	}
	code[strcspn(code, "\n")] = '\0';
	wire_send_text(wire,
		"{\"id\":\"pair\",\"type\":\"pair_confirm\",\"payload\":{\"code\":\"%s\"}}", code);
	char *token = text_member(expect(wire, "pair_success"), "token");
	printf("{\"token\":\"%s\"}\n", token);
	free(token);
	return 0;
}

static void make_payloads(struct plan *plan, size_t size)
{
	for (size_t i = 0; i < PAYLOAD_COUNT; i++) {
		plan->payloads[i].data = xcalloc(1, size);
		random_bytes(plan->payloads[i].data, size);
		sha256_of(plan->payloads[i].data, size, plan->payloads[i].sha256);
		wire_mask_data(plan->payloads[i].data, size);
	}
}

/* Announces the upload and keeps its id. files: the manifest's array as JSON. */
static void announce(struct wire *wire, struct plan *plan, const char *files)
{
	char *run = random_hex(8);

	wire_send_text(wire,
		"{\"id\":\"init\",\"type\":\"init_upload\",\"payload\":{\"config\":{\"gameName\":"
		"\"Bench %s\"},\"totalSize\":%lld,\"files\":%s}}",
		run, (long long)plan->total_bytes, files);
	plan->upload_id = text_member(expect(wire, "upload_init_response"), "uploadId");
	free(run);
}

static void frame_chunk(
	struct plan *plan, size_t index, const char *path, int64_t offset, size_t length)
{
	const struct payload *payload = &plan->payloads[index % PAYLOAD_COUNT];
	char *header = xasprintf("{\"id\":\"c%zu\",\"uploadId\":\"%s\",\"filePath\":\"%s\","
				 "\"offset\":%lld,\"checksum\":\"%s\"}",
		index, plan->upload_id, path, (long long)offset, payload->sha256);

	wire_frame_chunk(&plan->frames[index], header, payload->data, length);
	free(header);
}

static void plan_stream(struct wire *wire, struct plan *plan, int64_t total_bytes)
{
	char files[128];

	plan->count = (size_t)(total_bytes / CHUNK_BYTES);
	plan->total_bytes = (int64_t)plan->count * CHUNK_BYTES;
	plan->frames = xcalloc(plan->count, sizeof(*plan->frames));
	make_payloads(plan, CHUNK_BYTES);
	snprintf(files, sizeof(files), "[{\"relativePath\":\"big.pak\",\"size\":%lld}]",
		(long long)plan->total_bytes);
	announce(wire, plan, files);
	for (size_t i = 0; i < plan->count; i++) {
		frame_chunk(plan, i, "big.pak", (int64_t)i * CHUNK_BYTES, CHUNK_BYTES);
	}
}

static void plan_files(struct wire *wire, struct plan *plan, size_t count, size_t size)
{
	struct strbuf files = { 0 };
	char path[64];

	plan->count = count;
	plan->total_bytes = (int64_t)(count * size);
	plan->frames = xcalloc(count, sizeof(*plan->frames));
	make_payloads(plan, size);
	for (size_t i = 0; i < count; i++) {
		strbuf_appendf(&files, "%c{\"relativePath\":\"d%zu/f%zu\",\"size\":%zu}",
			i > 0 ? ',' : '[', i / 256, i, size);
	}
	strbuf_append_char(&files, ']');
	announce(wire, plan, strbuf_text(&files));
	strbuf_finish(&files);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "d%zu/f%zu", i / 256, i);
		frame_chunk(plan, i, path, 0, size);
	}
}

static void plan_finish(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		wire_frame_finish(&plan->frames[i]);
	}
	for (size_t i = 0; i < PAYLOAD_COUNT; i++) {
		free(plan->payloads[i].data);
	}
	free(plan->frames);
	free(plan->upload_id);
}

static void note_latency(struct latency *latency)
{
	latency->ns = xrealloc(latency->ns, latency->count + 1, sizeof(*latency->ns));
	latency->ns[latency->count++] = now_ns() - latency->sent_ns;
	latency->sent_ns = 0;
}

static void request(struct wire *wire, struct latency *latency)
{
	latency->sent_ns = now_ns();
	wire_send_text(wire, "{\"id\":\"rpc\",\"type\":\"get_info\"}");
}

/* Sends every chunk, in_flight at a time; latency may be NULL. Returns when all are acknowledged.
 */
static int64_t send_plan(struct wire *wire, struct plan *plan, struct latency *latency)
{
	size_t sent = 0, acknowledged = 0;
	int64_t start_ns = now_ns();

	while (acknowledged < plan->count) {
		while (sent < plan->count && sent - acknowledged < plan->in_flight) {
			wire_send_frame(wire, &plan->frames[sent++], plan->pace);
			if (latency != NULL && latency->sent_ns == 0 && sent % RPC_PERIOD == 0) {
				request(wire, latency);
			}
		}
		const char *message = wire_receive(wire);
		if (is_type(message, "upload_chunk_response")) {
			acknowledged++;
		} else if (is_type(message, "info_response")) {
			note_latency(latency);
		} else if (is_type(message, "error")) {
			die("a chunk was refused: %s", message);
		}
	}
	return now_ns() - start_ns;
}

static int64_t complete(struct wire *wire, const struct plan *plan)
{
	int64_t start_ns = now_ns();

	wire_send_text(wire,
		"{\"id\":\"done\",\"type\":\"complete_upload\",\"payload\":{\"uploadId\":\"%s\","
		"\"createShortcut\":false}}",
		plan->upload_id);
	expect(wire, "operation_result");
	return now_ns() - start_ns;
}

static int compare_ns(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void print_latency(struct latency *latency)
{
	if (latency->count == 0) {
		die("no request was answered");
	}
	qsort(latency->ns, latency->count, sizeof(*latency->ns), compare_ns);
	printf("{\"count\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", latency->count,
		(double)latency->ns[latency->count / 2] / 1e3,
		(double)latency->ns[latency->count * 99 / 100] / 1e3,
		(double)latency->ns[latency->count - 1] / 1e3);
	free(latency->ns);
}

static int run_upload(struct wire *wire, struct plan *plan)
{
	int64_t send_ns = send_plan(wire, plan, NULL);
	int64_t complete_ns = complete(wire, plan);

	printf("{\"bytes\":%lld,\"chunks\":%zu,\"seconds\":%.6f,\"complete_seconds\":%.6f}\n",
		(long long)plan->total_bytes, plan->count, (double)send_ns / 1e9,
		(double)complete_ns / 1e9);
	plan_finish(plan);
	return 0;
}

static int run_rpc(struct wire *wire, size_t count)
{
	struct latency latency = { 0 };

	while (latency.count < count) {
		request(wire, &latency);
		expect(wire, "info_response");
		note_latency(&latency);
	}
	print_latency(&latency);
	return 0;
}

static int run_rpc_busy(struct wire *wire, struct plan *plan)
{
	struct latency latency = { 0 };

	send_plan(wire, plan, &latency);
	complete(wire, plan);
	print_latency(&latency);
	plan_finish(plan);
	return 0;
}

int main(int argc, char **argv)
{
	struct wire wire;
	struct plan plan = { 0 };
	int status;

	if (argc < 3) {
		die("usage: see the head of tests/bench/bench_hub.c");
	}
	wire_open(&wire, (uint16_t)atoi(argv[1]));
	if (strcmp(argv[2], "pair") == 0) {
		status = run_pair(&wire);
		wire_close(&wire);
		return status;
	}
	if (argc < 5) {
		die("%s: token and numbers are missing", argv[2]);
	}
	say_hello(&wire, argv[3]);
	expect(&wire, "agent_status");
	if (strcmp(argv[2], "stream") == 0 && argc >= 6) {
		plan.in_flight = strtoul(argv[5], NULL, 10);
		plan.pace = argc > 6 ? strtoll(argv[6], NULL, 10) : 0;
		plan_stream(&wire, &plan, strtoll(argv[4], NULL, 10));
		status = run_upload(&wire, &plan);
	} else if (strcmp(argv[2], "files") == 0 && argc >= 7) {
		plan.in_flight = strtoul(argv[6], NULL, 10);
		plan_files(&wire, &plan, strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
		status = run_upload(&wire, &plan);
	} else if (strcmp(argv[2], "rpc") == 0) {
		status = run_rpc(&wire, strtoul(argv[4], NULL, 10));
	} else if (strcmp(argv[2], "rpc-busy") == 0 && argc >= 6) {
		plan.in_flight = strtoul(argv[5], NULL, 10);
		plan_stream(&wire, &plan, strtoll(argv[4], NULL, 10));
		status = run_rpc_busy(&wire, &plan);
	} else {
		die("unknown or incomplete command '%s'", argv[2]);
	}
	wire_close(&wire);
	return status;
}
