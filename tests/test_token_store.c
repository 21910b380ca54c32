#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "folder.h"
#include "pairing/token_store.h"
#include "suite.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[FOLDER_BYTES];
static char *path;

static void setup(void)
{
	folder_make(dir);
	path = xasprintf("%s/config/hubs.json", dir);
}

static void teardown(void)
{
	folder_remove(dir);
	free(path);
}

static struct token_store *open_store(void)
{
	char *notice;
	struct token_store *store = token_store_create(path, &notice);

	ck_assert_ptr_null(notice);
	return store;
}

static void read_file(struct strbuf *text)
{
	struct error err;

	ck_assert_msg(atomic_file_read(path, 1 << 20, text, &err), "%s", err.message);
}

START_TEST(token_is_good_for_its_hub_only)
{
	struct token_store *store = open_store();
	AUTO(token_free) char *token = token_store_issue(store, "hub-a", "PC", "linux", NULL);
	AUTO(token_free) char *other = token_store_issue(store, "hub-b", "Mac", "", NULL);

	ck_assert_uint_eq(strlen(token), 43);
	ck_assert(token_store_verify(store, "hub-a", token));
	ck_assert(token_store_verify(store, "hub-b", other));
	ck_assert(!token_store_verify(store, "hub-b", token));
	ck_assert(!token_store_verify(store, "hub-c", token));
	ck_assert(!token_store_verify(store, "hub-a", ""));
	ck_assert(!token_store_verify(store, "hub-a", NULL));
	token[10] = token[10] == 'A' ? 'B' : 'A';
	ck_assert(!token_store_verify(store, "hub-a", token));
	token_store_destroy(store);
}
END_TEST

START_TEST(file_holds_no_token_and_is_private)
{
	struct token_store *store = open_store();
	AUTO(token_free) char *token = token_store_issue(store, "hub-a", "PC", "linux", NULL);
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct stat file;

	read_file(&text);
	ck_assert_ptr_null(strstr(text.data, token));
	ck_assert_ptr_nonnull(strstr(text.data, "hub-a"));
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_mode & 0777, 0600);
	token_store_destroy(store);
}
END_TEST

START_TEST(hubs_outlive_the_process)
{
	struct token_store *store = open_store();
	AUTO(token_free) char *token = token_store_issue(store, "hub-a", "PC", "windows", NULL);
	const struct paired_hub *hub;

	ck_assert(token_store_seen(store, "hub-a", "My PC", NULL));
	token_store_destroy(store);
	store = open_store();
	ck_assert(token_store_verify(store, "hub-a", token));
	ck_assert_uint_eq(token_store_count(store), 1);
	hub = token_store_at(store, 0);
	ck_assert_str_eq(hub->name, "My PC");
	ck_assert_str_eq(hub->platform, "windows");
	ck_assert_int_gt(hub->paired_at, 0);
	ck_assert_int_ge(hub->last_seen, hub->paired_at);
	token_store_destroy(store);
}
END_TEST

START_TEST(pairing_again_voids_the_old_token)
{
	struct token_store *store = open_store();
	AUTO(token_free) char *old = token_store_issue(store, "hub-a", "PC", "", NULL);
	AUTO(token_free) char *new = token_store_issue(store, "hub-a", "PC", "", NULL);

	ck_assert_uint_eq(token_store_count(store), 1);
	ck_assert(!token_store_verify(store, "hub-a", old));
	ck_assert(token_store_verify(store, "hub-a", new));
	token_store_destroy(store);
}
END_TEST

