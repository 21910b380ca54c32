#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fetch/download.h"
#include "proto/fetch_orders.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEADLINE_MAX_MS (10 * 60 * 1000)

static const char help[] =
	"Usage: capydeck-fetch\n"
	"\n"
	"Downloads images for 'capydeck agent', which starts it: orders come in on standard input,\n"
	"results go out on standard output. It is of no use by itself.\n";

struct fetch {
	struct fetch_orders orders;
	const char *ca_file;
	int dir_fd;
	CURLM *multi;
	struct download **downloads; /* of orders.urls.count; NULL: ended */
	size_t pending_count;
};

static bool read_all(int fd, struct strbuf *text, struct error *err)
{
	char buffer[16384];
	ssize_t length;

	while ((length = read(fd, buffer, sizeof(buffer))) != 0) {
		if (length > 0) {
			strbuf_append(text, buffer, (size_t)length);
		} else if (errno != EINTR) {
			return error_set_errno(err, "cannot read the orders");
		}
	}
	return true;
}

/* err: NULL: the file is complete. */
static void report_result(size_t index, struct error *err)
{
	struct fetch_result result = { .index = (uint32_t)index };
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (err != NULL) {
		result.error = err->message;
	}
	json_write(&line, fetch_result_fields, &result);
	strbuf_append_char(&line, '\n');
	/*
	 * Lines are short enough for atomic writes to a pipe. Without a reader there is nothing
	 * left to do.
	 */
	if (write(STDOUT_FILENO, line.data, line.length) != (ssize_t)line.length) {
		_exit(1);
	}
}

static void end_download(struct fetch *fetch, struct download *download, CURLcode code)
{
	struct error err = { 0 };
	size_t index = download_index(download);
	bool is_done = download_end(download, code, &err);

	curl_multi_remove_handle(fetch->multi, download_handle(download));
	download_destroy(download);
	fetch->downloads[index] = NULL;
	fetch->pending_count--;
	report_result(index, is_done ? NULL : &err);
}

static void start_all(struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->orders.urls.count; i++) {
		struct error err = { 0 };

		fetch->downloads[i] =
			download_create(&fetch->orders, i, fetch->dir_fd, fetch->ca_file, &err);
		if (fetch->downloads[i] == NULL) {
			report_result(i, &err);
			continue;
		}
		curl_multi_add_handle(fetch->multi, download_handle(fetch->downloads[i]));
		fetch->pending_count++;
	}
}

static void end_finished(struct fetch *fetch)
{
	int left_count;
	CURLMsg *message;

	while ((message = curl_multi_info_read(fetch->multi, &left_count)) != NULL) {
		CURLcode code = message->data.result;
		void *download = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &download);
		end_download(fetch, download, code);
	}
}

static void run_downloads(struct fetch *fetch)
{
	int64_t end_ms = loop_now_ms() + fetch->orders.deadline_ms, left_ms;
	int running_count;

	start_all(fetch);
	while (fetch->pending_count > 0 && (left_ms = end_ms - loop_now_ms()) > 0) {
		curl_multi_perform(fetch->multi, &running_count);
		end_finished(fetch);
		if (fetch->pending_count > 0) {
			curl_multi_poll(fetch->multi, NULL, 0, (int)left_ms, NULL);
		}
	}
	for (size_t i = 0; i < fetch->orders.urls.count; i++) {
		if (fetch->downloads[i] != NULL) {
			end_download(fetch, fetch->downloads[i], CURLE_OPERATION_TIMEDOUT);
		}
	}
}

static bool fetch_init(struct fetch *fetch, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (!read_all(STDIN_FILENO, &text, err) ||
		!json_read_text(&fetch->orders, fetch_orders_fields, text.data, text.length, err)) {
		return false;
	}
	if (fetch->orders.deadline_ms < 1 || fetch->orders.deadline_ms > DEADLINE_MAX_MS) {
		return error_set(err, ERROR_INVALID, "deadlineMs is %lld, expected 1 to %d",
			(long long)fetch->orders.deadline_ms, DEADLINE_MAX_MS);
	}
	fetch->dir_fd = open(fetch->orders.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fetch->dir_fd < 0) {
		return error_set_errno(err, "cannot open '%s'", fetch->orders.dir);
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		(fetch->multi = curl_multi_init()) == NULL) {
		return error_set(err, ERROR_IO, "libcurl %s cannot be set up", curl_version());
	}
	fetch->ca_file = download_ca_file();
	fetch->downloads = xcalloc(fetch->orders.urls.count + 1, sizeof(struct download *));
	return true;
}

static void fetch_finish(struct fetch *fetch)
{
	free(fetch->downloads);
	curl_multi_cleanup(fetch->multi);
	curl_global_cleanup();
	close_fd(&fetch->dir_fd);
	json_finish(&fetch->orders, fetch_orders_fields);
}

int main(int argc, char **argv)
{
	AUTO(fetch_finish) struct fetch fetch = { .dir_fd = -1 };
	struct error err = { 0 };

	if (argc > 1) {
		bool is_asked = strcmp(argv[1], "--help") == 0;

		fputs(help, is_asked ? stdout : stderr);
		return is_asked ? 0 : 2;
	}
	setlocale(LC_CTYPE, "C.UTF-8"); /* libcurl needs it for names like "bücher.example" */
	/* The images are useless once the agent is gone; and no program may be run from here. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN); /* TLS writes to sockets that servers have closed */
	signal(SIGXFSZ, SIG_IGN);
	if (!fetch_init(&fetch, &err)) {
		fprintf(stderr, "capydeck-fetch: %s\n", err.message);
		return 2;
	}
	run_downloads(&fetch);
	return 0;
}
