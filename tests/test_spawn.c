#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/spawn.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct bench {
	struct loop *loop;
	struct spawn *spawn;
	unsigned exit_count;
	int status;
	bool destroys; /* in the callback */
};

static void on_exited(void *user, int status)
{
	struct bench *bench = user;

	bench->exit_count++;
	bench->status = status;
	if (bench->destroys) {
		spawn_destroy(TAKE_PTR(bench->spawn));
	}
	loop_stop(bench->loop);
}

static void bench_init(struct bench *bench)
{
	*bench = (struct bench){ .loop = loop_create() };
}

static void bench_finish(struct bench *bench)
{
	spawn_destroy(bench->spawn);
	loop_destroy(bench->loop);
}

static void start(struct bench *bench, const char *const *argv, const char *const *env,
	int stdin_fd, int stdout_fd)
{
	struct spawn_options options = {
		.argv = argv,
		.env = env,
		.stdin_fd = stdin_fd,
		.stdout_fd = stdout_fd,
		.exited = on_exited,
		.user = bench,
	};
	struct error err = { 0 };

	bench->spawn = spawn_create(bench->loop, &options, &err);
	ck_assert_msg(bench->spawn != NULL, "%s", err.message);
}

static void read_all(int fd, struct strbuf *text)
{
	char buffer[4096];
	ssize_t length;

	while ((length = read(fd, buffer, sizeof(buffer))) > 0) {
		strbuf_append(text, buffer, (size_t)length);
	}
	ck_assert_int_eq(length, 0);
}

/* What the program writes. */
static void run(const char *const *argv, const char *const *env, struct strbuf *output)
{
	struct bench bench;
	int ends[2];

	bench_init(&bench);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	start(&bench, argv, env, -1, ends[1]);
	close(ends[1]);
	read_all(ends[0], output);
	close(ends[0]);
	loop_run(bench.loop);
	ck_assert_int_eq(bench.status, 0);
	bench_finish(&bench);
}

START_TEST(pipes_lead_to_it)
{
	static const char *const argv[] = { "cat", NULL };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct bench bench;
	int in[2], out[2];

	bench_init(&bench);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	start(&bench, argv, NULL, in[0], out[1]);
	ck_assert_int_gt(spawn_pid(bench.spawn), 0);
	close(in[0]);
	close(out[1]);
	ck_assert_int_eq(write(in[1], "as it is", 8), 8);
	close(in[1]);
	read_all(out[0], &text);
	close(out[0]);
	ck_assert_str_eq(strbuf_text(&text), "as it is");
	loop_run(bench.loop);
	ck_assert_uint_eq(bench.exit_count, 1);
	ck_assert_int_eq(bench.status, 0);
	spawn_signal(bench.spawn, SIGTERM); /* no process gets it */
	bench_finish(&bench);
}
END_TEST

START_TEST(without_pipes_it_has_dev_null)
{
	static const char *const argv[] = { "sh", "-c",
		"[ /proc/self/fd/0 -ef /dev/null ] && [ /proc/self/fd/1 -ef /dev/null ] && exit 7",
		NULL };
	struct bench bench;

	bench_init(&bench);
	start(&bench, argv, NULL, -1, -1);
	loop_run(bench.loop);
	ck_assert(WIFEXITED(bench.status));
	ck_assert_int_eq(WEXITSTATUS(bench.status), 7);
	bench_finish(&bench);
}
END_TEST

START_TEST(signals_reach_it)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct bench bench;

	bench_init(&bench);
	bench.destroys = true;
	start(&bench, argv, NULL, -1, -1);
	spawn_signal(bench.spawn, SIGTERM);
	loop_run(bench.loop);
	ck_assert(WIFSIGNALED(bench.status));
	ck_assert_int_eq(WTERMSIG(bench.status), SIGTERM);
	ck_assert_ptr_null(bench.spawn);
	bench_finish(&bench);
}
END_TEST

START_TEST(destroying_ends_and_reaps_it)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct bench bench;
	pid_t pid;

	bench_init(&bench);
	start(&bench, argv, NULL, -1, -1);
	pid = spawn_pid(bench.spawn);
	spawn_destroy(TAKE_PTR(bench.spawn));
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	loop_dispatch(bench.loop);
	ck_assert_uint_eq(bench.exit_count, 0);
	spawn_destroy(NULL);
	bench_finish(&bench);
}
END_TEST

START_TEST(its_end_can_be_waited_for)
{
	static const char *const argv[] = { "cat", NULL };
	struct bench bench;
	int in[2];

	bench_init(&bench);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	start(&bench, argv, NULL, in[0], -1);
	close(in[0]);
	ck_assert(!spawn_wait(bench.spawn, 0));
	close(in[1]);
	ck_assert(spawn_wait(bench.spawn, 60 * 1000));
	ck_assert(spawn_wait(bench.spawn, 0));
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_uint_eq(bench.exit_count, 0);
	bench_finish(&bench);
}
END_TEST

