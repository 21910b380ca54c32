#include "push/agent_tokens.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[FOLDER_BYTES];
static char *config_dir;

static void make_root(void)
{
	folder_make(root);
	config_dir = path_join(root, "capydeck");
}

static void remove_root(void)
{
	folder_remove(root);
	free(config_dir);
}

static void open_tokens(struct agent_tokens *tokens)
{
	char *notice = NULL;
	struct error err = { 0 };

	ck_assert_msg(agent_tokens_init(tokens, config_dir, &notice, &err), "%s", err.message);
	ck_assert_ptr_null(notice);
}

static void put(struct agent_tokens *tokens, const char *id, const char *address, const char *token)
{
	const struct agent_token entry = {
		.agent_id = (char *)id,
		.address = (char *)address,
		.name = (char *)"Deck",
		.token = (char *)token,
	};

	ck_assert(agent_tokens_put(tokens, &entry, NULL));
}

START_TEST(the_id_is_made_once)
{
	AUTO(agent_tokens_finish) struct agent_tokens first = { 0 };
	AUTO(agent_tokens_finish) struct agent_tokens second = { 0 };

	open_tokens(&first);
	open_tokens(&second);
	ck_assert_uint_eq(strlen(first.hub_id), 16);
	ck_assert_str_eq(first.hub_id, second.hub_id);
}
END_TEST

START_TEST(tokens_are_found_by_id_then_by_address)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(agent_tokens_finish) struct agent_tokens again = { 0 };

	open_tokens(&tokens);
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-a");
	put(&tokens, "", "10.0.0.2:9999", "token-b");
	open_tokens(&again);
	ck_assert_str_eq(agent_tokens_find(&again, "aaaaaaaa", "10.9.9.9:1"), "token-a");
	ck_assert_str_eq(agent_tokens_find(&again, NULL, "10.0.0.1:9999"), "token-a");
	ck_assert_str_eq(agent_tokens_find(&again, "bbbbbbbb", "10.0.0.2:9999"), "token-b");
	ck_assert_ptr_null(agent_tokens_find(&again, "cccccccc", "10.0.0.9:9999"));
	ck_assert_ptr_null(agent_tokens_find(&again, "", "10.0.0.9:9999"));
}
END_TEST

START_TEST(a_token_is_not_shown_to_another_agent_at_the_address)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };

	open_tokens(&tokens);
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-a");
	ck_assert_ptr_null(agent_tokens_find(&tokens, "bbbbbbbb", "10.0.0.1:9999"));
}
END_TEST

START_TEST(a_new_token_replaces_the_old)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };

	open_tokens(&tokens);
	put(&tokens, "", "10.0.0.1:9999", "token-1");
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-2");
	put(&tokens, "aaaaaaaa", "10.0.0.7:9999", "token-3");
	ck_assert_uint_eq(tokens.tokens_count, 1);
	ck_assert_str_eq(agent_tokens_find(&tokens, "aaaaaaaa", NULL), "token-3");
	/* A borrowed token may be put back under another name. */
	put(&tokens, "aaaaaaaa", "10.0.0.8:9999", agent_tokens_find(&tokens, "aaaaaaaa", NULL));
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "10.0.0.8:9999"), "token-3");
}
END_TEST

START_TEST(an_agent_has_one_token_at_all_its_addresses)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(agent_tokens_finish) struct agent_tokens again = { 0 };

	open_tokens(&tokens);
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-1");
	/* Paired anew at an address that was not known to be its own, and its id came then. */
	put(&tokens, "", "deck.local:9999", "token-2");
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "10.0.0.1:9999"), "token-1");
	put(&tokens, "aaaaaaaa", "deck.local:9999", "token-2");
	open_tokens(&again);
	ck_assert_uint_eq(again.tokens_count, 1);
	ck_assert_str_eq(agent_tokens_find(&again, NULL, "10.0.0.1:9999"), "token-2");
	ck_assert_str_eq(agent_tokens_find(&again, NULL, "deck.local:9999"), "token-2");
	ck_assert_ptr_null(agent_tokens_find(&again, "bbbbbbbb", "10.0.0.1:9999"));
	/* Reached where it does not say who it is. */
	put(&again, "", "10.0.0.1:9999", "token-2");
	ck_assert_uint_eq(again.tokens_count, 1);
	ck_assert_str_eq(again.tokens[0].agent_id, "aaaaaaaa");
	ck_assert_str_eq(again.tokens[0].address, "10.0.0.1:9999");
	ck_assert_str_eq(agent_tokens_find(&again, NULL, "deck.local:9999"), "token-2");
}
END_TEST

