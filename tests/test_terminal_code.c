#include "cmd/terminal_code.h"

#include "core/loop.h"
#include "pairing/pairing.h"
#include "suite.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#define EXPIRES_S 30 /* less than a code is usually valid */

static struct loop *loop;
static struct pairing *pairing;
static struct terminal_code terminal;
static int ends[2]; /* of a pipe that plays the terminal */

static void setup(void)
{
	loop = loop_create();
	pairing = pairing_create(
		&(struct pairing_options){ .loop = loop, .expires_ms = EXPIRES_S * 1000 });
	ck_assert_int_eq(pipe(ends), 0);
	terminal_code_init(&terminal, pairing);
	terminal_code_finish(&terminal, pairing);
	terminal.fd = ends[1];
}

static void teardown(void)
{
	terminal_code_finish(&terminal, pairing); /* closes its end */
	close(ends[0]);
	pairing_destroy(pairing);
	loop_destroy(loop);
}

static void ck_written(const char *part, const char *other)
{
	char text[512];
	ssize_t length = read(ends[0], text, sizeof(text) - 1);

	ck_assert_int_gt(length, 0);
	text[length] = '\0';
	ck_assert_msg(strstr(text, part) != NULL && strstr(text, other) != NULL, "%s", text);
}

static void on_ended(void *user, void *holder, enum pairing_end end)
{
}

START_TEST(code_is_shown_with_the_time_that_is_left)
{
	ck_assert(pairing_begin(pairing,
		&(struct pairing_request){
			.hub_id = "hub",
			.hub_name = "PC",
			.address = "192.0.2.1",
			.holder = ends,
			.ended = on_ended,
		},
		NULL));
	pairing_listen(pairing, &terminal.listener);
	ck_written("Pairing code for 'PC'", "(valid for 30 seconds)");
	ck_assert(pairing_dismiss(pairing, NULL));
	ck_written("dismissed on the device", "\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("terminal_code");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, code_is_shown_with_the_time_that_is_left);
	return run_tcase(tcase);
}
