#include "agent/agent_lock.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "folder.h"
#include "ipc/ipc_server.h"
#include "suite.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Locks belong to open files, so that some agents in one process are as good as some processes. */
struct contender {
	struct agent_lock *lock;
	bool waits, holds, failed;
	struct error error;
};

static char folder[FOLDER_BYTES];
static char *socket_path;
static struct loop *loop;
static struct contender a, b, c;
static struct ipc_server *server; /* that of the holder */
static unsigned asked_count;
static bool yields; /* hands over when asked */

static void on_waiting(void *user, const char *holder)
{
	struct contender *contender = user;

	ck_assert(!contender->waits);
	contender->waits = true;
	loop_stop(loop);
}

static void on_taken(void *user, const struct error *err)
{
	struct contender *contender = user;

	ck_assert(!contender->holds && !contender->failed);
	contender->holds = err == NULL;
	contender->failed = err != NULL;
	if (err != NULL) {
		contender->error = *err;
	}
	loop_stop(loop);
}

static const struct agent_lock_events events = { .waiting = on_waiting, .taken = on_taken };

static void enter(struct contender *contender, enum agent_lock_manner manner)
{
	contender->lock = agent_lock_create(
		&(struct agent_lock_options){
			.loop = loop,
			.manner = manner,
			.state_dir = folder,
			.description = "test",
			.socket_path = socket_path,
		},
		NULL);
	ck_assert_ptr_nonnull(contender->lock);
	agent_lock_take(contender->lock, &events, contender);
	ck_assert(!contender->holds); /* not from within */
}

static void leave(struct contender *contender)
{
	agent_lock_destroy(TAKE_PTR(contender->lock));
	contender->holds = contender->waits = false;
}

static void on_nothing(void *owner, struct ipc_client_conn *client)
{
}

static void on_line(void *owner, struct ipc_client_conn *client, const char *line, size_t length)
{
	ck_assert_ptr_nonnull(strstr(line, "\"agent.release\""));
	ck_assert(agent_lock_is_claimed(a.lock));
	asked_count++;
	if (yields) {
		leave(&a);
	} else {
		loop_stop(loop);
	}
}

static const struct ipc_server_events server_events = {
	.opened = on_nothing,
	.line = on_line,
	.closed = on_nothing,
};

static void set_up(void)
{
	folder_make(folder);
	socket_path = xasprintf("%s/run/agent.sock", folder);
	loop = loop_create();
	server = ipc_server_create(loop, socket_path, &server_events, NULL, NULL);
	ck_assert_ptr_nonnull(server);
	a = b = c = (struct contender){ 0 };
	asked_count = 0;
	yields = true;
}

static void tear_down(void)
{
	agent_lock_destroy(a.lock);
	agent_lock_destroy(b.lock);
	agent_lock_destroy(c.lock);
	ipc_server_destroy(server);
	loop_destroy(loop);
	free(socket_path);
	folder_remove(folder);
}

static void hold(struct contender *contender)
{
	enter(contender, AGENT_LOCK_AT_ONCE);
	loop_run(loop);
	ck_assert(contender->holds);
}

static void wait_for(struct contender *contender)
{
	enter(contender, AGENT_LOCK_WAIT);
	loop_run(loop);
	ck_assert(contender->waits && !contender->holds);
}

START_TEST(the_second_is_told_who_holds_it)
{
	char pid[24];

	hold(&a);
	enter(&b, AGENT_LOCK_AT_ONCE);
	loop_run(loop);
	ck_assert(b.failed);
	ck_assert_int_eq(b.error.kind, ERROR_CONFLICT);
	snprintf(pid, sizeof(pid), "process %d (test)", getpid());
	ck_assert_ptr_nonnull(strstr(b.error.message, pid));
	ck_assert_ptr_nonnull(strstr(b.error.message, "--wait"));
	ck_assert(!b.waits);
}
END_TEST

START_TEST(a_lock_that_is_given_up_can_be_taken)
{
	hold(&a);
	leave(&a);
	hold(&b);
}
END_TEST

START_TEST(who_waits_gets_it_when_the_holder_goes)
{
	hold(&a);
	wait_for(&b);
	leave(&a);
	loop_run(loop);
	ck_assert(b.holds);
	ck_assert_uint_eq(asked_count, 0);
}
END_TEST

START_TEST(a_free_lock_is_not_waited_for)
{
	enter(&b, AGENT_LOCK_WAIT);
	loop_run(loop);
	ck_assert(b.holds && !b.waits);
}
END_TEST

