#include "terminal/progress_bar.h"

#include "core/cleanup.h"
#include "core/strbuf.h"
#include "suite.h"
#include "terminal/text_width.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct progress_view half = {
	.label = "Sending",
	.bytes_done = 412345678,
	.bytes_total = 1234567890,
	.rate = 38212345,
	.path = "content/levels/chapter one/texture.pak",
};

static void assert_line(
	const struct progress_view *view, unsigned columns, bool is_utf8, const char *expected)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	progress_bar_format(&line, view, columns, is_utf8);
	ck_assert_str_eq(strbuf_text(&line), expected);
}

START_TEST(the_line_fits_its_width)
{
	assert_line(&half, 80, true,
		"Sending   33%  ████░░░░░░░░░  412 MB of 1.2 GB  38 MB/s  0:22 left  …exture.pak");
	assert_line(&half, 80, false,
		"Sending   33%  [###--------]  412 MB of 1.2 GB  38 MB/s  0:22 left  ...ture.pak");
	assert_line(&half, 40, true, " 33%  412 MB of 1.2 GB  0:22 left");
	assert_line(&half, 20, true, " 33%  ██░░░░");
	assert_line(&half, 5, true, " 33%");
	assert_line(&half, PROGRESS_BAR_PLAIN, false,
		"Sending   33%  412 MB of 1.2 GB  38 MB/s  0:22 left  "
		"content/levels/chapter one/texture.pak");
}
END_TEST

START_TEST(no_width_is_exceeded)
{
	struct progress_view view = half;

	view.path = "目録/とても長い名前のファイル/テクスチャ.pak";
	for (unsigned columns = 6; columns < 200; columns++) {
		for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
			AUTO(strbuf_finish) struct strbuf line = { 0 };

			progress_bar_format(&line, &view, columns, is_utf8);
			ck_assert_uint_lt(text_width(strbuf_text(&line)), columns);
		}
	}
}
END_TEST

START_TEST(what_is_not_known_is_not_said)
{
	const struct progress_view start = {
		.label = "Sending",
		.bytes_total = 10,
		.path = "",
	};
	const struct progress_view nothing = { .label = "Sending", .path = "a" };
	struct progress_view nearly = half;

	assert_line(&start, PROGRESS_BAR_PLAIN, false, "Sending    0%  0 bytes of 10 bytes");
	assert_line(&nothing, PROGRESS_BAR_PLAIN, false, "Sending  100%  0 bytes of 0 bytes  a");
	nearly.bytes_done = nearly.bytes_total - 1;
	assert_line(&nearly, 20, true, " 99%  █████░");
}
END_TEST

START_TEST(control_characters_of_names_stay_off_the_terminal)
{
	struct progress_view view = half;

	view.path = "a\033[2Jb";
	assert_line(&view, PROGRESS_BAR_PLAIN, false,
		"Sending   33%  412 MB of 1.2 GB  38 MB/s  0:22 left  a?[2Jb");
}
END_TEST

static void assert_bytes(int64_t bytes, const char *expected)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	progress_bar_format_bytes(&text, bytes);
	ck_assert_str_eq(strbuf_text(&text), expected);
}

START_TEST(sizes_are_short)
{
	assert_bytes(0, "0 bytes");
	assert_bytes(1, "1 byte");
	assert_bytes(999, "999 bytes");
	assert_bytes(1000, "1.0 kB");
	assert_bytes(9949, "9.9 kB");
	assert_bytes(9950, "10 kB");
	assert_bytes(999499, "999 kB");
	assert_bytes(999500, "1.0 MB");
	assert_bytes(INT64_C(10000000000), "10 GB");
	assert_bytes(INT64_C(9007199254740992), "9.0 PB");
	assert_bytes(INT64_MAX, "9223 PB");
}
END_TEST

static void assert_seconds(int64_t seconds, const char *expected)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	progress_bar_format_seconds(&text, seconds);
	ck_assert_str_eq(strbuf_text(&text), expected);
}

START_TEST(times_are_short)
{
	assert_seconds(0, "0:00");
	assert_seconds(67, "1:07");
	assert_seconds(3599, "59:59");
	assert_seconds(3723, "1:02:03");
}
END_TEST

START_TEST(a_file_gets_no_line_for_what_is_over_at_once)
{
	char path[] = "/tmp/test_progress_bar.XXXXXX";
	AUTO(close_fd) int fd = mkstemp(path);
	struct progress_bar bar;

	ck_assert_int_ge(fd, 0);
	unlink(path);
	progress_bar_init(&bar, fd);
	ck_assert(!bar.is_terminal);
	progress_bar_update(&bar, "Sending", 0, 100, "a");
	progress_bar_update(&bar, "Sending", 100, 100, "a");
	progress_bar_clear(&bar);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
}
END_TEST

static void read_shown(int terminal, char *shown, size_t size)
{
	ssize_t got = read(terminal, shown, size - 1);

	ck_assert_int_gt(got, 0);
	shown[got] = '\0';
}

START_TEST(a_terminal_gets_a_line_that_is_drawn_over)
{
	AUTO(close_fd) int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	AUTO(close_fd) int fd = -1;
	struct winsize size = { .ws_row = 24, .ws_col = 60 };
	struct progress_bar bar;
	char shown[512];

	ck_assert_int_eq(grantpt(terminal), 0);
	ck_assert_int_eq(unlockpt(terminal), 0);
	fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
	setenv("TERM", "xterm", 1);
	setenv("LC_ALL", "C", 1);
	progress_bar_init(&bar, fd);
	ck_assert(bar.is_terminal);
	ck_assert(!bar.is_utf8);
	progress_bar_update(&bar, "Sending", 50, 100, "file");
	read_shown(terminal, shown, sizeof(shown));
	ck_assert_int_eq(strncmp(shown, "\r\033[KSending", 11), 0);
	ck_assert_ptr_nonnull(strstr(shown, " 50%"));

	/* Narrower, it has folded into more lines. */
	size.ws_col = 20;
	ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
	progress_bar_clear(&bar);
	read_shown(terminal, shown, sizeof(shown));
	ck_assert_str_eq(shown, "\r\033[2A\033[J");
	progress_bar_clear(&bar); /* nothing stands there: the next bytes are the next line's */
	progress_bar_update(&bar, "Sending", 60, 100, "file");
	read_shown(terminal, shown, sizeof(shown));
	ck_assert_int_eq(strncmp(shown, "\r\033[K", 4), 0);

	setenv("TERM", "dumb", 1);
	setenv("LC_ALL", "en_US.UTF-8", 1);
	progress_bar_init(&bar, fd);
	ck_assert(!bar.is_terminal);
	ck_assert(bar.is_utf8);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("progress_bar");

	tcase_add_test(tcase, the_line_fits_its_width);
	tcase_add_test(tcase, no_width_is_exceeded);
	tcase_add_test(tcase, what_is_not_known_is_not_said);
	tcase_add_test(tcase, control_characters_of_names_stay_off_the_terminal);
	tcase_add_test(tcase, sizes_are_short);
	tcase_add_test(tcase, times_are_short);
	tcase_add_test(tcase, a_file_gets_no_line_for_what_is_over_at_once);
	tcase_add_test(tcase, a_terminal_gets_a_line_that_is_drawn_over);
	return run_tcase(tcase);
}
