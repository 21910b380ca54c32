/*
 * Whatever hubs.json holds, it loads or is kept aside; no Hub is listed twice, none gets in with a
 * token that was not issued, and what is issued and revoked is so after the next start, too.
 */
#include "pairing/token_store.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_hubs(struct token_store *store)
{
	for (size_t i = 0; i < token_store_count(store); i++) {
		const struct paired_hub *hub = token_store_at(store, i);

		fuzz_require(hub->hub_id[0] != '\0' && hub->name != NULL && hub->platform != NULL);
		fuzz_require(strlen(hub->token_sha256) == 64);
		fuzz_require(!token_store_verify(store, hub->hub_id, hub->token_sha256));
		fuzz_require(!token_store_verify(store, hub->hub_id, ""));
		for (size_t j = 0; j < i; j++) {
			fuzz_require(strcmp(hub->hub_id, token_store_at(store, j)->hub_id) != 0);
		}
	}
}

/* What cannot be kept is not so in memory, either. */
static void change_blocked(void *user)
{
	struct token_store *store = user;
	size_t count = token_store_count(store);
	const char *hub_id = token_store_at(store, 0)->hub_id;

	fuzz_require(token_store_issue(store, "another", "PC", "linux", NULL) == NULL);
	fuzz_require(token_store_issue(store, hub_id, "PC", "linux", NULL) == NULL);
	fuzz_require(!token_store_revoke(store, hub_id, NULL));
	fuzz_require(!token_store_seen(store, hub_id, NULL, NULL));
	fuzz_require(token_store_count(store) == count);
	fuzz_require(token_store_at(store, 0)->hub_id == hub_id);
}

/* Starts again; nothing is left to complain about. */
static struct token_store *restart(struct token_store *store, const char *path)
{
	AUTO(free_ptr) char *notice = NULL;

	token_store_destroy(store);
	store = token_store_create(path, &notice);
	fuzz_require(notice == NULL);
	return store;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *path = xasprintf("%s/hubs.json", fuzz_folder());
	AUTO(free_ptr) char *notice = NULL;
	AUTO(token_free) char *token = NULL;
	AUTO(free_ptr) char *first = NULL;
	struct token_store *store;
	size_t count;

	log_set_level(LOG_LEVEL_ERROR);
	fuzz_write_file(path, data, size);
	store = token_store_create(path, &notice);
	check_hubs(store);
	count = token_store_count(store);
	fuzz_require(!token_store_seen(store, "nobody at all", "PC", NULL));
	fuzz_require(!token_store_revoke(store, "nobody at all", NULL));
	if (count > 0) {
		first = xstrdup(token_store_at(store, 0)->hub_id);
		fuzz_require(token_store_seen(store, first, "New name", NULL));
	}
	token = token_store_issue(store, "fuzz-hub", "PC", "linux", NULL);
	fuzz_require(token != NULL);
	fuzz_block(path, change_blocked, store);
	store = restart(store, path);
	check_hubs(store);
	fuzz_require(token_store_count(store) == count + 1 || token_store_count(store) == count);
	fuzz_require(token_store_verify(store, "fuzz-hub", token));
	fuzz_require(!token_store_verify(store, "another", token));
	if (first != NULL && strcmp(first, "fuzz-hub") != 0) {
		fuzz_require(strcmp(token_store_at(store, 0)->name, "New name") == 0);
		fuzz_require(token_store_revoke(store, first, NULL));
		store = restart(store, path);
		fuzz_require(!token_store_seen(store, first, NULL, NULL));
	}
	token_store_destroy(store);
	return 0;
}