START_TEST(an_address_that_another_agent_has_now_costs_no_token)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(agent_tokens_finish) struct agent_tokens again = { 0 };

	open_tokens(&tokens);
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-a");
	put(&tokens, "", "10.0.0.1:9999", "token-b");
	put(&tokens, "bbbbbbbb", "10.0.0.1:9999", "token-b");
	open_tokens(&again);
	ck_assert_uint_eq(again.tokens_count, 2);
	ck_assert_str_eq(agent_tokens_find(&again, NULL, "10.0.0.1:9999"), "token-b");
	ck_assert_str_eq(agent_tokens_find(&again, "aaaaaaaa", "10.0.0.1:9999"), "token-a");
}
END_TEST

START_TEST(only_so_many_addresses_are_kept)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	char address[40];

	open_tokens(&tokens);
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d:9999", i);
		put(&tokens, "aaaaaaaa", address, "token-a");
	}
	ck_assert_uint_eq(tokens.tokens_count, 1);
	ck_assert_uint_eq(tokens.tokens[0].addresses.count, 32);
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "10.0.0.99:9999"), "token-a");
	ck_assert_ptr_null(agent_tokens_find(&tokens, NULL, "10.0.0.1:9999"));
}
END_TEST

START_TEST(two_that_run_at_once_keep_each_others_tokens)
{
	AUTO(agent_tokens_finish) struct agent_tokens first = { 0 };
	AUTO(agent_tokens_finish) struct agent_tokens second = { 0 };

	open_tokens(&first);
	open_tokens(&second);
	put(&first, "aaaaaaaa", "10.0.0.1:9999", "token-a");
	put(&second, "bbbbbbbb", "10.0.0.2:9999", "token-b");
	ck_assert(agent_tokens_forget(&first, "token-x", NULL));
	ck_assert_uint_eq(first.tokens_count, 2);
	ck_assert(agent_tokens_forget(&first, agent_tokens_find(&first, "aaaaaaaa", NULL), NULL));
	ck_assert_ptr_null(agent_tokens_find(&first, "aaaaaaaa", NULL));
	ck_assert_str_eq(agent_tokens_find(&first, "bbbbbbbb", NULL), "token-b");
}
END_TEST

START_TEST(the_files_are_private)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(free_ptr) char *path = path_join(config_dir, "hub_tokens.json");
	struct stat status;

	open_tokens(&tokens);
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-a");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	ck_assert_int_eq(stat(config_dir, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0700);
}
END_TEST

