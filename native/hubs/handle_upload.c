#include "hubs/handle_upload.h"

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "hubs/agent_session.h"
#include "hubs/handle_artwork.h"
#include "hubs/upload_install.h"
#include "proto/proto_upload.h"
#include "upload/chunk_receiver.h"
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

bool handle_init_upload(struct agent_session *session, cJSON *payload, struct error *err)
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
	upload_store_init(agent_session_services(session)->uploads, agent_session_hub(session)->id,
		&request, on_init, job);
	return true;
}

/* --- Chunks --- */

static void write_free(struct upload_write *write)
{
	json_finish(&write->header, upload_chunk_fields);
	strbuf_finish(&write->message);
	free(write);
}

static void on_written(struct upload_write *write, const struct upload_chunk_response *response,
	const struct error *err)
{
	struct agent_ticket *ticket = write->user;
	struct agent_session *session = agent_session_ref(agent_ticket_session(ticket));
	struct agent_session *connected = agent_session_services(session)->connected;

	if (err != NULL) {
		agent_ticket_fail_take(ticket, err);
	} else {
		agent_ticket_reply_take(
			ticket, "upload_chunk_response", upload_chunk_response_fields, response);
	}
	agent_session_recycle_take(session, &write->message);
	write_free(write);
	/* The one that reads may be a newer connection than the one that wrote. */
	if (connected != NULL) {
		agent_session_balance(connected);
	}
	agent_session_unref(session);
}

static void hand_over_take(struct agent_session *session, struct upload_write *write)
{
	struct upload_store *uploads = agent_session_services(session)->uploads;

	write->pipelined =
		agent_session_input_pending(session) || upload_store_in_flight_bytes(uploads) > 0;
	write->done = on_written;
	write->user = agent_session_take_request(session);
	upload_store_write(uploads, agent_session_hub(session)->id, write);
	agent_session_balance(session);
}

static bool check_chunk(const struct upload_chunk *header, struct error *err)
{
	if (header->upload_id == NULL || header->file_path == NULL) {
		return error_set(err, ERROR_INVALID, "a chunk needs '%s'",
			header->upload_id == NULL ? "uploadId" : "filePath");
	}
	if (header->offset < 0) {
		return error_set(err, ERROR_INVALID, "offset %lld of '%s' is negative",
			(long long)header->offset, header->file_path);
	}
	return true;
}

bool handle_upload_chunk(struct agent_session *session, cJSON *payload, struct error *err)
{
	struct upload_write *write = xcalloc(1, sizeof(*write));
	const char *data;

	if (!json_read(&write->header, upload_chunk_fields, payload, err) ||
		!check_chunk(&write->header, err)) {
		write_free(write);
		return false;
	}
	data = write->header.data;
	if (data == NULL) {
		error_set(err, ERROR_INVALID, "upload_chunk needs 'data'");
	}
	if (data == NULL || !base64_decode(&write->message, data, strlen(data), err)) {
		write_free(write);
		return false;
	}
	write->header.data = NULL;
	json_drop(payload, "data");
	json_own(&write->header, upload_chunk_fields, payload);
	hand_over_take(session, write);
	return true;
}

static void take_artwork(struct agent_session *session, struct upload_write *write)
{
	AUTO(strbuf_finish) struct strbuf image = { 0 };

	strbuf_move(&image, &write->message);
	image.length -= write->data_offset;
	memmove(image.data, image.data + write->data_offset, image.length + 1);
	handle_artwork_image(session, &write->header, &image);
}

void handle_upload_part(struct agent_session *session, struct chunk_receiver *receiver,
	const char *message, size_t length)
{
	struct upload_store *uploads = agent_session_services(session)->uploads;

	chunk_receiver_part(receiver, message, length, upload_store_wants_digest(uploads));
	if (receiver->header_known && !upload_chunk_is_artwork(&receiver->header)) {
		receiver->ahead_bytes =
			upload_store_write_ahead(uploads, agent_session_hub(session)->id,
				&receiver->header, message + receiver->data_offset,
				length - receiver->data_offset, receiver->ahead_bytes);
	}
}

void handle_upload_binary(
	struct agent_session *session, struct chunk_receiver *receiver, struct strbuf *message)
{
	struct upload_write *write = xcalloc(1, sizeof(*write));
	struct error err = { 0 };
	bool ok = chunk_receiver_take(receiver, message, write, &err);
	AUTO(free_ptr) char *id = xstrdup(write->header.id != NULL ? write->header.id : "");

	agent_session_set_request(session, id);
	if (ok && upload_chunk_is_artwork(&write->header)) {
		take_artwork(session, write);
		write_free(write);
	} else if (ok && check_chunk(&write->header, &err)) {
		hand_over_take(session, write);
	} else {
		agent_session_reply_error(session, &err);
		write_free(write);
	}
	agent_session_set_request(session, NULL);
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

/* --- The end of an upload --- */

bool handle_complete_upload(struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(complete_upload_finish) struct complete_upload request = { 0 };

	return json_read(&request, complete_upload_fields, payload, err) &&
	       upload_install_start(session, &request, err);
}

bool handle_cancel_upload(struct agent_session *session, cJSON *payload, struct error *err)
{
	AUTO(cancel_upload_finish) struct cancel_upload request = { 0 };
	const struct operation_result result = { .success = true };

	if (!json_read(&request, cancel_upload_fields, payload, err) ||
		!upload_store_cancel(agent_session_services(session)->uploads,
			agent_session_hub(session)->id, request.upload_id, err)) {
		return false;
	}
	agent_session_reply(session, "operation_result", operation_result_fields, &result);
	return true;
}
