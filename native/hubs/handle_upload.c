#include "hubs/handle_upload.h"

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/data_url.h"
#include "core/error.h"
#include "core/json.h"
#include "core/list.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "games/game_artwork.h"
#include "games/game_setup.h"
#include "hubs/agent_session.h"
#include "hubs/handle_artwork.h"
#include "proto/proto_constants.h"
#include "proto/proto_upload.h"
#include "steam/images/artwork.h"
#include "upload/chunk_receiver.h"
#include "upload/upload_manifest.h"
#include "upload/upload_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void complete_upload_finish(struct complete_upload *request)
{
	json_finish(request, complete_upload_fields);
}

static void cancel_upload_finish(struct cancel_upload *request)
{
	json_finish(request, cancel_upload_fields);
}

/* --- init_upload --- */

struct init_job {
	struct agent_ticket *ticket;
	char *game_name;
};

static void on_init(
	void *user, const struct upload_init_response *response, const struct error *err)
{
	struct init_job *job = user;
	struct agent_session *session = agent_session_ref(agent_ticket_session(job->ticket));

	if (err != NULL) {
		agent_ticket_fail_take(job->ticket, err);
	} else {
		agent_ticket_reply_take(
			job->ticket, "upload_init_response", upload_init_response_fields, response);
		agent_session_announce(
			session, "install", "start", job->game_name, "Installation started");
	}
	agent_session_unref(session);
	free(job->game_name);
	free(job);
}

bool handle_init_upload(const struct handle_upload_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{
	struct init_upload request = { 0 };
	struct init_job *job;

	if (!json_read(&request, init_upload_fields, payload, err)) {
		json_finish(&request, init_upload_fields);
		return false;
	}
	json_own(&request, init_upload_fields, payload);
	job = xcalloc(1, sizeof(*job));
	job->ticket = agent_session_take_request(session);
	job->game_name = xstrdup(request.config.game_name);
	upload_store_init(options->uploads, agent_session_hub(session)->id, &request, on_init, job);
	return true;
}

/* --- Chunks --- */

/* One chunk, from its message to its answer. */
struct chunk_job {
	struct upload_write write;
	struct agent_ticket *ticket;
};

static void chunk_job_free(struct chunk_job *job)
{
	json_finish(&job->write.header, upload_chunk_fields);
	strbuf_finish(&job->write.message);
	free(job);
}

static void on_written(struct upload_write *write, const struct upload_chunk_response *response,
	const struct error *err)
{
	struct chunk_job *job = CONTAINER_OF(write, struct chunk_job, write);

	agent_ticket_acknowledge_take(job->ticket, "upload_chunk_response",
		upload_chunk_response_fields, response, err, &write->message);
	chunk_job_free(job);
}

/* Takes ownership of the job. */
static void write_chunk(struct upload_store *uploads, struct agent_session *session,
	struct agent_ticket *ticket, struct chunk_job *job)
{
	job->ticket = ticket;
	job->write.pipelined =
		agent_session_input_pending(session) || upload_store_in_flight_bytes(uploads) > 0;
	job->write.done = on_written;
	upload_store_write(uploads, agent_session_hub(session)->id, &job->write);
}

bool handle_upload_chunk(const struct handle_upload_options *options, struct agent_session *session,
	cJSON *payload, struct error *err)
{
	struct chunk_job *job = xcalloc(1, sizeof(*job));
	struct upload_write *write = &job->write;
	const char *data;

	if (!json_read(&write->header, upload_chunk_fields, payload, err)) {
		chunk_job_free(job);
		return false;
	}
	data = write->header.data;
	if (data == NULL) {
		error_set(err, ERROR_INVALID, "upload_chunk needs 'data'");
	}
	if (data == NULL || !base64_decode(&write->message, data, strlen(data), err)) {
		chunk_job_free(job);
		return false;
	}
	write->header.data = NULL;
	json_drop(payload, "data");
	json_own(&write->header, upload_chunk_fields, payload);
	write_chunk(options->uploads, session, agent_session_take_request(session), job);
	return true;
}

/* Moves the data of a binary message to its start, so that only the image is left. */
static void cut_header(struct upload_write *write)
{
	struct strbuf *image = &write->message;

	image->length -= write->data_offset;
	memmove(image->data, image->data + write->data_offset, image->length + 1);
}

void handle_upload_part(const struct handle_upload_options *options, struct agent_session *session,
	const char *message, size_t length)
{
	struct chunk_receiver *receiver = agent_session_receiver(session);
	struct upload_store *uploads = options->uploads;

	chunk_receiver_part(receiver, message, length, upload_store_wants_digest(uploads));
	if (receiver->header_known && !upload_chunk_is_artwork(&receiver->header)) {
		receiver->ahead_bytes =
			upload_store_write_ahead(uploads, agent_session_hub(session)->id,
				&receiver->header, message + receiver->data_offset,
				length - receiver->data_offset, receiver->ahead_bytes);
	}
}

void handle_upload_binary(const struct handle_upload_options *options,
	const struct handle_artwork_options *artwork_options, struct agent_session *session,
	struct strbuf *message)
{
	struct chunk_job *job = xcalloc(1, sizeof(*job));
	struct upload_write *write = &job->write;
	struct error err = { 0 };
	bool ok = chunk_receiver_take(agent_session_receiver(session), message, write, &err);
	struct agent_ticket *ticket =
		agent_session_take_id(session, write->header.id != NULL ? write->header.id : "");

	if (ok && upload_chunk_is_artwork(&write->header)) {
		cut_header(write);
		handle_artwork_image(artwork_options, ticket, &write->header, &write->message);
	} else if (ok) {
		write_chunk(options->uploads, session, ticket, job);
		return;
	} else {
		agent_ticket_fail_take(ticket, &err);
	}
	chunk_job_free(job);
}

/* RFC 3339 in UTC, milliseconds included. */
static void format_time(char *out, size_t bytes, int64_t unix_ms)
{
	time_t seconds = unix_ms / 1000;
	struct tm tm;
	char date[32];

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, bytes, "%s.%03dZ", date, (int)(unix_ms % 1000));
}

