#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * {"id", "type", "payload", "error": {"code", "message"}}: the wrapping of every text message.
 * Source: protocol.md §2.
 */
struct envelope {
	const char *id;	    /* NULL when absent */
	const char *type;   /* "error" for an error response */
	int64_t error_code; /* 0: no error */
	const char *error_message;
	cJSON *payload; /* NULL when absent */
	cJSON *tree;	/* what all the others borrow from */
};

/*
 * Reads one message. On failure envelope->id is still the id if one could be read, so that the
 * error can be answered; the envelope must be finished either way.
 * Errors: INVALID (not JSON, not an object, no type).
 */
bool envelope_read(struct envelope *envelope, const char *text, size_t length, struct error *err);
void envelope_finish(struct envelope *envelope);

/* Appends a message whose payload is the struct; fields NULL: no payload. */
void envelope_write(struct strbuf *out, const char *id, const char *type,
	const struct json_field *fields, const void *payload);
/* Appends an error response. */
void envelope_write_error(struct strbuf *out, const char *id, int code, const char *message);
