#include "pairing/token_store.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/random.h"
#include "core/sha256.h"
#include "core/state_file.h"
#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_VERSION 1
#define FILE_MAX_BYTES (4 * 1024 * 1024)
#define TOKEN_BYTES 32

struct hub_file {
	int64_t version;
	struct paired_hub *hubs;
	size_t hubs_count;
};

static const struct json_field paired_hub_fields[] = {
	JSON_FIELD(struct paired_hub, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct paired_hub, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct paired_hub, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct paired_hub, token_sha256, "tokenSha256", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct paired_hub, paired_at, "pairedAt", JSON_INT64, 0),
	JSON_FIELD(struct paired_hub, last_seen, "lastSeen", JSON_INT64, 0),
	JSON_FIELDS_END,
};

static const struct json_field hub_file_fields[] = {
	JSON_FIELD(struct hub_file, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct hub_file, hubs, "hubs", paired_hub_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

struct token_store {
	char *path;
	struct hub_file file;
};

static bool check_file(const void *object, struct error *err)
{
	const struct hub_file *file = object;

	if (file->version != FILE_VERSION) {
		return error_set(err, ERROR_INVALID, "version %lld is not one this program knows",
			(long long)file->version);
	}
	for (size_t i = 0; i < file->hubs_count; i++) {
		if (!sha256_is_hex(file->hubs[i].token_sha256)) {
			return error_set(err, ERROR_INVALID, "the token of hub '%s' is damaged",
				file->hubs[i].hub_id);
		}
	}
	return true;
}

static const struct state_file token_file = {
	.what = "the list of paired Hubs",
	.loss = "every Hub has to pair again",
	.max_bytes = FILE_MAX_BYTES,
	.fields = hub_file_fields,
	.object_bytes = sizeof(struct hub_file),
	.check = check_file,
};

static bool save(const struct token_store *store, struct error *err)
{
	return state_file_write(&token_file, store->path, &store->file, err);
}

/* Only what a Hub is called may be missing: everybody else may rely on the rest. */
static void fill_texts(struct hub_file *file)
{
	for (size_t i = 0; i < file->hubs_count; i++) {
		struct paired_hub *hub = &file->hubs[i];

		hub->name = hub->name != NULL ? hub->name : xstrdup("");
		hub->platform = hub->platform != NULL ? hub->platform : xstrdup("");
	}
}

struct token_store *token_store_create(const char *path, char **notice)
{
	struct token_store *store = xcalloc(1, sizeof(*store));
	struct error err = { 0 };

	*notice = NULL;
	store->path = xstrdup(path);
	if (!state_file_read(&token_file, path, &store->file, notice, &err)) {
		*notice = xstrdup(err.message);
	}
	store->file.version = FILE_VERSION;
	fill_texts(&store->file);
	return store;
}

void token_store_destroy(struct token_store *store)
{
	if (store == NULL) {
		return;
	}
	json_finish(&store->file, hub_file_fields);
	free(store->path);
	free(store);
}

void token_free(char **token)
{
	if (*token != NULL) {
		explicit_bzero(*token, strlen(*token));
		free(TAKE_PTR(*token));
	}
}

static const struct paired_hub *find(const struct token_store *store, const char *hub_id)
{
	for (size_t i = 0; i < store->file.hubs_count; i++) {
		if (strcmp(store->file.hubs[i].hub_id, hub_id) == 0) {
			return &store->file.hubs[i];
		}
	}
	return NULL;
}

/* Puts hub (emptied) at index, or at the end; what stood there is left in hub. */
static void exchange(struct token_store *store, size_t index, struct paired_hub *hub)
{
	struct hub_file *file = &store->file;
	struct paired_hub before = { 0 };

	if (index == file->hubs_count) {
		file->hubs = xrealloc(file->hubs, index + 1, sizeof(*file->hubs));
		file->hubs_count++;
	} else {
		before = file->hubs[index];
	}
	file->hubs[index] = *hub;
	*hub = before;
}

char *token_store_issue(struct token_store *store, const char *hub_id, const char *name,
	const char *platform, struct error *err)
{
	const struct paired_hub *known = find(store, hub_id);
	size_t index = known != NULL ? (size_t)(known - store->file.hubs) : store->file.hubs_count;
	AUTO(token_free) char *token = random_base64url(TOKEN_BYTES);
	char hex[SHA256_HEX_BYTES];
	struct paired_hub hub;

	sha256_of(token, strlen(token), hex);
	hub = (struct paired_hub){
		.hub_id = xstrdup(hub_id),
		.name = xstrdup(name),
		.platform = xstrdup(platform),
		.token_sha256 = xstrdup(hex),
		.paired_at = time(NULL),
		.last_seen = time(NULL),
	};
	exchange(store, index, &hub);
	if (!save(store, err)) {
		exchange(store, index, &hub);
		if (store->file.hubs[index].hub_id == NULL) {
			store->file.hubs_count--;
		}
		json_finish(&hub, paired_hub_fields);
		return NULL;
	}
	json_finish(&hub, paired_hub_fields);
	return TAKE_PTR(token);
}

bool token_store_verify(const struct token_store *store, const char *hub_id, const char *token)
{
	const struct paired_hub *hub = find(store, hub_id);
	char hex[SHA256_HEX_BYTES];

	if (hub == NULL || token == NULL) {
		return false;
	}
	sha256_of(token, strlen(token), hex);
	return equal_in_constant_time(hex, hub->token_sha256);
}

bool token_store_seen(
	struct token_store *store, const char *hub_id, const char *name, struct error *err)
{
	struct paired_hub *hub = (struct paired_hub *)find(store, hub_id);

	if (hub == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "no paired Hub '%s'", hub_id);
	}
	hub->last_seen = time(NULL);
	if (name != NULL && strcmp(name, hub->name) != 0) {
		free(hub->name);
		hub->name = xstrdup(name);
	}
	return save(store, err);
}

bool token_store_revoke(struct token_store *store, const char *hub_id, struct error *err)
{
	struct paired_hub *hub = (struct paired_hub *)find(store, hub_id);
	struct hub_file *file = &store->file;
	struct paired_hub revoked;
	size_t after;

	if (hub == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"no paired Hub '%s'; 'capydeck ctl hubs list' shows those there are",
			hub_id);
	}
	revoked = *hub;
	after = (size_t)(file->hubs + file->hubs_count - hub - 1);
	memmove(hub, hub + 1, after * sizeof(*hub));
	file->hubs_count--;
	if (!save(store, err)) {
		memmove(hub + 1, hub, after * sizeof(*hub));
		*hub = revoked;
		file->hubs_count++;
		return false;
	}
	json_finish(&revoked, paired_hub_fields);
	return true;
}

const struct paired_hub *token_store_at(const struct token_store *store, size_t index)
{
	return &store->file.hubs[index];
}

size_t token_store_count(const struct token_store *store)
{
	return store->file.hubs_count;
}
