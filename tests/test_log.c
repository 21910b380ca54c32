#define LOG_MODULE "test"
#include "core/log.h"

#include "core/cleanup.h"
#include "core/utf8.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int saved_stderr, captured;

static void capture(void)
{
	saved_stderr = dup(STDERR_FILENO);
	captured = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ck_assert_int_ge(captured, 0);
	dup2(captured, STDERR_FILENO);
	log_set_level(LOG_LEVEL_INFO);
}

static void release(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(captured);
	unsetenv("JOURNAL_STREAM");
	log_set_sink(NULL, NULL);
}

static const char *written(void)
{
	static char text[65536];
	ssize_t length = pread(captured, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	return text;
}

static void name_journal(const char *format)
{
	struct stat stat;
	char value[64];

	fstat(captured, &stat);
	snprintf(value, sizeof(value), "%ju:%ju", (uintmax_t)stat.st_dev,
		(uintmax_t)stat.st_ino + (*format == '+'));
	setenv("JOURNAL_STREAM", value, 1);
}

START_TEST(writes_time_level_and_module)
{
	unsigned year, month, day, hour, minute, second, ms;
	int rest = 0;

	log_warning("disk %d%% full", 93);
	ck_assert_int_eq(sscanf(written(), "%4u-%2u-%2u %2u:%2u:%2u.%3u %n", &year, &month, &day,
				 &hour, &minute, &second, &ms, &rest),
		7);
	ck_assert_str_eq(written() + rest, "warning test: disk 93% full\n");
}
END_TEST

START_TEST(gives_the_journal_priorities)
{
	name_journal("");
	log_set_level(LOG_LEVEL_DEBUG);
	log_error("e");
	log_warning("w");
	log_info("i");
	log_debug("d");
	ck_assert_str_eq(written(), "<3>test: e\n<4>test: w\n<6>test: i\n<7>test: d\n");
}
END_TEST

START_TEST(knows_when_stderr_is_no_journal)
{
	name_journal("+1");
	log_info("x");
	ck_assert_int_ne(written()[0], '<');
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_info("x");
	ck_assert(strchr(written(), '<') == NULL);
}
END_TEST

START_TEST(levels_filter)
{
	ck_assert(!log_enabled(LOG_LEVEL_DEBUG));
	ck_assert(log_enabled(LOG_LEVEL_INFO));
	log_debug("unseen");
	ck_assert_str_eq(written(), "");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("unseen");
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(one_event_is_one_line)
{
	name_journal("");
	log_info("a\nb\r\x1b[0m <3>forged %s", "\xff");
	ck_assert_str_eq(written(), "<6>test: a?b??[0m <3>forged ?\n");
}
END_TEST

START_TEST(long_lines_are_cut)
{
	char text[8192];

	memset(text, 0, sizeof(text));
	for (int i = 0; i < 4000; i += 2) {
		memcpy(text + i, "ü", 2);
	}
	name_journal("");
	log_info("%s", text);
	ck_assert_uint_le(strlen(written()), 2100);
	ck_assert_uint_ge(strlen(written()), 2000);
	ck_assert(utf8_valid(written(), strlen(written())));
	ck_assert_int_eq(written()[strlen(written()) - 1], '\n');
}
END_TEST

static void remember(void *user, enum log_level level, const char *line)
{
	snprintf(user, 100, "%d %s", (int)level, line);
}

START_TEST(the_sink_gets_plain_lines)
{
	char last[100] = "";

	log_set_sink(remember, last);
	log_error("broken");
	ck_assert_str_eq(last, "0 test: broken");
	log_set_sink(NULL, NULL);
	log_error("unheard");
	ck_assert_str_eq(last, "0 test: broken");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("log");

	tcase_add_checked_fixture(tcase, capture, release);
	tcase_add_test(tcase, writes_time_level_and_module);
	tcase_add_test(tcase, gives_the_journal_priorities);
	tcase_add_test(tcase, knows_when_stderr_is_no_journal);
	tcase_add_test(tcase, levels_filter);
	tcase_add_test(tcase, one_event_is_one_line);
	tcase_add_test(tcase, long_lines_are_cut);
	tcase_add_test(tcase, the_sink_gets_plain_lines);
	return run_tcase(tcase);
}
