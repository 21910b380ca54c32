#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/images/artwork.h"
#include "steam/images/artwork_fetch.h"
#include "steam_home.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server: a process, and one more for each connection. */

#define ALONE "CAPYDECK_ALONE" /* in the environment of a copy without other programs beside it */
#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define BYE "Connection: close\r\n\r\n"

static const struct page {
	const char *path, *answer;
	enum { END, STALL, FLOOD } then;
} pages[] = {
	{ "/image", OK_HEAD "Content-Length: 5\r\n" BYE "image", END },
	{ "/empty", OK_HEAD "Content-Length: 0\r\n" BYE, END },
	{ "/moved", "HTTP/1.1 302 Found\r\nLocation: /image\r\n" BYE, END },
	{ "/endless", "HTTP/1.1 302 Found\r\nLocation: /endless\r\n" BYE, END },
	{ "/elsewhere", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n" BYE, END },
	{ "/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n" BYE "gone", END },
	{ "/plain", "this is no HTTP", END },
	{ "/cut", OK_HEAD "Content-Length: 50\r\n" BYE "half", END },
	{ "/silent", "", STALL },
	{ "/stalled", OK_HEAD "Content-Length: 50\r\n\r\nhalf", STALL },
	{ "/large", OK_HEAD "Content-Length: 20971521\r\n\r\n", STALL },
	{ "/flood", OK_HEAD "\r\n", FLOOD },
};

static void write_text(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0) {
		_exit(1);
	}
}

static void serve(int fd)
{
	char request[4096] = "", path[64] = "", zeros[65536] = { 0 };
	size_t length = 0;

	while (strstr(request, "\r\n\r\n") == NULL) {
		ssize_t got = read(fd, request + length, sizeof(request) - 1 - length);

		if (got <= 0) {
			_exit(1);
		}
		length += (size_t)got;
	}
	sscanf(request, "GET %63s", path);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(pages[i].path, path) != 0) {
			continue;
		}
		write_text(fd, pages[i].answer);
		while (pages[i].then == FLOOD && write(fd, zeros, sizeof(zeros)) > 0) {
		}
		while (pages[i].then == STALL && read(fd, request, sizeof(request)) > 0) {
		}
	}
	_exit(0);
}

static pid_t start_server(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	pid_t pid;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		while ((fd = accept(listener, NULL, NULL)) >= 0) {
			if (fork() == 0) {
				serve(fd);
			}
			close(fd);
		}
		_exit(1);
	}
	close(listener);
	return pid;
}

/* A fetch of some pages. */

struct bench {
	struct loop *loop;
	pid_t server;
	unsigned port;
	struct steam_home home;
	struct artwork_fetch *fetch;
	struct artwork_fetch_options options;
	const char *urls[ARTWORK_FETCH_COUNT_MAX];
	char texts[ARTWORK_FETCH_COUNT_MAX][64];
	char *outcomes[ARTWORK_FETCH_COUNT_MAX]; /* the file's bytes, or the error */
	bool succeeded[ARTWORK_FETCH_COUNT_MAX];
};

static void bench_init(struct bench *bench)
{
	*bench = (struct bench){ .loop = loop_create() };
	bench->server = start_server(&bench->port);
	steam_home_init(&bench->home);
	bench->options = (struct artwork_fetch_options){
		.urls = bench->urls,
		.dir = bench->home.path,
		.allow_local = true,
	};
}

static void bench_finish(struct bench *bench)
{
	artwork_fetch_destroy(bench->fetch);
	for (size_t i = 0; i < bench->options.count; i++) {
		free(bench->outcomes[i]);
	}
	steam_home_end_process(bench->server);
	steam_home_finish(&bench->home);
	loop_destroy(bench->loop);
}

static void add_url(struct bench *bench, const char *url)
{
	bench->urls[bench->options.count++] = url;
}

static void add_page(struct bench *bench, const char *path)
{
	char *text = bench->texts[bench->options.count];

	snprintf(text, sizeof(bench->texts[0]), "http://127.0.0.1:%u%s", bench->port, path);
	add_url(bench, text);
}

static void on_done(void *user, const struct artwork_fetched *results, size_t count)
{
	struct bench *bench = user;

	ck_assert_uint_eq(count, bench->options.count);
	for (size_t i = 0; i < count; i++) {
		AUTO(strbuf_finish) struct strbuf bytes = { 0 };

		ck_assert((results[i].path != NULL) != (results[i].error != NULL));
		bench->succeeded[i] = results[i].path != NULL;
		if (bench->succeeded[i]) {
			ck_assert(
				atomic_file_read(results[i].path, ARTWORK_MAX_BYTES, &bytes, NULL));
			bench->outcomes[i] = xstrdup(strbuf_text(&bytes));
		} else {
			bench->outcomes[i] = xstrdup(results[i].error);
		}
	}
	artwork_fetch_destroy(TAKE_PTR(bench->fetch));
	loop_stop(bench->loop);
}

