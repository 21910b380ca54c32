#include "push/push_transfer.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_envelope.h"
#include "proto/proto_upload.h"
#include "push/chunk_sender.h"
#include "push/hash_cache.h"
#include "push/manifest_hasher.h"
#include "push/push_manifest.h"
#include "ws/lws_loop.h"

#include <stdlib.h>
#include <string.h>

/* Room for the envelope around a manifest. */
#define ENVELOPE_BYTES 1024

struct push_transfer {
	struct push_transfer_options options;
	const struct push_events *events;
	void *user;
	struct agent_link *link;
	struct agent_client *client; /* borrowed from the link; NULL while it is down */
	struct manifest_hasher *hasher;
	struct chunk_sender *sender;
	char *agent_name;
	char *upload_id;
	struct operation_result result;
	struct upload_init_response preview; /* of a dry run */
	bool *files_sent;		     /* per file of the manifest: was any byte sent? */
	size_t files_sent_count;
	int64_t bytes_done;
	int64_t bytes_best; /* the maximum done so far: more than this is progress */
	int64_t bytes_sent;
	int64_t bytes_hashed;
	bool wants_hashes;  /* the Agent supports them */
	bool tells_changes; /* and takes dryRun and overwrite */
	bool makes_folders; /* it makes empty ones */
	bool is_hashed;
	bool is_over;
};

static const struct agent_call init_call = {
	"init_upload",
	init_upload_fields,
	"upload_init_response",
};

static const struct agent_call complete_call = {
	"complete_upload",
	complete_upload_fields,
	"operation_result",
};

static void end_push(struct push_transfer *push, enum push_end how, const struct error *err)
{
	if (push->is_over) {
		return;
	}
	push->is_over = true;
	push->events->finished(push->user, how, err);
}

/* Ends because of the Agent's answer. */
static void end_refused(struct push_transfer *push, const struct error *err)
{
	switch (err->kind) {
	case ERROR_UNAUTHORIZED:
		end_push(push, PUSH_PAIRING_NEEDED, err);
		return;
	case ERROR_BLOCKED:
	case ERROR_CONFLICT:
	case ERROR_LOCKED_OUT:
		end_push(push, PUSH_REFUSED, err);
		return;
	case ERROR_NO_SPACE:
		end_push(push, PUSH_NO_SPACE, err);
		return;
	case ERROR_NONE:
	case ERROR_INVALID:
	case ERROR_NOT_FOUND:
	case ERROR_TOO_LARGE:
	case ERROR_NOT_IMPLEMENTED:
	case ERROR_IO:
	case ERROR_TIMEOUT:
	case ERROR_CANCELLED:
		break;
	}
	end_push(push, PUSH_FAILED, err);
}

static void report_progress(struct push_transfer *push, enum push_phase phase, int64_t bytes_done,
	int64_t bytes_total, const char *path)
{
	const struct push_progress progress = {
		.phase = phase,
		.bytes_done = bytes_done,
		.bytes_total = bytes_total,
		.path = path,
	};

	push->events->progress(push->user, &progress);
}

static void report_sending(struct push_transfer *push, enum push_phase phase, const char *path)
{
	report_progress(push, phase, push->bytes_done, push->options.manifest->total_bytes, path);
}

static void on_complete_reply(void *user, const struct envelope *reply, const struct error *err)
{
	struct push_transfer *push = user;
	struct error failure = { 0 };

	if (err != NULL) {
		end_refused(push, err);
		return;
	}
	json_finish(&push->result, operation_result_fields);
	push->result = (struct operation_result){ 0 };
	if (!json_read(&push->result, operation_result_fields, reply->payload, &failure)) {
		json_finish(&push->result, operation_result_fields);
		end_push(push, PUSH_FAILED, &failure);
		return;
	}
	json_own(&push->result, operation_result_fields, reply->payload);
	if (!push->result.success) {
		error_set(&failure, ERROR_INVALID, "the Agent could not install it: %s",
			push->result.message != NULL ? push->result.message : "no reason given");
		end_push(push, PUSH_FAILED, &failure);
	} else {
		end_push(push, PUSH_DONE, NULL);
	}
}

static void on_all_sent(void *user)
{
	struct push_transfer *push = user;
	struct complete_upload complete = {
		.upload_id = push->upload_id,
		.create_shortcut = push->options.shortcut != NULL,
		.user_id = push->options.user_id,
	};

	if (push->options.shortcut != NULL) {
		complete.shortcut = *push->options.shortcut;
	}
	report_sending(push, PUSH_COMPLETING, "");
	agent_client_request(push->client, &complete_call, &complete, on_complete_reply, push);
}