void handle_upload_progress(struct agent_session *session, const struct upload_status *status)
{
	char started_at[64], updated_at[64];
	struct upload_progress progress = {
		.upload_id = status->upload_id,
		.transferred_bytes = status->transferred_bytes,
		.total_bytes = status->total_bytes,
		.current_file = status->current_file,
		.percentage = 100,
		.status = "in_progress",
		.started_at = started_at,
		.updated_at = updated_at,
	};

	if (status->total_bytes > 0) {
		progress.percentage =
			100.0 * (double)status->transferred_bytes / (double)status->total_bytes;
	}
	format_time(started_at, sizeof(started_at), status->started_at);
	format_time(updated_at, sizeof(updated_at), status->updated_at);
	agent_session_push_latest(session, "upload_progress", upload_progress_fields, &progress);
}

/* --- complete_upload, cancel_upload --- */

struct install {
	struct agent_ticket *ticket;
	const struct handle_upload_options *options;
	/* Filled in once the store is done. */
	char *dir;
	char *game_name;
	struct upload_changes changes;
	bool wants_shortcut;
};

static void install_free(struct install *install)
{
	upload_changes_finish(&install->changes);
	free(install->dir);
	free(install->game_name);
	free(install);
}

static void on_set_up(void *user, uint32_t app_id, bool later, const char *message)
{
	struct install *install = user;
	struct agent_session *session = agent_session_ref(agent_ticket_session(install->ticket));
	const struct operation_result result = {
		.success = true,
		.path = install->dir,
		.app_id = app_id,
		.shortcut = !install->wants_shortcut ? NULL
			    : later		     ? PROTO_SHORTCUT_LATER
			    : app_id == 0	     ? PROTO_SHORTCUT_NONE
						     : PROTO_SHORTCUT_MADE,
		.message = message,
		.changes = install->changes,
	};

	agent_ticket_reply_take(
		install->ticket, "operation_result", operation_result_fields, &result);
	agent_session_announce(
		session, "install", "complete", install->game_name, "Installation complete");
	agent_session_unref(session);
	install_free(install);
}

static void copy_changes(struct upload_changes *to, const struct upload_changes *from)
{
	*to = *from;
	to->added = to->replaced = to->kept = to->removed = to->stays = (struct strvec){ 0 };
	strvec_copy(&to->added, &from->added);
	strvec_copy(&to->replaced, &from->replaced);
	strvec_copy(&to->kept, &from->kept);
	strvec_copy(&to->removed, &from->removed);
	strvec_copy(&to->stays, &from->stays);
}

static void on_installed(
	void *user, const struct upload_installed *installed, const struct error *err)
{
	struct install *install = user;

	if (err != NULL) {
		agent_ticket_fail_take(install->ticket, err);
		install_free(install);
		return;
	}
	install->dir = xstrdup(installed->dir);
	install->game_name = xstrdup(installed->game_name);
	copy_changes(&install->changes, installed->changes);
	game_setup_start(install->options->setup, install->dir, on_set_up, install);
}

/*
 * For a folder inside the game's, replaces backslashes, into *clean, which the caller frees; one
 * outside it is refused.
 */
static bool normalise_start_dir(struct shortcut_config *shortcut, char **clean, struct error *err)
{
	if (!json_is_given(shortcut->start_dir) || *shortcut->start_dir == '/') {
		return true;
	}
	*clean = path_normalise_relative(shortcut->start_dir, err);
	shortcut->start_dir = *clean;
	return *clean != NULL;
}