static void write_state(const char *name, const char *text)
{
	AUTO(free_ptr) char *path = path_join(config_dir, name);
	AUTO(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(broken_files_are_set_aside)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(free_ptr) char *notice = NULL;

	open_tokens(&tokens);
	agent_tokens_finish(&tokens);
	write_state("hub.json", "[1,");
	write_state("hub_tokens.json", "[1,");
	ck_assert(agent_tokens_init(&tokens, config_dir, &notice, NULL));
	ck_assert_ptr_nonnull(strstr(notice, "hub.json could not be read"));
	ck_assert_uint_eq(strlen(tokens.hub_id), 16);
	ck_assert_uint_eq(tokens.tokens_count, 0);
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-a");
}
END_TEST

START_TEST(an_entry_that_does_not_fit_costs_no_other)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(free_ptr) char *notice = NULL;

	open_tokens(&tokens);
	agent_tokens_finish(&tokens);
	write_state("hub_tokens.json",
		"{\"version\":1,\"tokens\":[{\"address\":\"b:1\"},{\"address\":\"c:1\",\"token\":\"\"},"
		"{\"address\":5,\"token\":\"x\"},null,{\"address\":\"a:1\",\"token\":\"good\"}]}");
	ck_assert(agent_tokens_init(&tokens, config_dir, &notice, NULL));
	ck_assert_ptr_nonnull(notice);
	ck_assert_uint_eq(tokens.tokens_count, 1);
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "a:1"), "good");
	ck_assert_str_eq(tokens.tokens[0].agent_id, "");
	put(&tokens, "aaaaaaaa", "10.0.0.1:9999", "token-a");
	ck_assert_uint_eq(tokens.tokens_count, 2);
}
END_TEST

START_TEST(entries_of_an_earlier_build_become_one)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };

	open_tokens(&tokens);
	agent_tokens_finish(&tokens);
	write_state("hub_tokens.json",
		"{\"version\":1,\"tokens\":["
		"{\"agentId\":\"aa\",\"address\":\"a:1\",\"name\":\"x\",\"token\":\"old\"},"
		"{\"agentId\":\"bb\",\"address\":\"b:1\",\"name\":\"y\",\"token\":\"other\"},"
		"{\"agentId\":\"aa\",\"address\":\"a:2\",\"name\":\"x\",\"token\":\"new\"}]}");
	open_tokens(&tokens);
	ck_assert_uint_eq(tokens.tokens_count, 2);
	ck_assert_str_eq(agent_tokens_find(&tokens, "aa", NULL), "new");
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "a:1"), "new");
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "a:2"), "new");
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, "b:1"), "other");
}
END_TEST

START_TEST(an_empty_id_is_made_anew)
{
	AUTO(agent_tokens_finish) struct agent_tokens tokens = { 0 };
	AUTO(free_ptr) char *notice = NULL;

	open_tokens(&tokens);
	agent_tokens_finish(&tokens);
	write_state("hub.json", "{\"version\":1,\"hubId\":\"\"}");
	ck_assert(agent_tokens_init(&tokens, config_dir, &notice, NULL));
	ck_assert_ptr_nonnull(notice);
	ck_assert_uint_eq(strlen(tokens.hub_id), 16);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error)
{
	struct agent_tokens tokens;
	char *notice = NULL;
	struct error err = { 0 };

	ck_assert(!agent_tokens_init(&tokens, "/proc/nowhere/capydeck", &notice, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_ptr_null(tokens.hub_id);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("agent_tokens");

	tcase_add_checked_fixture(tcase, make_root, remove_root);
	tcase_add_test(tcase, the_id_is_made_once);
	tcase_add_test(tcase, tokens_are_found_by_id_then_by_address);
	tcase_add_test(tcase, a_token_is_not_shown_to_another_agent_at_the_address);
	tcase_add_test(tcase, a_new_token_replaces_the_old);
	tcase_add_test(tcase, an_agent_has_one_token_at_all_its_addresses);
	tcase_add_test(tcase, an_address_that_another_agent_has_now_costs_no_token);
	tcase_add_test(tcase, only_so_many_addresses_are_kept);
	tcase_add_test(tcase, entries_of_an_earlier_build_become_one);
	tcase_add_test(tcase, two_that_run_at_once_keep_each_others_tokens);
	tcase_add_test(tcase, the_files_are_private);
	tcase_add_test(tcase, broken_files_are_set_aside);
	tcase_add_test(tcase, an_entry_that_does_not_fit_costs_no_other);
	tcase_add_test(tcase, an_empty_id_is_made_anew);
	tcase_add_test(tcase, a_folder_that_cannot_be_made_is_an_error);
	return run_tcase(tcase);
}