START_TEST(revoked_hub_is_forgotten)
{
	struct token_store *store = open_store();
	AUTO(token_free) char *first = token_store_issue(store, "hub-a", "A", "", NULL);
	AUTO(token_free) char *second = token_store_issue(store, "hub-b", "B", "", NULL);
	struct error err = { 0 };

	ck_assert(token_store_revoke(store, "hub-a", NULL));
	ck_assert(!token_store_verify(store, "hub-a", first));
	ck_assert(!token_store_revoke(store, "hub-a", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!token_store_seen(store, "hub-a", NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	token_store_destroy(store);
	store = open_store();
	ck_assert_uint_eq(token_store_count(store), 1);
	ck_assert(token_store_verify(store, "hub-b", second));
	token_store_destroy(store);
}
END_TEST

static const char *const corrupt_files[] = {
	"",
	"nonsense",
	"[]",
	"{}",
	"{\"version\":2,\"hubs\":[]}",
	"{\"version\":1,\"hubs\":null}",
	"{\"version\":1e300,\"hubs\":[]}",
	"{\"version\":1,\"hubs\":[{\"hubId\":\"a\"}]}",
	"{\"version\":1,\"hubs\":[{\"hubId\":\"a\",\"tokenSha256\":\"abc\"}]}",
	"{\"version\":1,\"hubs\":[{\"hubId\":7,\"tokenSha256\":\"abc\"}]}",
};

START_TEST(corrupt_file_is_set_aside)
{
	const char *content = corrupt_files[_i];
	AUTO(free_ptr) char *config_dir = xasprintf("%s/config", dir);
	AUTO(free_ptr) char *notice = NULL;
	struct token_store *store;
	unsigned kept_count = 0;
	DIR *listing;

	ck_assert(atomic_file_write(path, content, strlen(content), 0600, NULL));
	store = token_store_create(path, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, ".corrupt-"));
	ck_assert_uint_eq(token_store_count(store), 0);
	token_store_destroy(store);
	listing = opendir(config_dir);
	for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
		kept_count += strstr(entry->d_name, ".corrupt-") != NULL;
	}
	closedir(listing);
	ck_assert_uint_eq(kept_count, 1);
}
END_TEST

static const char *const nameless_hubs[] = {
	"{}",
	"{\"name\":null,\"platform\":null}",
};

START_TEST(hub_without_a_name_is_served)
{
	AUTO(free_ptr)
	char *content = xasprintf(
		"{\"version\":1,\"hubs\":[{\"hubId\":\"a\",\"tokenSha256\":\"%064d\"%s%s]}", 0,
		strlen(nameless_hubs[_i]) > 2 ? "," : "", nameless_hubs[_i] + 1);
	struct token_store *store;

	ck_assert(atomic_file_write(path, content, strlen(content), 0600, NULL));
	store = open_store();
	ck_assert_str_eq(token_store_at(store, 0)->name, "");
	ck_assert_str_eq(token_store_at(store, 0)->platform, "");
	ck_assert(token_store_seen(store, "a", "PC", NULL));
	ck_assert_str_eq(token_store_at(store, 0)->name, "PC");
	token_store_destroy(store);
}
END_TEST

#define GOOD_HUB "{\"hubId\":\"good\",\"tokenSha256\":\"" ZEROS "\"}"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define OTHER_HUB(members_) "{\"hubId\":\"other\",\"tokenSha256\":\"" ZEROS "\"," members_ "}"

static const char *const unfit_hubs[] = {
	"7",
	"null",
	"{}",
	"{\"hubId\":null,\"tokenSha256\":\"" ZEROS "\"}",
	"{\"hubId\":\"\",\"tokenSha256\":\"" ZEROS "\"}",
	"{\"hubId\":[],\"tokenSha256\":\"" ZEROS "\"}",
	"{\"hubId\":\"other\",\"tokenSha256\":null}",
	"{\"hubId\":\"other\",\"tokenSha256\":{}}",
	"{\"hubId\":\"other\",\"tokenSha256\":\"" ZEROS "0\"}",
	OTHER_HUB("\"name\":7"),
	OTHER_HUB("\"platform\":{}"),
	OTHER_HUB("\"pairedAt\":\"today\""),
	OTHER_HUB("\"lastSeen\":1e300"),
};

START_TEST(unfit_entry_is_set_aside_alone)
{
	AUTO(free_ptr)
	char *content = xasprintf("{\"version\":1,\"hubs\":[%s," GOOD_HUB "]}", unfit_hubs[_i]);
	AUTO(free_ptr) char *notice = NULL;
	struct token_store *store;

	ck_assert(atomic_file_write(path, content, strlen(content), 0600, NULL));
	store = token_store_create(path, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, ".corrupt-"));
	ck_assert_uint_eq(token_store_count(store), 1);
	ck_assert(token_store_seen(store, "good", "PC", NULL));
	ck_assert(!token_store_verify(store, "other", "x"));
	token_store_destroy(store);
	store = open_store(); /* it is not told twice */
	ck_assert_str_eq(token_store_at(store, 0)->name, "PC");
	token_store_destroy(store);
}
END_TEST

