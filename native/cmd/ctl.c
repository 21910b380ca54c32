#include "cmd/ctl.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "ipc/ipc_client.h"
#include "proto/proto_ipc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A change of Steam's shortcuts may take half of it. */
#define ANSWER_WAIT_MS (60 * 1000)
#define FOR_EVER_MS (-1)

bool ctl_open(struct ctl *ctl, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(ctl->paths.runtime_dir, IPC_SOCKET_NAME);

	ctl->client = ipc_client_create(path, err);
	return ctl->client != NULL;
}

void ctl_close(struct ctl *ctl)
{
	ipc_client_destroy(TAKE_PTR(ctl->client));
}

static bool receive_message(
	struct ctl *ctl, int64_t wait_ms, struct ipc_message *message, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_finish(message, ipc_message_fields);
	return ipc_client_receive(ctl->client, wait_ms, &line, err) &&
	       json_read_text(message, ipc_message_fields, line.data, line.length, err);
}

static void keep_text(struct strbuf *out, const char *text)
{
	strbuf_reset(out);
	strbuf_append_text(out, text != NULL ? text : "{}");
}

bool ctl_request(struct ctl *ctl, const char *method, const struct json_field *fields,
	const void *params, struct strbuf *result, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };
	struct ipc_message reply = { 0 };
	char id[32];
	bool ok;

	snprintf(id, sizeof(id), "%lld", (long long)++ctl->last_id);
	ipc_write_request(&line, id, method, fields, params);
	ok = ipc_client_send(ctl->client, line.data, line.length, err);
	do {
		ok = ok && receive_message(ctl, ANSWER_WAIT_MS, &reply, err);
	} while (ok && (reply.id == NULL || strcmp(reply.id, id) != 0));
	if (ok && reply.error.code != 0) {
		ok = error_set(err,
			reply.error.code == IPC_INVALID_PARAMS ? ERROR_INVALID : ERROR_IO, "%s",
			reply.error.message != NULL ? reply.error.message : "failed");
	}
	if (ok) {
		keep_text(result, reply.result);
	}
	json_finish(&reply, ipc_message_fields);
	return ok;
}

bool ctl_follow(struct ctl *ctl, const char *name, struct strbuf *params, struct error *err)
{
	struct ipc_message message = { 0 };
	bool ok;

	do {
		ok = receive_message(ctl, FOR_EVER_MS, &message, err);
	} while (ok && (message.method == NULL || strcmp(message.method, name) != 0));
	if (ok) {
		keep_text(params, message.params);
	}
	json_finish(&message, ipc_message_fields);
	return ok;
}

/* --- Calls --- */

bool ctl_call(struct ctl *ctl, const char *method, const struct json_field *param_fields,
	const void *params, const struct json_field *fields, void *out, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf result = { 0 };

	if (!ctl_request(ctl, method, param_fields, params, &result, err)) {
		return false;
	}
	if (ctl->json) {
		puts(result.data);
		return true;
	}
	return fields == NULL || json_read_text(out, fields, result.data, result.length, err);
}

bool ctl_show(struct ctl *ctl, const struct ctl_listing *listing, struct error *err)
{
	AUTO(free_ptr) void *result = xcalloc(1, listing->bytes);
	bool ok = ctl_call(ctl, listing->method, NULL, NULL, listing->fields, result, err);

	if (ok && !ctl->json) {
		listing->print(result);
	}
	json_finish(result, listing->fields);
	return ok;
}

bool ctl_fetch(struct ctl *ctl, const char *method, const struct json_field *fields, void *out,
	struct error *err)
{
	AUTO(strbuf_finish) struct strbuf result = { 0 };

	return ctl_request(ctl, method, NULL, NULL, &result, err) &&
	       json_read_text(out, fields, result.data, result.length, err);
}

bool ctl_tell(struct ctl *ctl, const char *method, const struct json_field *fields,
	const void *params, const char *done, struct error *err)
{
	if (!ctl_call(ctl, method, fields, params, NULL, NULL, err)) {
		return false;
	}
	if (!ctl->json) {
		puts(done);
	}
	return true;
}

/* --- Asking for confirmation --- */

void ctl_say(const char *format, ...)
{
	AUTO(free_ptr) char *line = NULL;
	va_list values;
	int length;

	va_start(values, format);
	length = vasprintf(&line, format, values);
	va_end(values);
	if (length < 0) {
		line = NULL; /* undefined after a failure */
		return;
	}
	utf8_make_printable(line);
	puts(line);
}

bool ctl_confirm(const struct ctl *ctl, const char *question, struct error *err)
{
	AUTO(free_ptr) char *printable = xstrdup(question);
	char answer[16] = "";

	if (ctl->yes || !isatty(STDIN_FILENO)) {
		return true;
	}
	utf8_make_printable(printable);
	fprintf(stderr, "%s [y/N] ", printable);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL) {
		fputc('\n', stderr);
	}
	return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0 ||
	       error_set(err, ERROR_CANCELLED, "not confirmed, nothing was changed");
}
