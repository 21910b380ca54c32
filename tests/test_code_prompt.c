#include "terminal/code_prompt.h"

#include "core/loop.h"
#include "core/strbuf.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each test runs in a process of its own: descriptors 0 and 2 are its to replace. */
static struct loop *loop;
static struct code_prompt *prompt;
static char entered[300];
static unsigned entered_count, closed_count, expired_count;

static void on_entered(void *user, const char *code)
{
	entered_count++;
	snprintf(entered, sizeof(entered), "%s", code);
	loop_stop(loop);
}

static void on_closed(void *user)
{
	closed_count++;
	loop_stop(loop);
}

static void on_expired(void *user)
{
	expired_count++;
	loop_stop(loop);
}

static const struct code_prompt_events events = {
	.entered = on_entered,
	.closed = on_closed,
	.expired = on_expired,
};

static void replace(int fd, int by_take)
{
	ck_assert_int_ge(by_take, 0);
	ck_assert_int_eq(dup2(by_take, fd), fd);
	close(by_take);
}

static void open_prompt(void)
{
	loop = loop_create();
	prompt = code_prompt_create(loop, "De\033ck", &events, NULL);
}

static void close_prompt(void)
{
	code_prompt_destroy(prompt);
	loop_destroy(loop);
}

/* Standard input is a pipe; returns its other end. */
static int open_piped(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	replace(STDIN_FILENO, ends[0]);
	open_prompt();
	return ends[1];
}

static void type(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void ask(const char *expected)
{
	code_prompt_ask(prompt, NULL, 60);
	loop_run(loop);
	ck_assert_str_eq(entered, expected);
}

START_TEST(each_question_takes_a_line)
{
	int fd = open_piped();

	type(fd, "\n  \n 123456 \r\n000000\nlast");
	ask("123456");
	ask("000000");
	close(fd);
	ask("last");
	ck_assert_uint_eq(entered_count, 3);
	code_prompt_ask(prompt, "again", 0);
	loop_run(loop);
	ck_assert_uint_eq(closed_count, 1);
	close_prompt();
}
END_TEST

START_TEST(a_line_that_is_too_long_is_cut)
{
	char line[300];
	int fd = open_piped();

	memset(line, '7', sizeof(line));
	ck_assert_int_eq(write(fd, line, sizeof(line)), sizeof(line));
	code_prompt_ask(prompt, NULL, 60);
	loop_run(loop);
	ck_assert_uint_eq(strlen(entered), 256);
	close(fd);
	close_prompt();
}
END_TEST

START_TEST(a_file_is_read_without_waiting)
{
	FILE *file = tmpfile();

	fputs("123456\n", file);
	rewind(file);
	replace(STDIN_FILENO, dup(fileno(file)));
	fclose(file);
	open_prompt();
	ask("123456");
	code_prompt_ask(prompt, NULL, 0);
	loop_run(loop);
	ck_assert_uint_eq(closed_count, 1);
	close_prompt();
}
END_TEST

START_TEST(time_runs_out)
{
	int fd = open_piped();

	code_prompt_ask(prompt, NULL, 1);
	loop_run(loop);
	ck_assert_uint_eq(expired_count, 1);
	ck_assert_uint_eq(entered_count + closed_count, 0);
	close(fd);
	close_prompt();
}
END_TEST

static void expect_shown(int terminal, struct strbuf *shown, const char *expected)
{
	char bytes[256];
	ssize_t got;

	while (strstr(strbuf_text(shown), expected) == NULL) {
		got = read(terminal, bytes, sizeof(bytes));
		ck_assert_int_gt(got, 0);
		strbuf_append(shown, bytes, (size_t)got);
	}
	strbuf_reset(shown);
}

START_TEST(a_terminal_shows_the_question)
{
	struct strbuf shown = { 0 };
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	ck_assert_int_ge(terminal, 0);
	ck_assert_int_eq(grantpt(terminal), 0);
	ck_assert_int_eq(unlockpt(terminal), 0);
	replace(STDIN_FILENO, open(ptsname(terminal), O_RDWR | O_NOCTTY));
	replace(STDERR_FILENO, dup(STDIN_FILENO));
	open_prompt();
	code_prompt_ask(prompt, "That is not the code.", 3);
	expect_shown(terminal, &shown,
		"That is not the code.\r\nDe?ck shows a code on its screen (3 s left).\r\nCode: ");
	type(terminal, "\n");
	type(terminal, "123456\n");
	loop_run(loop);
	ck_assert_str_eq(entered, "123456");
	expect_shown(terminal, &shown, "\r\nCode: ");

	code_prompt_ask(prompt, NULL, 2);
	loop_run(loop); /* counts down, over the line above the one that is typed into */
	ck_assert_uint_eq(expired_count, 1);
	expect_shown(terminal, &shown,
		"Code: \0337\033[1A\rDe?ck shows a code on its screen (1 s left).");
	close_prompt();
	strbuf_finish(&shown);
	close(terminal);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("code_prompt");

	tcase_add_test(tcase, each_question_takes_a_line);
	tcase_add_test(tcase, a_line_that_is_too_long_is_cut);
	tcase_add_test(tcase, a_file_is_read_without_waiting);
	tcase_add_test(tcase, time_runs_out);
	tcase_add_test(tcase, a_terminal_shows_the_question);
	return run_tcase(tcase);
}