static void start(struct bench *bench)
{
	struct error err = { 0 };

	bench->fetch = artwork_fetch_create(bench->loop, &bench->options, on_done, bench, &err);
	ck_assert_msg(bench->fetch != NULL, "%s", err.message);
}

static void run(struct bench *bench)
{
	start(bench);
	loop_run(bench->loop);
}

static void expect_image(const struct bench *bench, size_t index, const char *bytes)
{
	ck_assert_msg(bench->succeeded[index], "%s", bench->outcomes[index]);
	ck_assert_str_eq(bench->outcomes[index], bytes);
}

static void expect_error(const struct bench *bench, size_t index, const char *words)
{
	ck_assert_msg(!bench->succeeded[index], "%s", bench->urls[index]);
	ck_assert_msg(strstr(bench->outcomes[index], words) != NULL, "%s: %s", bench->urls[index],
		bench->outcomes[index]);
}

START_TEST(images_arrive)
{
	struct bench bench;

	bench_init(&bench);
	add_page(&bench, "/image");
	add_page(&bench, "/moved");
	add_page(&bench, "/empty");
	run(&bench);
	expect_image(&bench, 0, "image");
	expect_image(&bench, 1, "image");
	expect_image(&bench, 2, "");
	bench_finish(&bench);
}
END_TEST

START_TEST(failures_have_their_own_reasons_and_stop_no_other)
{
	struct bench bench;
	char url[64];

	bench_init(&bench);
	add_page(&bench, "/missing?key=hidden");
	add_page(&bench, "/missing");
	add_page(&bench, "/endless");
	add_page(&bench, "/elsewhere");
	add_page(&bench, "/cut");
	add_url(&bench, "http://someone:hidden@127.0.0.1/");
	add_url(&bench, "file:///etc/passwd");
	add_url(&bench, "127.0.0.1");
	add_url(&bench, "");
	add_page(&bench, "/image");
	add_page(&bench, "/plain");
	snprintf(url, sizeof(url), "http://\u2460\u2461\u2466.0.0.1:%u/image", bench.port);
	add_url(&bench, url); /* circled digits */
	add_url(&bench, "http://-\u202e-.invalid/");
	run(&bench);
	expect_error(&bench, 0, "'127.0.0.1' closed the connection without an answer");
	expect_error(&bench, 1, "'127.0.0.1' answered with status 404");
	expect_error(&bench, 2, "'127.0.0.1' redirects more than five times");
	expect_error(&bench, 3, "'127.0.0.1' redirects to a URL that is neither http nor https");
	expect_error(&bench, 4, "'127.0.0.1' closed the connection before everything was sent");
	expect_error(&bench, 5, "'127.0.0.1' contains a user name");
	expect_error(&bench, 6, "only http and https");
	expect_error(&bench, 7, "only http and https");
	expect_error(&bench, 8, "only http and https");
	expect_image(&bench, 9, "image");
	expect_error(&bench, 10, "'127.0.0.1' does not answer in HTTP");
	expect_image(&bench, 11, "image");
	expect_error(&bench, 12, "'-?-.invalid' is not a valid host name");
	for (size_t i = 0; i < bench.options.count; i++) {
		ck_assert_ptr_null(strstr(bench.outcomes[i], "hidden"));
		snprintf(bench.texts[i], sizeof(bench.texts[i]), "%zu", i);
		ck_assert_int_eq(
			steam_home_exists(&bench.home, bench.texts[i]), bench.succeeded[i]);
	}
	bench_finish(&bench);
}
END_TEST

START_TEST(size_is_limited_whatever_is_announced)
{
	struct bench bench;

	bench_init(&bench);
	add_page(&bench, "/large");
	add_page(&bench, "/flood");
	run(&bench);
	expect_error(&bench, 0, "'127.0.0.1' sends more than 20971520 bytes");
	expect_error(&bench, 1, "'127.0.0.1' sends more than 20971520 bytes");
	ck_assert(!steam_home_exists(&bench.home, "1"));
	bench_finish(&bench);
}
END_TEST