START_TEST(hub_that_is_listed_twice_can_be_revoked)
{
	const char *content = "{\"version\":1,\"hubs\":[" GOOD_HUB "," GOOD_HUB "]}";
	struct token_store *store;

	ck_assert(atomic_file_write(path, content, strlen(content), 0600, NULL));
	store = open_store();
	ck_assert_uint_eq(token_store_count(store), 1);
	ck_assert(token_store_revoke(store, "good", NULL));
	token_store_destroy(store);
	store = open_store();
	ck_assert_uint_eq(token_store_count(store), 0);
	token_store_destroy(store);
}
END_TEST

/* Root may read any file, but no folder. */
START_TEST(what_cannot_be_read_now_is_read_later)
{
	AUTO(free_ptr) char *away = xasprintf("%s/away", dir);
	AUTO(free_ptr) char *notice = NULL;
	AUTO(token_free) char *token = NULL;
	struct token_store *store = open_store();
	struct error err;

	token = token_store_issue(store, "hub-a", "PC", "", NULL);
	token_store_destroy(store);
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	store = token_store_create(path, &notice);
	ck_assert_ptr_null(notice);
	ck_assert(!state_link_ready(token_store_link(store), &err));
	ck_assert_ptr_nonnull(strstr(err.message, "the list of paired Hubs cannot be read now"));
	ck_assert_ptr_null(token_store_issue(store, "hub-b", "Mac", "", NULL));
	ck_assert(!token_store_revoke(store, "hub-a", &err));
	ck_assert_int_eq(err.kind, ERROR_IO); /* not: there is no such Hub */
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(away, path), 0);
	ck_assert(token_store_verify(store, "hub-a", token));
	ck_assert(state_link_ready(token_store_link(store), NULL));
	token_store_destroy(store);
}
END_TEST

START_TEST(what_cannot_be_kept_is_not_issued)
{
	struct token_store *store = open_store();
	struct error err = { 0 };

	/* A file where the folder must go. */
	AUTO(free_ptr) char *config_dir = xasprintf("%s/config", dir);
	ck_assert(atomic_file_write(config_dir, "", 0, 0600, NULL));
	ck_assert_ptr_null(token_store_issue(store, "hub-a", "A", "", &err));
	ck_assert_int_ne(err.kind, ERROR_NONE);
	ck_assert_uint_eq(token_store_count(store), 0);
	token_store_destroy(store);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hubs");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, token_is_good_for_its_hub_only);
	tcase_add_test(tcase, file_holds_no_token_and_is_private);
	tcase_add_test(tcase, hubs_outlive_the_process);
	tcase_add_test(tcase, pairing_again_voids_the_old_token);
	tcase_add_test(tcase, revoked_hub_is_forgotten);
	tcase_add_loop_test(tcase, hub_without_a_name_is_served, 0,
		sizeof(nameless_hubs) / sizeof(nameless_hubs[0]));
	tcase_add_loop_test(tcase, unfit_entry_is_set_aside_alone, 0,
		sizeof(unfit_hubs) / sizeof(unfit_hubs[0]));
	tcase_add_test(tcase, hub_that_is_listed_twice_can_be_revoked);
	tcase_add_test(tcase, what_cannot_be_read_now_is_read_later);
	tcase_add_loop_test(tcase, corrupt_file_is_set_aside, 0,
		sizeof(corrupt_files) / sizeof(corrupt_files[0]));
	tcase_add_test(tcase, what_cannot_be_kept_is_not_issued);
	return run_tcase(tcase);
}