/* Retries must end if an Agent forgets what it got, or makes no progress. */
static void note_bytes(struct push_transfer *push)
{
	if (push->bytes_done > push->bytes_best) {
		push->bytes_best = push->bytes_done;
		agent_link_note_progress(push->link);
	}
}

static void on_acknowledged(void *user, size_t file_index, int64_t bytes)
{
	struct push_transfer *push = user;

	if (!push->files_sent[file_index]) {
		push->files_sent[file_index] = true;
		push->files_sent_count++;
	}
	push->bytes_done += bytes;
	note_bytes(push);
	push->bytes_sent += bytes;
	report_sending(push, PUSH_SENDING, push->options.manifest->files[file_index].path);
}

static void on_send_failed(void *user, const struct error *err)
{
	end_refused(user, err);
}

static const struct chunk_sender_events sender_events = {
	.acknowledged = on_acknowledged,
	.finished = on_all_sent,
	.failed = on_send_failed,
};

static void start_sending(struct push_transfer *push, const struct upload_init_response *response)
{
	int64_t chunk_size = push->options.chunk_size_bytes;
	struct chunk_sender_options options = {
		.client = push->client,
		.worker = push->options.worker,
		.manifest = push->options.manifest,
		.upload_id = response->upload_id,
		.resume_from = &response->resume_from,
		.in_flight_count = push->options.in_flight_count,
	};

	if (chunk_size == 0) {
		chunk_size = response->chunk_size > 0 ? response->chunk_size : CHUNK_SIZE_BYTES;
	}
	if (chunk_size > MAX_MESSAGE_BYTES - CHUNK_PREFIX_BYTES - CHUNK_HEADER_MAX_BYTES) {
		chunk_size = MAX_MESSAGE_BYTES - CHUNK_PREFIX_BYTES - CHUNK_HEADER_MAX_BYTES;
	}
	options.chunk_size_bytes = chunk_size;
	push->sender = chunk_sender_create(&options, &sender_events, push);
	push->bytes_done = chunk_sender_held_bytes(push->sender);
	note_bytes(push);
	report_sending(push, PUSH_SENDING, "");
	chunk_sender_pump(push->sender);
}

/* What would be sent follows from what the Agent has. */
static void count_unsent(struct push_transfer *push)
{
	const struct push_manifest *manifest = push->options.manifest;

	push->bytes_sent = manifest->total_bytes;
	push->files_sent_count = 0;
	for (size_t i = 0; i < manifest->files_count; i++) {
		push->files_sent_count += manifest->files[i].stamp.size > 0;
	}
	for (size_t i = 0; i < push->preview.resume_from.count; i++) {
		push->bytes_sent -= push->preview.resume_from.items[i].value;
		push->files_sent_count -= push->files_sent_count > 0;
	}
}

static void take_preview(struct push_transfer *push, const struct envelope *reply)
{
	struct error err = { 0 };

	json_finish(&push->preview, upload_init_response_fields);
	push->preview = (struct upload_init_response){ 0 };
	if (!json_read(&push->preview, upload_init_response_fields, reply->payload, &err)) {
		end_push(push, PUSH_FAILED, &err);
		return;
	}
	json_own(&push->preview, upload_init_response_fields, reply->payload);
	count_unsent(push);
	end_push(push, PUSH_DONE, NULL);
}

static void on_init_reply(void *user, const struct envelope *reply, const struct error *err)
{
	struct push_transfer *push = user;
	struct upload_init_response response = { 0 };
	struct error failure = { 0 };

	if (err != NULL) {
		end_refused(push, err);
		return;
	}
	if (push->options.dry_run) {
		take_preview(push, reply);
		return;
	}
	if (json_read(&response, upload_init_response_fields, reply->payload, &failure)) {
		free(push->upload_id);
		push->upload_id = xstrdup(response.upload_id);
		start_sending(push, &response);
	} else {
		end_push(push, PUSH_FAILED, &failure);
	}
	json_finish(&response, upload_init_response_fields);
}

/* The manifest as a message; the caller frees files. Everything else is borrowed. */
static struct init_upload describe_files(const struct push_transfer *push, bool with_hashes)
{
	const struct push_manifest *manifest = push->options.manifest;
	struct init_upload init = {
		.config = *push->options.upload,
		.total_size = manifest->total_bytes,
		.files = xcalloc(manifest->files_count, sizeof(*init.files)),
		.files_count = manifest->files_count,
	};

