#include "core/fatal.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* AddressSanitizer ends a program that asks for too much, unless it is told not to. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static char said[1024];

/* Runs it in a child; returns how that ended, and what it wrote to stderr in said. */
static int end_by(void (*end)(void))
{
	size_t length = 0;
	int fds[2], status;
	ssize_t got;
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		end();
		_exit(99);
	}
	close(fds[1]);
	while ((got = read(fds[0], said + length, sizeof(said) - 1 - length)) > 0) {
		length += (size_t)got;
	}
	said[length] = '\0';
	close(fds[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

static void ask_for_too_much(void)
{
	free(xcalloc(SIZE_MAX / 4, 2));
}

static void grow_without_end(void)
{
	struct strbuf text = { 0 };

	strbuf_reserve(&text, SIZE_MAX / 2);
}

static void run_out_of_descriptors(void)
{
	errno = EMFILE;
	fatal_errno("wait for events");
}

START_TEST(what_ends_the_program_says_why)
{
	static const struct {
		void (*end)(void);
		const char *sentence;
		bool aborts;
	} cases[] = {
		{ ask_for_too_much, "out of memory", true },
		{ grow_without_end, "out of memory", true },
		{ run_out_of_descriptors, "cannot wait for events: Too many open files", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = end_by(cases[i].end);

		ck_assert_int_eq(WIFSIGNALED(status), cases[i].aborts);
		ck_assert(cases[i].aborts ? WTERMSIG(status) == SIGABRT
					  : WEXITSTATUS(status) == EXIT_FAILURE);
		ck_assert_msg(strstr(said, cases[i].sentence) != NULL, "%s", said);
		ck_assert_ptr_nonnull(strstr(said, "test_fatal: "));
		ck_assert_int_eq(said[strlen(said) - 1], '\n');
	}
}
END_TEST

/* What a peer chooses can be refused. */
START_TEST(a_size_can_be_tried)
{
	struct strbuf text = { 0 };

	strbuf_append_text(&text, "kept");
	ck_assert(!strbuf_try_reserve(&text, SIZE_MAX));
	ck_assert(!strbuf_try_reserve(&text, SIZE_MAX / 2));
	ck_assert_str_eq(text.data, "kept");
	ck_assert(strbuf_try_reserve(&text, 1000));
	ck_assert_uint_ge(text.capacity, 1000);
	ck_assert_str_eq(text.data, "kept");
	strbuf_finish(&text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("fatal");

	tcase_add_test(tests, what_ends_the_program_says_why);
	tcase_add_test(tests, a_size_can_be_tried);
	return run_tcase(tests);
}
