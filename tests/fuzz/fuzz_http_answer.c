/*
 * A head read in two pieces is the head read at once, and lies inside what was read; and a whole
 * request ends once, with the document as it was sent or with a reason.
 */
#include "steam/cef/http_get.h"

#include "core/error.h"
#include "core/loop.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DOCUMENT_MAX_BYTES 4096
#define WAIT_MS 1000

static struct loop *loop;
static const uint8_t *answer;
static size_t answer_bytes;

static void check_head(const char *text, size_t size)
{
	struct http_get_head whole = { 0 };
	struct http_get_head parts = { 0 };
	bool read = http_get_read_head(&whole, text, size, NULL);

	if (read && whole.head_bytes > 0) {
		fuzz_require(whole.head_bytes <= size && whole.status < 1000);
		fuzz_require(whole.body_bytes >= -1);
		fuzz_require(http_get_read_head(&parts, text, whole.head_bytes - 1, NULL));
		fuzz_require(parts.head_bytes == 0);
		fuzz_require(http_get_read_head(&parts, text, whole.head_bytes, NULL));
		fuzz_require(parts.head_bytes == whole.head_bytes);
		fuzz_require(parts.status == whole.status);
		fuzz_require(parts.body_bytes == whole.body_bytes);
	}
}

/* One whose answer ends in "~" keeps its client waiting. */
static bool on_connection(int fd)
{
	fuzz_require(send(fd, answer, answer_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		     (ssize_t)answer_bytes);
	return answer_bytes == 0 || answer[answer_bytes - 1] != '~';
}

static void on_done(void *user, const char *body, size_t length, const struct error *err)
{
	unsigned *done_count = user;

	(*done_count)++;
	fuzz_require((body == NULL) == (err != NULL));
	if (err != NULL) {
		fuzz_require(err->kind == ERROR_IO || err->kind == ERROR_TIMEOUT ||
			     err->kind == ERROR_TOO_LARGE || err->kind == ERROR_INVALID);
		return;
	}
	fuzz_require(length <= DOCUMENT_MAX_BYTES && length <= answer_bytes);
	fuzz_require(memmem(answer, answer_bytes, body, length) != NULL || length == 0);
}

static void check_request(void)
{
	const struct http_get_options options = {
		.port = 8080,
		.path = "/json",
		.wait_ms = WAIT_MS,
		.max_bytes = DOCUMENT_MAX_BYTES,
	};
	unsigned done_count = 0;
	struct http_get *get = http_get_create(loop, &options, on_done, &done_count);

	for (unsigned turn = 0; turn < 4 && done_count == 0; turn++) {
		loop_dispatch(loop);
	}
	if (done_count == 0) {
		fuzz_clock_skip(WAIT_MS);
		while (done_count == 0) {
			loop_dispatch(loop);
		}
	}
	fuzz_require(done_count == 1);
	http_get_destroy(get);
	fuzz_hang_up();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (loop == NULL) {
		loop = loop_create();
		fuzz_connect_to(on_connection);
	}
	check_head((const char *)data, size);
	if (size <= 100 * 1024) { /* what a socket takes at once */
		answer = data;
		answer_bytes = size;
		check_request();
	}
	return 0;
}
