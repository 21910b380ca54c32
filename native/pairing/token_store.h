#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct state_link;
struct token_store;

/*
 * The Hubs that are paired: <config_dir>/hubs.json, version 1, mode 0600, written atomically. A
 * token is 256 random bits in base64url; only its SHA-256 is kept. Invalid entries are set aside,
 * and the others are used. While the file cannot be read no token is known to be right or wrong:
 * check token_store_link() with state_link_ready() before anything is answered. Source: protocol.md
 * §3.6.
 */
struct paired_hub {
	char *hub_id;
	char *name;
	char *platform;
	char *address;	    /* where it last connected from; "": not known */
	char *token_sha256; /* lower-case hex */
	int64_t paired_at;  /* Unix time */
	int64_t last_seen;  /* Unix time; when it last connected or left */
};

/* *notice (caller frees, else NULL): a message for the user, e.g. that a file was set aside. */
struct token_store *token_store_create(const char *path, char **notice);
struct state_link *token_store_link(struct token_store *store); /* core/state_file.h */
void token_store_destroy(struct token_store *store);		/* NULL is fine */

/*
 * Pairs a Hub and returns its token, which cannot be retrieved again; the caller wipes and frees it
 * (token_free). An earlier token of that Hub becomes invalid. Errors: IO, NO_SPACE; then nothing
 * has changed.
 */
char *token_store_issue(struct token_store *store, const char *hub_id, const char *name,
	const char *platform, struct error *err);
void token_free(char **token); /* for AUTO() */
/* Is it that Hub's token? In constant time. token may be NULL or "". */
bool token_store_verify(struct token_store *store, const char *hub_id, const char *token);
/* It connected or disconnected. name NULL: unchanged. Errors: IO, NO_SPACE. */
bool token_store_seen(
	struct token_store *store, const char *hub_id, const char *name, struct error *err);
/* It connects from there; token_store_seen() stores it. */
void token_store_note_address(struct token_store *store, const char *hub_id, const char *address);
/* Errors: NOT_FOUND, IO, NO_SPACE. */
bool token_store_revoke(struct token_store *store, const char *hub_id, struct error *err);

/* Borrowed until the store changes. */
const struct paired_hub *token_store_at(const struct token_store *store, size_t index);
size_t token_store_count(const struct token_store *store);
