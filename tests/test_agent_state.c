#include "agent/agent_state.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/state_file.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct memory {
	int64_t version;
	char *name;
};

static const struct json_field memory_fields[] = {
	JSON_FIELD(struct memory, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct memory, name, "name", JSON_STRING, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static const struct state_file memory_file = {
	.what = "the memory",
	.loss = "all is forgotten",
	.max_bytes = 1000,
	.fields = memory_fields,
	.object_bytes = sizeof(struct memory),
};

static char dir[FOLDER_BYTES];
static char *path, *away;
static struct loop *loop;
static struct agent_state *state;
static struct memory memory;
static struct state_link file;
static unsigned arrived_count, changed_count;
static struct strvec noted;

static void on_arrived(void *user)
{
	ck_assert_str_eq(memory.name, "Ada");
	arrived_count++;
	loop_stop(loop);
}

static void on_changed(void *user)
{
	changed_count++;
}

static void on_noted(void *user, char *sentence)
{
	strvec_push_take(&noted, sentence);
}

static void setup(void)
{
	folder_make(dir);
	path = xasprintf("%s/memory.json", dir);
	away = xasprintf("%s/away", dir);
	loop = loop_create();
	state = agent_state_create(&(struct agent_state_options){
		.loop = loop, .changed = on_changed, .noted = on_noted });
}

static void teardown(void)
{
	agent_state_destroy(state);
	json_finish(&memory, memory_fields);
	state_link_finish(&file);
	strvec_finish(&noted);
	loop_destroy(loop);
	folder_remove(dir);
	free(path);
	free(away);
}

static void write_memory(const char *text)
{
	ck_assert(atomic_file_write(path, text, strlen(text), 0600, NULL));
}

/* Root may read any file, but no folder. */
static void take_away(void)
{
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void bring_back(void)
{
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(away, path), 0);
}

static size_t count_notices(const char *part)
{
	AUTO(strvec_finish) struct strvec notices = { 0 };

	agent_state_notices(state, &notices);
	for (size_t i = 0; i < notices.count; i++) {
		ck_assert_ptr_nonnull(strstr(notices.items[i], part));
	}
	return notices.count;
}

START_TEST(what_is_there_is_no_news)
{
	write_memory("{\"version\":1,\"name\":\"Ada\"}");
	state_link_init(&file, &memory_file, path, &memory, NULL);
	agent_state_watch_link(state, &file, on_arrived, NULL);
	ck_assert_uint_eq(count_notices(""), 0);
	ck_assert_uint_eq(arrived_count, 0);
}
END_TEST

START_TEST(what_is_missing_is_tried_until_it_is_there)
{
	struct error err = { 0 };

	write_memory("{\"version\":1,\"name\":\"Ada\"}");
	take_away();
	state_link_init(&file, &memory_file, path, &memory, NULL);
	agent_state_watch_link(state, &file, on_arrived, NULL);
	agent_state_watch_link(state, &file, on_arrived, NULL); /* once is enough */
	ck_assert_uint_eq(count_notices("the memory cannot be read now"), 1);
	ck_assert(!state_link_write(&file, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	bring_back();
	loop_run(loop);
	ck_assert_uint_eq(arrived_count, 1);
	ck_assert_uint_eq(count_notices(""), 0);
	ck_assert_uint_eq(noted.count, 0);
}
END_TEST

START_TEST(what_somebody_else_reads_arrives_on_the_loop)
{
	write_memory("{\"version\":1,\"name\":\"Ada\"}");
	take_away();
	state_link_init(&file, &memory_file, path, &memory, NULL);
	agent_state_watch_link(state, &file, on_arrived, NULL);
	bring_back();
	ck_assert(state_link_ready(&file, NULL));
	ck_assert_uint_eq(arrived_count, 0);
	loop_dispatch(loop);
	ck_assert_uint_eq(arrived_count, 1);
	ck_assert_uint_ge(changed_count, 1);
}
END_TEST

static void on_arrived_empty(void *user)
{
	ck_assert_ptr_null(memory.name);
	loop_stop(loop);
}

START_TEST(damage_that_is_found_later_is_told)
{
	write_memory("{\"version\":");
	take_away();
	state_link_init(&file, &memory_file, path, &memory, NULL);
	agent_state_watch_link(state, &file, on_arrived_empty, NULL);
	bring_back();
	loop_run(loop);
	ck_assert_uint_eq(noted.count, 1);
	ck_assert_ptr_nonnull(strstr(noted.items[0], "all is forgotten"));
	ck_assert_uint_eq(count_notices(""), 0);
}
END_TEST

START_TEST(nobody_may_be_left_to_listen)
{
	write_memory("{\"version\":1,\"name\":\"Ada\"}");
	take_away();
	state_link_init(&file, &memory_file, path, &memory, NULL);
	agent_state_watch_link(state, &file, on_arrived, NULL);
	agent_state_destroy(state);
	state = NULL;
	bring_back();
	ck_assert(state_link_ready(&file, NULL)); /* nobody listens */
	loop_dispatch(loop);
	ck_assert_uint_eq(arrived_count, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("agent_state");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_there_is_no_news);
	tcase_add_test(tests, what_is_missing_is_tried_until_it_is_there);
	tcase_add_test(tests, what_somebody_else_reads_arrives_on_the_loop);
	tcase_add_test(tests, damage_that_is_found_later_is_told);
	tcase_add_test(tests, nobody_may_be_left_to_listen);
	return run_tcase(tests);
}
