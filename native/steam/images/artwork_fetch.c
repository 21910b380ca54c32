#include "steam/images/artwork_fetch.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/spawn.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "proto/fetch_orders.h"
#include "steam/images/artwork.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_NAME "capydeck-fetch"
/*
 * Extra time past the deadline, which the child observes itself unless something is wrong with it.
 */
#define BACKSTOP_GRACE_MS 2000
/* Far more than results need: the child reads untrusted bytes, so its output is capped. */
#define OUTPUT_MAX_BYTES 65536

struct artwork_fetch {
	struct spawn *child;
	int output_fd;
	struct loop_watch *output_watch;
	struct loop_timer *backstop;
	bool is_overdue;
	struct strbuf output;
	char *dir;
	struct artwork_fetched *results;
	size_t count;
	artwork_fetch_done *done;
	void *user;
};

/* A file in memory: unlike a pipe it accepts orders of any length at once. -1 on error. */
static int write_orders(const struct artwork_fetch_options *options, struct error *err)
{
	struct fetch_orders orders = {
		.dir = options->dir,
		.allow_local = options->allow_local,
		.deadline_ms = options->deadline_ms,
		.max_bytes = ARTWORK_MAX_BYTES,
	};
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int fd = memfd_create(PROGRAM_NAME " orders", MFD_CLOEXEC);

	for (size_t i = 0; i < options->count; i++) {
		strvec_push(&orders.urls, options->urls[i]);
	}
	json_write(&text, fetch_orders_fields, &orders);
	strvec_finish(&orders.urls);
	if (fd < 0 || write(fd, text.data, text.length) != (ssize_t)text.length ||
		lseek(fd, 0, SEEK_SET) < 0) {
		error_set_errno(err, "cannot write orders for " PROGRAM_NAME);
		return -1;
	}
	return TAKE_FD(fd);
}

static void read_output(struct artwork_fetch *fetch)
{
	char buffer[4096];
	ssize_t length;

	do {
		length = read(fetch->output_fd, buffer, sizeof(buffer));
		if (length > 0 && fetch->output.length + (size_t)length > OUTPUT_MAX_BYTES) {
			spawn_signal(fetch->child, SIGKILL);
			length = 0;
		}
		if (length > 0) {
			strbuf_append(&fetch->output, buffer, (size_t)length);
		}
	} while (length > 0 || (length < 0 && errno == EINTR));
	if (length == 0 || errno != EAGAIN) {
		loop_watch_remove(TAKE_PTR(fetch->output_watch));
	}
}

static void on_output(void *user, uint32_t events)
{
	read_output(user);
}

static void on_overdue(void *user)
{
	struct artwork_fetch *fetch = user;

	fetch->is_overdue = true;
	spawn_signal(fetch->child, SIGKILL);
}

static bool is_regular_file(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0 && S_ISREG(stat.st_mode);
}

static void take_result(struct artwork_fetch *fetch, const char *line, size_t length)
{
	struct fetch_result result = { 0 };

	if (json_read_text(&result, fetch_result_fields, line, length, NULL) &&
		result.index < fetch->count) {
		struct artwork_fetched *fetched = &fetch->results[result.index];
		AUTO(free_ptr) char *path = xasprintf("%s/%u", fetch->dir, result.index);

		free(TAKE_PTR(fetched->path));
		free(fetched->error);
		fetched->error = xstrdup_or_null(result.error);
		if (fetched->error == NULL && is_regular_file(path)) {
			fetched->path = TAKE_PTR(path);
		}
	}
	json_finish(&result, fetch_result_fields);
}

static void take_results(struct artwork_fetch *fetch)
{
	const char *line = strbuf_text(&fetch->output), *end;

	while ((end = strchr(line, '\n')) != NULL) {
		take_result(fetch, line, (size_t)(end - line));
		line = end + 1;
	}
}

static char *explain_missing(const struct artwork_fetch *fetch, int status)
{
	if (fetch->is_overdue) {
		return xstrdup("the download timed out");
	}
	if (WIFSIGNALED(status)) {
		return xasprintf(PROGRAM_NAME " was killed by signal %d", WTERMSIG(status));
	}
	return xasprintf(PROGRAM_NAME " failed with exit code %d", WEXITSTATUS(status));
}

static void on_exited(void *user, int status)
{
	struct artwork_fetch *fetch = user;

	loop_timer_stop(fetch->backstop);
	if (fetch->output_watch != NULL) {
		read_output(fetch);
		loop_watch_remove(TAKE_PTR(fetch->output_watch));
	}
	take_results(fetch);
	for (size_t i = 0; i < fetch->count; i++) {
		struct artwork_fetched *fetched = &fetch->results[i];

		if (fetched->path == NULL && fetched->error == NULL) {
			fetched->error = explain_missing(fetch, status);
		}
	}
	fetch->done(fetch->user, fetch->results, fetch->count);
}

static bool start_child(struct artwork_fetch *fetch, struct loop *loop,
	const struct artwork_fetch_options *options, struct error *err)
{
	AUTO(free_ptr) char *program = path_beside_program(PROGRAM_NAME);
	AUTO(close_fd) int orders_fd = -1;
	AUTO(close_fd) int child_fd = -1;
	const char *const argv[] = { program, NULL };
	struct spawn_options child = { .argv = argv, .exited = on_exited, .user = fetch };
	int ends[2];

	orders_fd = write_orders(options, err);
	if (orders_fd < 0) {
		return false;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		return error_set_errno(err, "cannot start '%s'", program);
	}
	fetch->output_fd = ends[0];
	child_fd = ends[1];
	fcntl(fetch->output_fd, F_SETFL, O_NONBLOCK);
	child.stdin_fd = orders_fd;
	child.stdout_fd = child_fd;
	fetch->child = spawn_create(loop, &child, err);
	return fetch->child != NULL;
}

struct artwork_fetch *artwork_fetch_create(struct loop *loop,
	const struct artwork_fetch_options *given, artwork_fetch_done *done, void *user,
	struct error *err)
{
	struct artwork_fetch_options options = *given;
	struct artwork_fetch *fetch = xcalloc(1, sizeof(*fetch));

	assert(options.count <= ARTWORK_FETCH_COUNT_MAX);
	if (options.deadline_ms == 0) {
		options.deadline_ms = ARTWORK_FETCH_DEADLINE_MS;
	}
	fetch->output_fd = -1;
	fetch->dir = xstrdup(options.dir);
	fetch->results = xcalloc(options.count + 1, sizeof(*fetch->results));
	fetch->count = options.count;
	fetch->done = done;
	fetch->user = user;
	fetch->backstop = loop_timer_create(loop, on_overdue, fetch);
	if (!start_child(fetch, loop, &options, err)) {
		artwork_fetch_destroy(fetch);
		return NULL;
	}
	fetch->output_watch = loop_watch_add(loop, fetch->output_fd, LOOP_READ, on_output, fetch);
	loop_timer_set(fetch->backstop, options.deadline_ms + BACKSTOP_GRACE_MS);
	return fetch;
}

void artwork_fetch_destroy(struct artwork_fetch *fetch)
{
	if (fetch == NULL) {
		return;
	}
	spawn_destroy(fetch->child);
	loop_watch_remove(fetch->output_watch);
	close_fd(&fetch->output_fd);
	loop_timer_destroy(fetch->backstop);
	for (size_t i = 0; i < fetch->count; i++) {
		free(fetch->results[i].path);
		free(fetch->results[i].error);
	}
	free(fetch->results);
	strbuf_finish(&fetch->output);
	free(fetch->dir);
	free(fetch);
}
