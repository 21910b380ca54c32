#include "core/cleanup.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "suite.h"
#include "upload/chunk_writer.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE ((size_t)CHUNK_WRITER_LARGE_BYTES)

static struct loop *loop;
static struct chunk_writer writer;
static int fd;

static void setup(void)
{
	char path[] = "/tmp/capydeck-chunk-XXXXXX";

	loop = loop_create();
	chunk_writer_init(&writer, loop);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	unlink(path);
}

static void teardown(void)
{
	chunk_writer_finish(&writer);
	loop_destroy(loop);
	close(fd);
}

struct test_write {
	struct chunk_write chunk;
	char *data;
	unsigned done_count;
	unsigned order; /* in which it was done */
};

static unsigned done_total;

static void on_done(struct chunk_write *chunk)
{
	struct test_write *write = (struct test_write *)chunk;

	write->done_count++;
	write->order = ++done_total;
}

static void prepare(struct test_write *write, int64_t offset, size_t length, int fill)
{
	*write = (struct test_write){ .data = xcalloc(1, length + 1) };
	memset(write->data, fill, length);
	write->chunk = (struct chunk_write){ .fd = fd,
		.offset = offset,
		.data = write->data,
		.length = length,
		.file = &fd,
		.done = on_done };
}

static void expect_bytes(int64_t offset, size_t length, int fill)
{
	AUTO(free_ptr) char *held = xcalloc(1, length);
	size_t same = 0;

	ck_assert_int_eq(pread(fd, held, length, offset), (ssize_t)length);
	while (same < length && held[same] == (char)fill) {
		same++;
	}
	ck_assert_uint_eq(same, length); /* Check keeps a note of each assertion */
}

static void run_one(struct test_write *write, enum chunk_result result)
{
	chunk_writer_submit(&writer, &write->chunk);
	chunk_writer_drain(&writer);
	ck_assert_uint_eq(write->done_count, 1);
	ck_assert_int_eq(write->chunk.result, result);
	free(write->data);
}

START_TEST(test_small_and_lone_chunks_are_written_at_once)
{
	struct test_write write;

	ck_assert(chunk_writer_is_inline(&writer));
	prepare(&write, 5, 100, 'a');
	write.chunk.pipelined = true;
	chunk_writer_submit(&writer, &write.chunk);
	ck_assert_uint_eq(write.done_count, 1);
	ck_assert_int_eq(write.chunk.result, CHUNK_WRITTEN);
	expect_bytes(5, 100, 'a');
	free(write.data);
}
END_TEST

START_TEST(test_large_pipelined_chunks_go_to_the_thread)
{
	struct test_write write;

	prepare(&write, 0, LARGE, 'a');
	write.chunk.pipelined = true;
	chunk_writer_submit(&writer, &write.chunk);
	ck_assert_uint_eq(write.done_count, 0);
	ck_assert_uint_eq(writer.in_flight_bytes, LARGE);
	ck_assert(!chunk_writer_is_inline(&writer));
	chunk_writer_drain(&writer);
	ck_assert_uint_eq(write.done_count, 1);
	ck_assert_uint_eq(writer.in_flight_bytes, 0);
	expect_bytes(0, LARGE, 'a');
	free(write.data);
}
END_TEST

START_TEST(test_checksums)
{
	struct test_write write;
	char right[SHA256_HEX_BYTES], wrong[SHA256_HEX_BYTES];

	for (int pipelined = 0; pipelined < 2; pipelined++) {
		prepare(&write, 0, LARGE, 'a');
		sha256_of(write.data, LARGE, right);
		memcpy(wrong, right, sizeof(wrong));
		wrong[63] = wrong[63] == '0' ? '1' : '0';
		write.chunk.pipelined = pipelined != 0;
		write.chunk.checksum = right;
		run_one(&write, CHUNK_WRITTEN);
		expect_bytes(0, LARGE, 'a');

		prepare(&write, 0, LARGE, 'b');
		write.chunk.pipelined = pipelined != 0;
		write.chunk.checksum = right;
		run_one(&write, CHUNK_MISMATCH);
		expect_bytes(0, LARGE, 'a');

		/* A digest computed while receiving is trusted. */
		prepare(&write, 0, LARGE, 'b');
		write.chunk.pipelined = pipelined != 0;
		write.chunk.checksum = right;
		write.chunk.digest_known = true;
		run_one(&write, CHUNK_MISMATCH);
	}
}
END_TEST

