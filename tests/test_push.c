#include "push/push.h"

#include "agent_fixture.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"
#include "ws/lws_loop.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct agent_fixture agent;
static struct push *push;
static char root[FOLDER_BYTES];
static char *dir, *config, *address;
static unsigned finished_count, notice_count;
static enum push_end end;

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	ck_assert_str_eq(push_agent_name(push), address);
	push_confirm(push, AGENT_FIXTURE_CODE);
}

static void on_code_unwanted(void *user)
{
}

static void on_paired(void *user)
{
}

static void on_connected(void *user, const char *agent_name)
{
}

static void on_progress(void *user, const struct push_progress *progress)
{
}

static void on_notice(void *user, const char *text)
{
	notice_count++;
}

static void on_finished(void *user, enum push_end how, const struct error *err)
{
	finished_count++;
	end = how;
	loop_stop(agent.loop);
}

static const struct push_events events = {
	.code_wanted = on_code_wanted,
	.code_unwanted = on_code_unwanted,
	.paired = on_paired,
	.connected = on_connected,
	.progress = on_progress,
	.notice = on_notice,
	.finished = on_finished,
};

static void write_file(const char *name, const char *text, mode_t mode)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", dir, name);
	AUTO(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void start(void)
{
	folder_make(root);
	setenv("XDG_CACHE_HOME", root, 1);
	setenv("HOME", root, 1);
	dir = xasprintf("%s/My Game", root);
	config = xasprintf("%s/config", root);
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	agent = (struct agent_fixture){ .script = NULL };
	agent_fixture_start(&agent);
	address = xasprintf("127.0.0.1:%u", agent_fixture_port(&agent));
}

static void stop(void)
{
	push_destroy(push);
	agent_fixture_stop(&agent);
	folder_remove(root);
	free(dir);
	free(config);
	free(address);
}

static struct push_options options_for(const char *to)
{
	return (struct push_options){
		.lws_loop = agent.lws_loop,
		.dir = dir,
		.to = to,
		.install_path = "",
		.wants_shortcut = true,
		.config_dir = config,
		.in_flight_count = 8,
		.retry_ms = 1000,
	};
}

START_TEST(targets_are_checked)
{
	struct error err = { 0 };

	ck_assert(push_check_target("Steam Deck", NULL));
	ck_assert(push_check_target("deck.local:9999", NULL));
	ck_assert(push_check_target("[::1]:9999", NULL));
	ck_assert(!push_check_target("deck:99999", &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert(!push_check_target("[::1", NULL));
}
END_TEST

static bool check_init(struct agent_fixture *fixture, const struct envelope *request)
{
	struct init_upload init = { 0 };

	if (strcmp(request->type, "init_upload") == 0) {
		ck_assert(json_read(&init, init_upload_fields, request->payload, NULL));
		ck_assert_str_eq(init.config.game_name, "My Game");
		ck_assert_str_eq(init.config.executable, "run.sh");
		ck_assert_uint_eq(init.files_count, 2);
		json_finish(&init, init_upload_fields);
	}
	return false;
}

START_TEST(a_folder_becomes_a_game)
{
	const struct push_options options = options_for(address);
	struct error err = { 0 };
	struct push_outcome outcome;

	write_file("run.sh", "#!/bin/sh\n", 0755);
	write_file("data", "x", 0644);
	agent.script = check_init;
	push = push_create(&options, &events, NULL, &err);
	ck_assert_msg(push != NULL, "%s", err.message);
	AGENT_FIXTURE_RUN_UNTIL(&agent, finished_count == 1);
	ck_assert_int_eq(end, PUSH_DONE);
	outcome = push_outcome(push);
	ck_assert_str_eq(outcome.path, "/games/test");
	ck_assert_uint_eq(outcome.files_total, 2);
}
END_TEST

START_TEST(what_cannot_be_sent_is_said_at_once)
{
	struct push_options options = options_for(address);
	struct error err = { 0 };
	AUTO(free_ptr) char *link = xasprintf("%s/link", dir);

	ck_assert_ptr_null(push_create(&options, &events, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "there is nothing to send"));
	ck_assert_int_eq(symlink("nowhere", link), 0);
	write_file("data", "x", 0644);
	ck_assert_ptr_null(push_create(&options, &events, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(notice_count, 1); /* the link */
	options.exe = "other";
	ck_assert_ptr_null(push_create(&options, &events, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "'other'"));
	options.dir = "/no/such";
	ck_assert_ptr_null(push_create(&options, &events, NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(agent.connections, 0);
}
END_TEST

START_TEST(it_can_be_stopped_at_any_time)
{
	struct push_options options = options_for("nobody in particular");

	write_file("run.sh", "#!/bin/sh\n", 0755);
	push = push_create(&options, &events, NULL, NULL);
	ck_assert_ptr_nonnull(push);
	ck_assert_str_eq(push_agent_name(push), "");
	ck_assert_ptr_null(push_outcome(push).upload_id);
	push_confirm(push, AGENT_FIXTURE_CODE);
	push_renew_code(push);
	push_destroy(push);
	options.to = "deck.example";
	push = push_create(&options, &events, NULL, NULL);
	ck_assert_ptr_nonnull(push);
	push_confirm(push, AGENT_FIXTURE_CODE);
	push_renew_code(push);
	ck_assert_uint_eq(finished_count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("push");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, targets_are_checked);
	tcase_add_test(tcase, a_folder_becomes_a_game);
	tcase_add_test(tcase, what_cannot_be_sent_is_said_at_once);
	tcase_add_test(tcase, it_can_be_stopped_at_any_time);
	return run_tcase(tcase);
}