/* The registry must not hold images: those sent as data: URLs wait with the others. */
static void keep_images(const struct handle_upload_options *options, const char *upload_id,
	struct artwork_urls *artwork)
{
	const char **const urls[ARTWORK_KIND_COUNT] = {
		[ARTWORK_GRID] = &artwork->grid,
		[ARTWORK_BANNER] = &artwork->banner,
		[ARTWORK_HERO] = &artwork->hero,
		[ARTWORK_LOGO] = &artwork->logo,
		[ARTWORK_ICON] = &artwork->icon,
	};

	for (enum artwork_kind kind = 0; kind < ARTWORK_KIND_COUNT; kind++) {
		if (*urls[kind] != NULL && data_url_is(*urls[kind])) {
			game_artwork_keep_url_take(
				options->artwork, upload_id, kind, xstrdup(*urls[kind]));
			*urls[kind] = NULL;
		}
	}
}

/*
 * The work after the files are installed. What complete_upload does not give is taken from
 * init_upload. setup borrows from both, and takes the tags.
 */
static void fill_setup(struct game_setup_plan *setup, struct complete_upload *request,
	const struct upload_manifest *manifest)
{
	setup->upload_id = request->upload_id;
	setup->wants_shortcut = request->create_shortcut;
	if (!request->create_shortcut) {
		return;
	}
	setup->user_id = request->user_id;
	setup->shortcut = request->shortcut;
	request->shortcut.tags = (struct strvec){ 0 };
	setup->shortcut.exe = NULL; /* the store fills in the game's own */
	if (manifest != NULL && !json_is_given(setup->shortcut.launch_options)) {
		setup->shortcut.launch_options = manifest->launch_options;
	}
	if (manifest != NULL && setup->shortcut.tags.count == 0) {
		strvec_copy(&setup->shortcut.tags, &manifest->tags);
	}
}

/*
 * The named executable among the files, into *path, which the caller frees; what is behind it, and
 * was not given otherwise, becomes launch options. Nothing is named, or there is no such upload:
 * *path stays NULL.
 */
static bool find_executable(const struct handle_upload_options *options, const char *hub_id,
	const struct complete_upload *request, struct game_setup_plan *setup, char **path,
	struct error *err)
{
	const char *arguments;

	if (!json_is_given(request->shortcut.exe) ||
		upload_store_manifest(options->uploads, hub_id, request->upload_id) == NULL) {
		return true;
	}
	if (!upload_store_executable(options->uploads, hub_id, request->upload_id,
		    request->shortcut.exe, path, &arguments, err)) {
		return false;
	}
	if (setup->wants_shortcut && !json_is_given(setup->shortcut.launch_options) &&
		*arguments != '\0') {
		setup->shortcut.launch_options = arguments;
	}
	return true;
}

/* request is emptied. */
static bool start_install(const struct handle_upload_options *options,
	struct agent_session *session, struct complete_upload *request, struct error *err)
{
	const char *hub_id = agent_session_hub(session)->id;
	AUTO(game_setup_plan_finish) struct game_setup_plan setup = { 0 };
	AUTO(free_ptr) char *start_dir = NULL;
	AUTO(free_ptr) char *executable = NULL;
	AUTO(free_ptr) char *pending = NULL;
	const struct upload_manifest *manifest;
	struct install *install;

	if (!normalise_start_dir(&request->shortcut, &start_dir, err)) {
		return false;
	}
	manifest = upload_store_manifest(options->uploads, hub_id, request->upload_id);
	fill_setup(&setup, request, manifest);
	if (!find_executable(options, hub_id, request, &setup, &executable, err)) {
		return false;
	}
	if (manifest != NULL) {
		keep_images(options, request->upload_id, &setup.shortcut.artwork);
	}
	pending = game_setup_plan_text(&setup);
	if (strlen(pending) > GAME_SETUP_PLAN_MAX_BYTES) {
		return error_set(err, ERROR_INVALID,
			"the shortcut's texts have %zu bytes; the limit is %d", strlen(pending),
			GAME_SETUP_PLAN_MAX_BYTES);
	}
	install = xcalloc(1, sizeof(*install));
	install->ticket = agent_session_take_request(session);
	install->options = options;
	install->wants_shortcut = request->create_shortcut;
	upload_store_complete(options->uploads, hub_id, request->upload_id, executable, pending,
		on_installed, install);
	return true;
}

bool handle_complete_upload(const struct handle_upload_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(complete_upload_finish) struct complete_upload request = { 0 };

	return json_read(&request, complete_upload_fields, payload, err) &&
	       start_install(options, session, &request, err);
}

bool handle_cancel_upload(const struct handle_upload_options *options,
	struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(cancel_upload_finish) struct cancel_upload request = { 0 };
	const struct operation_result result = { .success = true };

	if (!json_read(&request, cancel_upload_fields, payload, err) ||
		!upload_store_cancel(
			options->uploads, agent_session_hub(session)->id, request.upload_id, err)) {
		return false;
	}
	agent_session_reply(session, "operation_result", operation_result_fields, &result);
	return true;
}
