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
	JSON_FIELD(struct paired_hub, address, "address", JSON_STRING, 0),
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
	struct state_link link;
	struct hub_file file;
};

static bool check_file(const void *object, struct error *err)
{
	const struct hub_file *file = object;

	return file->version == FILE_VERSION ||
	       error_set(err, ERROR_INVALID, "unsupported version %lld", (long long)file->version);
}

static bool check_hub(const char *key, const void *entry, struct error *err)
{
	const struct paired_hub *hub = entry;

	if (*hub->hub_id == '\0') {
		return error_set(err, ERROR_INVALID, "'hubId' is empty");
	}
	return sha256_is_hex(hub->token_sha256) ||
	       error_set(err, ERROR_INVALID, "the token of hub '%s' is damaged", hub->hub_id);
}

static const struct state_file token_file = {
	.what = "the list of paired Hubs",
	.loss = "every Hub has to pair again",
	.max_bytes = FILE_MAX_BYTES,
	.fields = hub_file_fields,
	.object_bytes = sizeof(struct hub_file),
	.fill_texts = true, /* a Hub's name may be missing */
	.check = check_file,
	.check_entry = check_hub,
};

static bool save(struct token_store *store, struct error *err)
{
	return state_link_write(&store->link, err);
}

/* One entry per Hub, or revoking it would leave another: the first counts. */
static void drop_repeated(struct hub_file *file)
{
	size_t kept_count = 0;

	for (size_t i = 0; i < file->hubs_count; i++) {
		size_t earlier = 0;

		while (earlier < kept_count &&
			strcmp(file->hubs[earlier].hub_id, file->hubs[i].hub_id) != 0) {
			earlier++;
		}
		if (earlier < kept_count) {
			json_finish(&file->hubs[i], paired_hub_fields);
		} else {
			file->hubs[kept_count++] = file->hubs[i];
		}
	}
	file->hubs_count = kept_count;
}

static void complete_file(void *object)
{
	struct hub_file *file = object;

	file->version = FILE_VERSION;
	drop_repeated(file);
}

struct token_store *token_store_create(const char *path, char **notice)
{
	struct token_store *store = xcalloc(1, sizeof(*store));

	state_link_init(&store->link, &token_file, path, &store->file, complete_file);
	*notice = state_link_take_notice(&store->link);
	return store;
}

struct state_link *token_store_link(struct token_store *store)
{
	return &store->link;
}

void token_store_destroy(struct token_store *store)
{
	if (store == NULL) {
		return;
	}
	json_finish(&store->file, hub_file_fields);
	state_link_finish(&store->link);
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

/* Puts hub (emptied) at index, or at the end; the previous entry is left in hub. */
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
	AUTO(token_free) char *token = random_base64url(TOKEN_BYTES);
	const struct paired_hub *known;
	char hex[SHA256_HEX_BYTES];
	struct paired_hub hub;
	size_t index;

	if (!state_link_ready(&store->link, err)) {
		return NULL;
	}
	known = find(store, hub_id);
	index = known != NULL ? (size_t)(known - store->file.hubs) : store->file.hubs_count;
	sha256_of(token, strlen(token), hex);
	hub = (struct paired_hub){
		.hub_id = xstrdup(hub_id),
		.name = xstrdup(name),
		.platform = xstrdup(platform),
		.address = xstrdup(""),
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

bool token_store_verify(struct token_store *store, const char *hub_id, const char *token)
{
	const struct paired_hub *hub;
	char hex[SHA256_HEX_BYTES];

	if (!state_link_ready(&store->link, NULL)) {
		return false;
	}
	hub = find(store, hub_id);
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

void token_store_note_address(struct token_store *store, const char *hub_id, const char *address)
{
	struct paired_hub *hub = (struct paired_hub *)find(store, hub_id);

	if (hub != NULL && strcmp(hub->address, address) != 0) {
		free(hub->address);
		hub->address = xstrdup(address);
	}
}

bool token_store_revoke(struct token_store *store, const char *hub_id, struct error *err)
{
	struct hub_file *file = &store->file;
	struct paired_hub *hub, revoked;
	size_t after;

	if (!state_link_ready(&store->link, err)) {
		return false;
	}
	hub = (struct paired_hub *)find(store, hub_id);
	if (hub == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"no paired Hub '%s'; see 'capydeck ctl hubs list'", hub_id);
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
