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

	return (token->address[0] != '\0' && token->token[0] != '\0') ||
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

static bool same(const char *a, const char *b)
{
	return json_is_given(a) && json_is_given(b) && strcmp(a, b) == 0;
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

		if (!other && same(token->address, address)) {
			return token->token;
		}
	}
	return NULL;
}

static void remove_at(struct agent_tokens *tokens, size_t index)
{
	json_finish(&tokens->tokens[index], agent_token_fields);
	tokens->tokens_count--;
	memmove(&tokens->tokens[index], &tokens->tokens[index + 1],
		(tokens->tokens_count - index) * sizeof(*tokens->tokens));
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
	for (size_t i = tokens->tokens_count; i-- > 0;) {
		if (same(tokens->tokens[i].agent_id, kept.agent_id) ||
			same(tokens->tokens[i].address, kept.address)) {
			remove_at(tokens, i);
		}
	}
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