START_TEST(programs_that_cannot_be_started_are_named)
{
	static const char *const missing[] = { "capydeck-no-such-program", NULL };
	static const char *const nowhere[] = { "/dev/null/program", NULL };
	static const char *const folder[] = { "/tmp", NULL };
	struct bench bench;
	struct spawn_options options = { .argv = missing, .stdin_fd = -1, .stdout_fd = -1 };
	struct error err = { 0 };

	bench_init(&bench);
	ck_assert_ptr_null(spawn_create(bench.loop, &options, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "'capydeck-no-such-program'"));
	options.argv = nowhere;
	ck_assert_ptr_null(spawn_create(bench.loop, &options, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	options.argv = folder;
	ck_assert_ptr_null(spawn_create(bench.loop, &options, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert(!spawn_detached(missing, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!spawn_detached(folder, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	bench_finish(&bench);
}
END_TEST

START_TEST(the_loaders_variables_do_not_reach_it)
{
	static const char *const argv[] = { "env", NULL };
	static const char *const env[] = { "LD_PRELOAD=", "ONE=1", "LD_LIBRARY_PATH=/nowhere",
		"LD_LIBRARY_PATH_ORIG=", NULL };
	AUTO(strbuf_finish) struct strbuf text = { 0 }, inherited = { 0 };

	run(argv, env, &text);
	ck_assert_str_eq(strbuf_text(&text), "ONE=1\nLD_LIBRARY_PATH_ORIG=\n");
	setenv("LD_LIBRARY_PATH", "/nowhere", 1);
	setenv("CAPYDECK_TEST", "kept", 1);
	run(argv, NULL, &inherited);
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("CAPYDECK_TEST");
	ck_assert_ptr_null(strstr(strbuf_text(&inherited), "LD_LIBRARY_PATH="));
	ck_assert_ptr_nonnull(strstr(strbuf_text(&inherited), "CAPYDECK_TEST=kept\n"));
}
END_TEST

START_TEST(descriptors_do_not_reach_it)
{
	static const char *const argv[] = { "ls", "/proc/self/fd", NULL };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	int fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = open("/dev/null", O_RDONLY); /* as a careless library does */
	}
	run(argv, NULL, &text);
	ck_assert_str_eq(strbuf_text(&text), "0\n1\n2\n3\n"); /* 3 is the folder that it lists */
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
	}
}
END_TEST

START_TEST(it_starts_with_the_default_signals)
{
	static const char *const argv[] = { "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status",
		NULL };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	sigset_t blocked, before;
	unsigned long long blocked_bits, ignored_bits;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	run(argv, NULL, &text);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	ck_assert_int_eq(sscanf(strbuf_text(&text), "SigBlk: %llx SigIgn: %llx", &blocked_bits,
				 &ignored_bits),
		2);
	ck_assert_uint_eq(blocked_bits, 0);
	ck_assert_uint_eq(ignored_bits & 0x7fffffff, 0); /* the C library's own are 32 and 33 */
}
END_TEST

START_TEST(detached_ones_are_nobodys)
{
	char dir[] = "/tmp/test_spawn.XXXXXX", fifo[64];
	/* Its number, its parent, its session; all standard descriptors. */
	const char *const argv[] = { "sh", "-c",
		"for fd in 0 1 2; do [ /proc/self/fd/$fd -ef /dev/null ] || exit 1; done\n"
		"read pid name state parent group session rest </proc/$$/stat\n"
		"echo $pid $parent $session >\"$1\"",
		"sh", fifo, NULL };
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct error err = { 0 };
	int pid, parent, session, fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_msg(spawn_detached(argv, NULL, &err), "%s", err.message);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
	fd = open(fifo, O_RDONLY | O_CLOEXEC);
	read_all(fd, &text);
	close(fd);
	ck_assert_int_eq(sscanf(strbuf_text(&text), "%d %d %d", &pid, &parent, &session), 3);
	ck_assert_int_ne(parent, getpid());
	ck_assert_int_eq(session, pid);
	unlink(fifo);
	rmdir(dir);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spawn");

	tcase_add_test(tcase, pipes_lead_to_it);
	tcase_add_test(tcase, without_pipes_it_has_dev_null);
	tcase_add_test(tcase, signals_reach_it);
	tcase_add_test(tcase, destroying_ends_and_reaps_it);
	tcase_add_test(tcase, its_end_can_be_waited_for);
	tcase_add_test(tcase, programs_that_cannot_be_started_are_named);
	tcase_add_test(tcase, the_loaders_variables_do_not_reach_it);
	tcase_add_test(tcase, descriptors_do_not_reach_it);
	tcase_add_test(tcase, it_starts_with_the_default_signals);
	tcase_add_test(tcase, detached_ones_are_nobodys);
	return run_tcase(tcase);
}