START_TEST(this_device_is_asked_only_when_allowed)
{
	struct bench bench;

	bench_init(&bench);
	bench.options.allow_local = false;
	add_page(&bench, "/image");
	add_url(&bench, "http://169.254.169.254/");
	add_url(&bench, "http://[::ffff:127.0.0.1]/");
	run(&bench);
	expect_error(&bench, 0, "'127.0.0.1' has the address 127.0.0.1");
	expect_error(&bench, 1, "169.254.169.254");
	expect_error(&bench, 2, "artwork.localServers");
	bench_finish(&bench);
}
END_TEST

START_TEST(stalled_servers_end_at_the_deadline)
{
	struct bench bench;

	bench_init(&bench);
	bench.options.deadline_ms = 500;
	add_page(&bench, "/silent");
	add_page(&bench, "/stalled");
	run(&bench);
	expect_error(&bench, 0, "'127.0.0.1' did not finish within 0.5 s");
	expect_error(&bench, 1, "'127.0.0.1' did not finish within 0.5 s");
	ck_assert(!steam_home_exists(&bench.home, "1"));
	bench_finish(&bench);
}
END_TEST

/* The only child besides the server. */
static pid_t find_program(const struct bench *bench)
{
	char path[64], buffer[256], *word, *rest = buffer;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = read(fd, buffer, sizeof(buffer) - 1);
	ck_assert_int_gt(length, 0);
	buffer[length] = '\0';
	close(fd);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] != '\0' && atoi(word) != bench->server) {
			return atoi(word);
		}
	}
	ck_abort_msg("no second child in '%s'", buffer);
	return 0;
}

START_TEST(a_program_that_dies_is_no_news_to_wait_for)
{
	struct bench bench;

	bench_init(&bench);
	add_page(&bench, "/silent");
	start(&bench);
	kill(find_program(&bench), SIGKILL); /* which no sanitizer catches */
	loop_run(bench.loop);
	expect_error(&bench, 0, "capydeck-fetch was killed by signal 9");
	bench_finish(&bench);
}
END_TEST

START_TEST(a_program_that_hangs_is_ended)
{
	struct bench bench;

	bench_init(&bench);
	bench.options.deadline_ms = 500;
	add_page(&bench, "/silent");
	start(&bench);
	kill(find_program(&bench), SIGSTOP);
	loop_run(bench.loop);
	ck_assert(!bench.succeeded[0]);
	bench_finish(&bench);
}
END_TEST

START_TEST(giving_up_ends_the_program)
{
	struct bench bench;
	pid_t program;

	bench_init(&bench);
	add_page(&bench, "/silent");
	start(&bench);
	program = find_program(&bench);
	artwork_fetch_destroy(TAKE_PTR(bench.fetch));
	ck_assert_int_eq(kill(program, 0), -1);
	artwork_fetch_destroy(NULL);
	bench_finish(&bench);
}
END_TEST

/* What main() does in a copy of this program without others beside it. */
static int expect_missing_program(void)
{
	static const char *const url = "http://127.0.0.1/";
	struct artwork_fetch_options options = { .urls = &url, .count = 1, .dir = "/tmp" };
	struct loop *loop = loop_create();
	struct error err = { 0 };
	bool is_refused = artwork_fetch_create(loop, &options, on_done, NULL, &err) == NULL;

	loop_destroy(loop);
	return is_refused && err.kind == ERROR_NOT_FOUND ? 0 : 1;
}

START_TEST(a_missing_program_is_said)
{
	struct steam_home home;
	char command[256];

	steam_home_init(&home);
	snprintf(command, sizeof(command),
		"cp /proc/%d/exe %s/copy && " ALONE "=1 %s/copy test_artwork_fetch", (int)getpid(),
		home.path, home.path);
	ck_assert_int_eq(system(command), 0);
	steam_home_finish(&home);
}
END_TEST

int main(void)
{
	TCase *tcase;

	if (getenv(ALONE) != NULL) {
		return expect_missing_program();
	}
	tcase = tcase_create("artwork_fetch");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, images_arrive);
	tcase_add_test(tcase, failures_have_their_own_reasons_and_stop_no_other);
	tcase_add_test(tcase, size_is_limited_whatever_is_announced);
	tcase_add_test(tcase, this_device_is_asked_only_when_allowed);
	tcase_add_test(tcase, stalled_servers_end_at_the_deadline);
	tcase_add_test(tcase, a_program_that_dies_is_no_news_to_wait_for);
	tcase_add_test(tcase, a_program_that_hangs_is_ended);
	tcase_add_test(tcase, giving_up_ends_the_program);
	tcase_add_test(tcase, a_missing_program_is_said);
	return run_tcase(tcase);
}