START_TEST(the_holder_is_asked_once_and_makes_room)
{
	hold(&a);
	enter(&b, AGENT_LOCK_TAKE_OVER);
	loop_run(loop);
	ck_assert(b.waits);
	loop_run(loop);
	ck_assert(b.holds);
	ck_assert_uint_eq(asked_count, 1);
	ck_assert(!agent_lock_is_claimed(b.lock));
}
END_TEST

START_TEST(who_takes_over_comes_before_who_waits)
{
	hold(&a);
	wait_for(&c);
	enter(&b, AGENT_LOCK_TAKE_OVER);
	loop_run(loop);
	loop_run(loop);
	ck_assert(b.holds && !c.holds);
	leave(&b);
	loop_run(loop);
	ck_assert(c.holds);
}
END_TEST

/* No other agent gets ahead of it, though the lock is free. */
START_TEST(a_claim_keeps_others_out)
{
	hold(&a);
	yields = false;
	enter(&b, AGENT_LOCK_TAKE_OVER);
	loop_run(loop);
	loop_run(loop);
	ck_assert_uint_eq(asked_count, 1);
	leave(&a);
	enter(&c, AGENT_LOCK_AT_ONCE);
	while (!b.holds || !c.failed) {
		loop_run(loop);
	}
	ck_assert(!c.holds);
}
END_TEST

START_TEST(a_claim_goes_with_the_one_that_made_it)
{
	hold(&a);
	yields = false;
	enter(&b, AGENT_LOCK_TAKE_OVER);
	loop_run(loop);
	loop_run(loop);
	ck_assert_uint_eq(asked_count, 1);
	ck_assert(agent_lock_is_claimed(a.lock));
	leave(&b);
	ck_assert(!agent_lock_is_claimed(a.lock));
	wait_for(&c);
	leave(&a);
	loop_run(loop);
	ck_assert(c.holds);
}
END_TEST

START_TEST(a_wait_can_be_given_up)
{
	hold(&a);
	wait_for(&b);
	leave(&b);
	leave(&a);
	hold(&c);
	ck_assert(!b.holds);
}
END_TEST

static void write_lock_file(const char *text)
{
	AUTO(free_ptr) char *path = xasprintf("%s/agent.lock", folder);
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static const char *const odd_files[] = { "", "\n", "\n\n\n", "process 1 (no socket)",
	"\x1b[2J\n/\n" };

START_TEST(what_the_file_says_need_not_make_sense)
{
	hold(&a);
	ipc_server_destroy(TAKE_PTR(server));
	write_lock_file(odd_files[_i]);
	enter(&b, AGENT_LOCK_AT_ONCE);
	loop_run(loop);
	ck_assert(b.failed);
	ck_assert_ptr_null(strchr(b.error.message, '\x1b'));
	enter(&c, AGENT_LOCK_TAKE_OVER);
	loop_run(loop);
	leave(&a);
	loop_run(loop);
	ck_assert(c.holds);
}
END_TEST

/* Like a full disk: no file grows. It serves without a name, and is still found. */
START_TEST(a_full_disk_keeps_nobody_from_serving)
{
	struct rlimit usual;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ .rlim_max = usual.rlim_max }), 0);
	hold(&a);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
	enter(&b, AGENT_LOCK_TAKE_OVER);
	loop_run(loop);
	ck_assert(b.waits);
	loop_run(loop);
	ck_assert(b.holds);
	ck_assert_uint_eq(asked_count, 1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("agent_lock");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_second_is_told_who_holds_it);
	tcase_add_test(tests, a_lock_that_is_given_up_can_be_taken);
	tcase_add_test(tests, who_waits_gets_it_when_the_holder_goes);
	tcase_add_test(tests, a_free_lock_is_not_waited_for);
	tcase_add_test(tests, the_holder_is_asked_once_and_makes_room);
	tcase_add_test(tests, who_takes_over_comes_before_who_waits);
	tcase_add_test(tests, a_claim_keeps_others_out);
	tcase_add_test(tests, a_claim_goes_with_the_one_that_made_it);
	tcase_add_test(tests, a_wait_can_be_given_up);
	tcase_add_loop_test(tests, what_the_file_says_need_not_make_sense, 0,
		sizeof(odd_files) / sizeof(odd_files[0]));
	tcase_add_test(tests, a_full_disk_keeps_nobody_from_serving);
	return run_tcase(tests);
}