	if (push->tells_changes) {
		if (push->options.overwrite != NULL) {
			init.overwrite = *push->options.overwrite; /* borrowed */
		}
		init.dry_run = push->options.dry_run;
	}
	if (push->makes_folders) {
		init.folders = manifest->folders; /* borrowed */
	}
	for (size_t i = 0; i < manifest->files_count; i++) {
		struct push_file *file = &manifest->files[i];

		init.files[i].relative_path = file->path;
		init.files[i].size = file->stamp.size;
		init.files[i].sha256 = with_hashes ? file->sha256 : NULL;
	}
	return init;
}

static bool list_fits(const struct init_upload *init)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	json_write(&text, init_upload_fields, init);
	return text.length <= MAX_MESSAGE_BYTES - ENVELOPE_BYTES;
}

/* Can the Agent do what was asked for? */
static bool check_wanted(struct push_transfer *push)
{
	struct error err = { 0 };

	if (push->tells_changes) {
		return true;
	}
	if (push->options.dry_run) {
		error_set(&err, ERROR_NOT_IMPLEMENTED,
			"the program on the Deck is too old to say what an update would do; %zu "
			"files would be offered to it, and nothing was sent",
			push->options.manifest->files_count);
		end_push(push, PUSH_FAILED, &err);
		return false;
	}
	if (push->options.overwrite != NULL && push->options.overwrite->count > 0) {
		push->events->notice(push->user,
			"the program on the Deck is too old for --overwrite; it replaces every "
			"file that differs, and keeps none");
	}
	return true;
}

static void start_upload(struct push_transfer *push)
{
	struct init_upload init;
	struct error err = { 0 };

	if (!check_wanted(push)) {
		return;
	}
	init = describe_files(push, push->is_hashed);

	if (push->is_hashed && !list_fits(&init)) {
		free(init.files);
		init = describe_files(push, false);
		push->events->notice(push->user,
			"too many files to list their digests; every file is sent, changed or not");
	}
	if (list_fits(&init)) {
		agent_client_request(push->client, &init_call, &init, on_init_reply, push);
	} else {
		error_set(&err, ERROR_TOO_LARGE,
			"the list of %zu files exceeds the %d bytes that an Agent accepts; "
			"pack some of them or leave them out with --exclude",
			init.files_count, MAX_MESSAGE_BYTES);
		end_push(push, PUSH_FAILED, &err);
	}
	free(init.files);
}

static void on_hash_progress(void *user, int64_t bytes_done, int64_t bytes_total, const char *path)
{
	struct push_transfer *push = user;

	if (bytes_done > push->bytes_hashed) {
		push->bytes_hashed = bytes_done;
		agent_link_note_progress(push->link); /* the link is idle, which is no failure */
	}
	report_progress(push, PUSH_HASHING, bytes_done, bytes_total, path);
}

static void on_hashed(void *user, const struct error *err)
{
	struct push_transfer *push = user;
	struct error failure = { 0 };

	if (err != NULL) {
		end_push(push, PUSH_FAILED, err);
		return;
	}
	push->is_hashed = true;
	if (push->options.cache != NULL && !hash_cache_save(push->options.cache, &failure)) {
		push->events->notice(push->user, failure.message);
	}
	if (push->client != NULL) {
		start_upload(push);
	}
}

static const struct manifest_hasher_events hasher_events = {
	.progress = on_hash_progress,
	.finished = on_hashed,
};

static void tell_unsent_folders(struct push_transfer *push)
{
	AUTO(free_ptr) char *text = push_manifest_unsent_folders(push->options.manifest);

	if (text != NULL) {
		push->events->notice(push->user, text);
	}
}

static void on_up(void *user, struct agent_client *client, const struct agent_link_agent *agent)
{
	struct push_transfer *push = user;
	bool is_first = push->agent_name == NULL;

	push->client = client;
	push->wants_hashes = strvec_contains(&agent->capabilities, PROTO_CAPABILITY_FILE_HASHES);
	push->tells_changes =
		strvec_contains(&agent->capabilities, PROTO_CAPABILITY_UPDATE_CHANGES);
	push->makes_folders = strvec_contains(&agent->capabilities, PROTO_CAPABILITY_EMPTY_FOLDERS);
	if (is_first) {
		push->agent_name =
			xstrdup(agent->name != NULL ? agent->name : push->options.link.address);
		push->events->connected(push->user, push->agent_name);
		if (!push->makes_folders) {
			tell_unsent_folders(push);
		}
	}
	if (!push->wants_hashes || push->is_hashed) {
		start_upload(push);
	} else if (push->hasher == NULL) {
		push->hasher = manifest_hasher_create(lws_loop_core(push->options.link.lws_loop),
			push->options.worker, push->options.manifest, push->options.cache,
			&hasher_events, push);
	}
}

