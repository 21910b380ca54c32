#include "proto/proto_envelope.h"

#include "core/error.h"
#include "core/strbuf.h"
#include "proto/proto_constants.h"

struct envelope_error {
	int64_t code;
	const char *message;
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
	const cJSON *error = json_member(envelope->tree, "error");
	struct envelope_error read = { 0 };

	if (error == NULL) {
		return true;
	}
	if (!json_read(&read, error_fields, error, err)) {
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
	envelope->tree = json_parse(text, length, err);
	if (envelope->tree == NULL) {
		envelope->tree = json_salvage(text, length);
		envelope->id = json_string(json_member(envelope->tree, "id"));
		return false;
	}
	if (!json_is_object(envelope->tree)) {
		return error_set(err, ERROR_INVALID, "a message must be a JSON object");
	}
	/* The id first and on its own: the answer to any other error needs it. */
	if (!json_read(envelope, id_fields, envelope->tree, err) ||
		!json_read(envelope, type_fields, envelope->tree, err) ||
		!read_error(envelope, err)) {
		return false;
	}
	envelope->payload = json_child(envelope->tree, "payload");
	return true;
}

void envelope_finish(struct envelope *envelope)
{
	json_free(envelope->tree);
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
	const struct envelope_error error = { .code = code, .message = message };

	write_head(out, id, "error");
	strbuf_append_text(out, ",\"error\":");
	json_write(out, error_fields, &error);
	strbuf_append_char(out, '}');
}
