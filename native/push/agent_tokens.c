#include "push/agent_tokens.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/state_file.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define HUB_ID_DIGITS 16
#define FILE_MAX_BYTES (1024 * 1024)
#define FILE_VERSION 1
#define ADDRESSES_MAX 32 /* of one Agent, besides the last */

struct identity_file {
	int64_t version;
	char *hub_id;
};

static const struct json_field identity_file_fields[] = {
	JSON_FIELD(struct identity_file, version, "version", JSON_INT64, 0),
	JSON_FIELD(struct identity_file, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static const struct json_field agent_token_fields[] = {
	JSON_FIELD(struct agent_token, agent_id, "agentId", JSON_STRING, 0),
	JSON_FIELD(struct agent_token, address, "address", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct agent_token, addresses, "addresses", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELD(struct agent_token, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct agent_token, token, "token", JSON_SECRET, JSON_REQUIRED),
	JSON_FIELDS_END,
};

struct tokens_file {
	int64_t version;
	struct agent_token *tokens;
	size_t tokens_count;
};

static const struct json_field tokens_file_fields[] = {
	JSON_FIELD(struct tokens_file, version, "version", JSON_INT64, 0),
	JSON_FIELD_ARRAY(struct tokens_file, tokens, "tokens", agent_token_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool check_identity(const void *object, struct error *err)
{
	const struct identity_file *file = object;

	return file->hub_id[0] != '\0' || error_set(err, ERROR_INVALID, "'hubId' is empty");
}

static bool check_token(const char *key, const void *entry, struct error *err)
{
	const struct agent_token *token = entry;

	return ((token->address[0] != '\0' || token->agent_id[0] != '\0') &&
		       token->token[0] != '\0') ||
	       error_set(err, ERROR_INVALID, "'address' or 'token' is empty");
}

static const struct state_file identity_state = {
	.what = "this computer's id",
	.loss = "Agents see a new Hub that they have to pair with",
	.max_bytes = FILE_MAX_BYTES,
	.fields = identity_file_fields,
	.object_bytes = sizeof(struct identity_file),
	.check = check_identity,
};

static const struct state_file tokens_state = {
	.what = "the keys of paired Agents",
	.loss = "they have to be paired again",
	.max_bytes = FILE_MAX_BYTES,
	.fields = tokens_file_fields,
	.object_bytes = sizeof(struct tokens_file),
	.fill_texts = true,
	.check_entry = check_token,
};

/* A descriptor that holds the lock until it is closed, or -1. */
static int take_lock(const struct agent_tokens *tokens, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(tokens->config_dir, "hub.lock");
	AUTO(close_fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_set_errno(err, "cannot open '%s'", path);
		return -1;
	}
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR) {
			error_set_errno(err, "cannot lock '%s'", path);
			return -1;
		}
	}
	return TAKE_FD(fd);
}

static bool load_identity(struct agent_tokens *tokens, char **notice, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(tokens->config_dir, "hub.json");
	struct identity_file file = { 0 };

	if (!state_file_read(&identity_state, path, &file, notice, err)) {
		return false;
	}
	if (file.hub_id != NULL) {
		tokens->hub_id = TAKE_PTR(file.hub_id);
		json_finish(&file, identity_file_fields);
		return true;
	}
	json_finish(&file, identity_file_fields);
	tokens->hub_id = random_hex(HUB_ID_DIGITS);
	file = (struct identity_file){ .version = FILE_VERSION, .hub_id = tokens->hub_id };
	return state_file_write(&identity_state, path, &file, err);
}

static void drop_all(struct agent_tokens *tokens)
{
	struct tokens_file file = {
		.tokens = tokens->tokens,
		.tokens_count = tokens->tokens_count,
	};

	json_finish(&file, tokens_file_fields);
	tokens->tokens = NULL;
	tokens->tokens_count = 0;
}

static bool same(const char *a, const char *b)
{
	return json_is_given(a) && json_is_given(b) && strcmp(a, b) == 0;
}

static void remove_at(struct agent_tokens *tokens, size_t index)
{
	json_finish(&tokens->tokens[index], agent_token_fields);
	tokens->tokens_count--;
	memmove(&tokens->tokens[index], &tokens->tokens[index + 1],
		(tokens->tokens_count - index) * sizeof(*tokens->tokens));
}

static void drop_address(struct agent_token *token, const char *address)
{
	struct strvec left = { 0 };

	for (size_t i = 0; i < token->addresses.count; i++) {
		if (!same(token->addresses.items[i], address)) {
			strvec_push(&left, token->addresses.items[i]);
		}
	}
	strvec_finish(&token->addresses);
	token->addresses = left;
	if (same(token->address, address)) {
		free(token->address);
		token->address = xstrdup(left.count > 0 ? left.items[0] : "");
	}
}

static void add_address(struct agent_token *token, const char *address)
{
	if (json_is_given(address) && !same(token->address, address) &&
		token->addresses.count < ADDRESSES_MAX &&
		!strvec_contains(&token->addresses, address)) {
		strvec_push(&token->addresses, address);
	}
}

/* token joins what is known of its Agent under another key or address. */
static void take_addresses(struct agent_token *token, const struct agent_token *other)
{
	add_address(token, other->address);
	for (size_t i = 0; i < other->addresses.count; i++) {
		add_address(token, other->addresses.items[i]);
	}
}

/* Of several entries of an Agent the last, which is the newest, takes the others' addresses. */
static void join_agents(struct agent_tokens *tokens)
{
	for (size_t i = tokens->tokens_count; i-- > 0;) {
		for (size_t k = i; k-- > 0;) {
			if (same(tokens->tokens[k].agent_id, tokens->tokens[i].agent_id)) {
				take_addresses(&tokens->tokens[i], &tokens->tokens[k]);
				remove_at(tokens, k);
				i--;
			}
		}
	}
}

static bool load_tokens(struct agent_tokens *tokens, char **notice, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(tokens->config_dir, "hub_tokens.json");
	struct tokens_file file = { 0 };

	if (!state_file_read(&tokens_state, path, &file, notice, err)) {
		json_finish(&file, tokens_file_fields);
		return false;
	}
	drop_all(tokens);
	tokens->tokens = file.tokens;
	tokens->tokens_count = file.tokens_count;
	join_agents(tokens);
	return true;
}

static bool save_tokens(const struct agent_tokens *tokens, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(tokens->config_dir, "hub_tokens.json");
	struct tokens_file file = {
		.version = FILE_VERSION,
		.tokens = tokens->tokens,
		.tokens_count = tokens->tokens_count,
	};

	return state_file_write(&tokens_state, path, &file, err);
}

bool agent_tokens_init(
	struct agent_tokens *tokens, const char *config_dir, char **notice, struct error *err)
{
	AUTO(close_fd) int lock = -1;

	*notice = NULL;
	*tokens = (struct agent_tokens){ .config_dir = xstrdup(config_dir) };
	if (!make_dirs(config_dir, 0700, err)) {
		goto fail;
	}
	lock = take_lock(tokens, err);
	if (lock < 0 || !load_identity(tokens, notice, err) || !load_tokens(tokens, notice, err)) {
		goto fail;
	}
	return true;
fail:
	agent_tokens_finish(tokens);
	return false;
}

void agent_tokens_finish(struct agent_tokens *tokens)
{
	drop_all(tokens);
	free(tokens->hub_id);
	free(tokens->config_dir);
	*tokens = (struct agent_tokens){ 0 };
}

const char *agent_tokens_find(
	const struct agent_tokens *tokens, const char *agent_id, const char *address)
{
	for (size_t i = 0; i < tokens->tokens_count; i++) {
		if (same(tokens->tokens[i].agent_id, agent_id)) {
			return tokens->tokens[i].token;
		}
	}
	for (size_t i = 0; i < tokens->tokens_count; i++) {
		const struct agent_token *token = &tokens->tokens[i];
		bool other = json_is_given(agent_id) && json_is_given(token->agent_id);

		if (!other && (same(token->address, address) ||
				      (json_is_given(address) &&
					      strvec_contains(&token->addresses, address)))) {
			return token->token;
		}
	}
	return NULL;
}

/*
 * Makes room for an Agent's entry, which takes the addresses that are known of it. One of unknown
 * id is the Agent that has the same key.
 */
static void make_room_for(struct agent_tokens *tokens, struct agent_token *kept)
{
	for (size_t i = tokens->tokens_count; i-- > 0;) {
		struct agent_token *other = &tokens->tokens[i];
		bool same_key = same(other->token, kept->token);

		if (same_key && *kept->agent_id == '\0') {
			free(kept->agent_id);
			kept->agent_id = xstrdup(other->agent_id);
		}
		if (same_key || same(other->agent_id, kept->agent_id)) {
			take_addresses(kept, other);
			remove_at(tokens, i);
			continue;
		}
		drop_address(other, kept->address);
		if (*other->agent_id == '\0' && *other->address == '\0') {
			remove_at(tokens, i);
		}
	}
}

bool agent_tokens_put(
	struct agent_tokens *tokens, const struct agent_token *token, struct error *err)
{
	AUTO(close_fd) int lock = take_lock(tokens, err);
	const char *agent_id = token->agent_id != NULL ? token->agent_id : "";
	/* Copied before the reload, which frees what find() returned. */
	struct agent_token kept = {
		.agent_id = xstrdup(agent_id),
		.address = xstrdup(token->address),
		.name = xstrdup(token->name != NULL ? token->name : ""),
		.token = xstrdup(token->token),
	};

	if (lock < 0 || !load_tokens(tokens, NULL, err)) {
		json_finish(&kept, agent_token_fields);
		return false;
	}
	make_room_for(tokens, &kept);
	tokens->tokens =
		xrealloc(tokens->tokens, tokens->tokens_count + 1, sizeof(*tokens->tokens));
	tokens->tokens[tokens->tokens_count++] = kept;
	return save_tokens(tokens, err);
}

bool agent_tokens_forget(struct agent_tokens *tokens, const char *token, struct error *err)
{
	AUTO(close_fd) int lock = take_lock(tokens, err);
	AUTO(free_ptr) char *refused = xstrdup(token);
	size_t count;

	if (lock < 0 || !load_tokens(tokens, NULL, err)) {
		return false;
	}
	count = tokens->tokens_count;
	for (size_t i = count; i-- > 0;) {
		if (same(tokens->tokens[i].token, refused)) {
			remove_at(tokens, i);
		}
	}
	return tokens->tokens_count == count || save_tokens(tokens, err);
}