static void on_drained(void *user)
{
	struct push_transfer *push = user;

	if (push->sender != NULL) {
		chunk_sender_pump(push->sender);
	}
}

static void on_broken(void *user, const struct error *why)
{
	struct push_transfer *push = user;
	AUTO(free_ptr) char *text = xasprintf("%s; reconnecting", why->message);

	if (push->client != NULL) {
		push->events->notice(push->user, text);
	}
	push->client = NULL;
	push->events->code_unwanted(push->user);
	chunk_sender_destroy(TAKE_PTR(push->sender));
	report_sending(push, PUSH_WAITING, "");
}

static void on_link_failed(void *user, const struct error *err)
{
	if (err->kind == ERROR_IO || err->kind == ERROR_TIMEOUT || err->kind == ERROR_NOT_FOUND) {
		end_push(user, PUSH_UNREACHABLE, err);
	} else {
		end_refused(user, err);
	}
}

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	struct push_transfer *push = user;

	push->events->code_wanted(push->user, reason, expires_in_s);
}

static void on_paired(void *user)
{
	struct push_transfer *push = user;

	push->events->paired(push->user);
}

static void on_notice(void *user, const char *text)
{
	struct push_transfer *push = user;

	push->events->notice(push->user, text);
}

static const struct agent_link_events link_events = {
	.code_wanted = on_code_wanted,
	.paired = on_paired,
	.up = on_up,
	.drained = on_drained,
	.broken = on_broken,
	.failed = on_link_failed,
	.notice = on_notice,
};

struct push_transfer *push_transfer_create(
	const struct push_transfer_options *options, const struct push_events *events, void *user)
{
	struct push_transfer *push = xcalloc(1, sizeof(*push));

	push->options = *options;
	push->events = events;
	push->user = user;
	push->files_sent = xcalloc(options->manifest->files_count, sizeof(*push->files_sent));
	push->link = agent_link_create(&push->options.link, &link_events, push);
	return push;
}

void push_transfer_destroy(struct push_transfer *push)
{
	if (push == NULL) {
		return;
	}
	push->is_over = true;
	agent_link_destroy(push->link); /* first: the sender's replies are due from it */
	chunk_sender_destroy(push->sender);
	manifest_hasher_destroy(push->hasher);
	json_finish(&push->result, operation_result_fields);
	json_finish(&push->preview, upload_init_response_fields);
	free(push->files_sent);
	free(push->agent_name);
	free(push->upload_id);
	free(push);
}

void push_transfer_confirm(struct push_transfer *push, const char *code)
{
	agent_link_confirm(push->link, code);
}

void push_transfer_renew_code(struct push_transfer *push)
{
	agent_link_renew_code(push->link);
}

/* An Agent may not say it; then an app id means that there is one. */
static const char *shortcut_of(const struct push_transfer *push)
{
	const char *told = push->result.shortcut;

	if (push->options.shortcut == NULL || !push->result.success) {
		return NULL;
	}
	if (told != NULL && strcmp(told, PROTO_SHORTCUT_LATER) == 0) {
		return PROTO_SHORTCUT_LATER;
	}
	return push->result.app_id != 0 ? PROTO_SHORTCUT_MADE : PROTO_SHORTCUT_NONE;
}

struct push_outcome push_transfer_outcome(const struct push_transfer *push)
{
	return (struct push_outcome){
		.upload_id = push->upload_id,
		.agent_name = push->agent_name,
		.path = push->options.dry_run ? push->preview.path : push->result.path,
		.changes = !push->tells_changes	   ? NULL
			   : push->options.dry_run ? &push->preview.changes
						   : &push->result.changes,
		.dry_run = push->options.dry_run,
		.message = push->result.message,
		.app_id = push->result.app_id,
		.shortcut = shortcut_of(push),
		.bytes_total = push->options.manifest->total_bytes,
		.bytes_sent = push->bytes_sent,
		.bytes_held = push->bytes_done,
		.files_total = push->options.manifest->files_count,
		.files_sent = push->files_sent_count,
	};
}
