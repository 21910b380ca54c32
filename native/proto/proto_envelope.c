#include "proto/proto_envelope.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "proto/proto_constants.h"

#include <stdlib.h>

struct envelope_error {
	int64_t code;
	char *message;
};

static const struct json_field error_fields[] = {
	JSON_FIELD(struct envelope_error, code, "code", JSON_INT64, 0),
	JSON_FIELD(struct envelope_error, message, "message", JSON_STRING, 0),
	JSON_FIELDS_END,
};

static const struct json_field id_fields[] = {
	JSON_FIELD(struct envelope, id, "id", JSON_STRING, 0),
	JSON_FIELDS_END,
};

static const struct json_field type_fields[] = {
	JSON_FIELD(struct envelope, type, "type", JSON_STRING, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool read_error(struct envelope *envelope, struct error *err)
{
	const cJSON *error = json_member(envelope->json, "error");
	struct envelope_error read = { 0 };

	if (error == NULL) {
		return true;
	}
	if (!json_read(&read, error_fields, error, err)) {
		json_finish(&read, error_fields);
		return false;
	}
	/* An `error` member is a failure whatever its code says. */
	envelope->error_code = read.code != 0 ? read.code : PROTO_INTERNAL;
	envelope->error_message = read.message;
	return true;
}

bool envelope_read(struct envelope *envelope, const char *text, size_t length, struct error *err)
{
	*envelope = (struct envelope){ 0 };
	envelope->json = json_parse(text, length, err);
	if (envelope->json == NULL) {
		envelope->id = json_salvage_string(text, length, "id");
		return false;
	}
	if (!json_is_object(envelope->json)) {
		return error_set(err, ERROR_INVALID, "a message must be a JSON object");
	}
	/* The id by itself and first: an error about anything else must still be answerable. */
	if (!json_read(envelope, id_fields, envelope->json, err) ||
		!json_read(envelope, type_fields, envelope->json, err) ||
		!read_error(envelope, err)) {
		return false;
	}
	envelope->payload = json_member(envelope->json, "payload");
	return true;
}

void envelope_finish(struct envelope *envelope)
{
	json_finish(envelope, id_fields);
	json_finish(envelope, type_fields);
	free(envelope->error_message);
	json_free(envelope->json);
	*envelope = (struct envelope){ 0 };
}

static void write_head(struct strbuf *out, const char *id, const char *type)
{
	strbuf_append_text(out, "{\"id\":");
	json_write_string(out, id);
	strbuf_append_text(out, ",\"type\":");
	json_write_string(out, type);
}

void envelope_write(struct strbuf *out, const char *id, const char *type,
	const struct json_field *fields, const void *payload)
{
	write_head(out, id, type);
	if (fields != NULL) {
		strbuf_append_text(out, ",\"payload\":");
		json_write(out, fields, payload);
	}
	strbuf_append_char(out, '}');
}

void envelope_write_error(struct strbuf *out, const char *id, int code, const char *message)
{
	const struct envelope_error error = { .code = code, .message = (char *)message };

	write_head(out, id, "error");
	strbuf_append_text(out, ",\"error\":");
	json_write(out, error_fields, &error);
	strbuf_append_char(out, '}');
}
