#include "cmd/ctl_session.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "ipc/ipc_client.h"
#include "proto/proto_ipc.h"

#include <stdio.h>
#include <string.h>

/* A change of Steam's shortcuts may take half of it. */
#define ANSWER_WAIT_MS (60 * 1000)
#define FOR_EVER_MS (-1)

bool ctl_session_init(struct ctl_session *session, const struct paths *paths, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(paths->runtime_dir, IPC_SOCKET_NAME);

	*session = (struct ctl_session){ .client = ipc_client_create(path, err) };
	return session->client != NULL;
}

void ctl_session_finish(struct ctl_session *session)
{
	ipc_client_destroy(session->client);
	session->client = NULL;
}

static bool receive(struct ctl_session *session, int64_t wait_ms, struct ipc_message *message,
	struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_finish(message, ipc_message_fields);
	return ipc_client_receive(session->client, wait_ms, &line, err) &&
	       json_read_text(message, ipc_message_fields, line.data, line.length, err);
}

static void keep(struct strbuf *out, const char *text)
{
	strbuf_reset(out);
	strbuf_append_text(out, text != NULL ? text : "{}");
}

bool ctl_session_call(struct ctl_session *session, const char *method,
	const struct json_field *fields, const void *params, struct strbuf *result,
	struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct ipc_message reply = { 0 };
	char id[32];
	bool ok;

	snprintf(id, sizeof(id), "%lld", (long long)++session->last_id);
	ipc_write_request(&line, id, method, fields, params);
	ok = ipc_client_send(session->client, line.data, line.length, err);
	do {
		ok = ok && receive(session, ANSWER_WAIT_MS, &reply, err);
	} while (ok && (reply.id == NULL || strcmp(reply.id, id) != 0));
	if (ok && reply.error.code != 0) {
		ok = error_set(err,
			reply.error.code == IPC_INVALID_PARAMS ? ERROR_INVALID : ERROR_IO, "%s",
			reply.error.message != NULL ? reply.error.message : "failed");
	}
	if (ok) {
		keep(result, reply.result);
	}
	json_finish(&reply, ipc_message_fields);
	return ok;
}

bool ctl_session_follow(
	struct ctl_session *session, const char *name, struct strbuf *params, struct error *err)
{
	struct ipc_message message = { 0 };
	bool ok;

	do {
		ok = receive(session, FOR_EVER_MS, &message, err);
	} while (ok && (message.method == NULL || strcmp(message.method, name) != 0));
	if (ok) {
		keep(params, message.params);
	}
	json_finish(&message, ipc_message_fields);
	return ok;
}