START_TEST(test_held_bytes_are_compared)
{
	struct test_write write;

	prepare(&write, 0, 3 * LARGE, 'a');
	run_one(&write, CHUNK_WRITTEN);
	prepare(&write, LARGE, LARGE, 'a');
	write.chunk.same_from = (int64_t)LARGE + 10;
	write.chunk.same_to = 2 * (int64_t)LARGE;
	run_one(&write, CHUNK_WRITTEN);
	prepare(&write, LARGE, LARGE, 'a');
	write.chunk.same_from = (int64_t)LARGE + 10;
	write.chunk.same_to = 2 * (int64_t)LARGE;
	write.data[LARGE - 1] = 'b';
	run_one(&write, CHUNK_DIFFERS);
	expect_bytes(0, 3 * LARGE, 'a');
	/* Bytes that the file lacks differ. */
	prepare(&write, 3 * (int64_t)LARGE, 10, 'a');
	write.chunk.same_from = 3 * (int64_t)LARGE;
	write.chunk.same_to = write.chunk.same_from + 10;
	run_one(&write, CHUNK_DIFFERS);
}
END_TEST

START_TEST(test_chunks_keep_their_order)
{
	enum { COUNT = 40 };
	struct test_write writes[COUNT];

	for (int round = 0; round < 5; round++) {
		done_total = 0;
		for (int i = 0; i < COUNT; i++) {
			/* Each overlaps the one before by half; every fourth is small. */
			prepare(&writes[i], i * (int64_t)LARGE / 2, i % 4 == 3 ? LARGE - 1 : LARGE,
				'a' + (i + round) % 26);
			writes[i].chunk.pipelined = true;
			chunk_writer_submit(&writer, &writes[i].chunk);
		}
		ck_assert(!chunk_writer_is_inline(&writer));
		chunk_writer_drain(&writer);
		ck_assert_uint_eq(writer.in_flight_bytes, 0);
		for (int i = 0; i < COUNT; i++) {
			ck_assert_uint_eq(writes[i].done_count, 1);
			ck_assert_uint_eq(writes[i].order, i + 1);
			ck_assert_int_eq(writes[i].chunk.result, CHUNK_WRITTEN);
			/* The last one that covers a byte has it. */
			expect_bytes(i * (int64_t)LARGE / 2, LARGE / 2, 'a' + (i + round) % 26);
			free(writes[i].data);
		}
	}
}
END_TEST

START_TEST(test_the_start_of_a_chunk_is_written_ahead)
{
	enum { STEP = CHUNK_WRITER_AHEAD_BYTES };
	struct test_write write;

	prepare(&write, 7, 3 * STEP, 'a');
	ck_assert_uint_eq(chunk_writer_ahead(&writer, fd, 7, write.data, STEP - 1, 0), 0);
	ck_assert_uint_eq(
		chunk_writer_ahead(&writer, fd, 7, write.data, 2 * STEP + 1, 0), 2 * STEP);
	expect_bytes(7, 2 * STEP, 'a');
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 7 + 2 * STEP);
	/* It is not written again. */
	ck_assert_int_eq(pwrite(fd, "b", 1, 7), 1);
	write.chunk.ahead = 2 * STEP;
	run_one(&write, CHUNK_WRITTEN);
	expect_bytes(7, 1, 'b');
	expect_bytes(8, 3 * STEP - 1, 'a');
}
END_TEST

START_TEST(test_a_failed_write_says_why)
{
	struct test_write write;
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);

	prepare(&write, 0, 100, 'a');
	write.chunk.fd = full;
	run_one(&write, CHUNK_FAILED);
	ck_assert_int_eq(write.chunk.error.kind, ERROR_NO_SPACE);
	close(full);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("writer");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_small_and_lone_chunks_are_written_at_once);
	tcase_add_test(tests, test_large_pipelined_chunks_go_to_the_thread);
	tcase_add_test(tests, test_checksums);
	tcase_add_test(tests, test_held_bytes_are_compared);
	tcase_add_test(tests, test_chunks_keep_their_order);
	tcase_add_test(tests, test_the_start_of_a_chunk_is_written_ahead);
	tcase_add_test(tests, test_a_failed_write_says_why);
	return run_tcase(tests);
}
