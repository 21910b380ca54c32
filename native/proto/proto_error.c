#include "proto/proto_error.h"

#include <assert.h>
#include <stddef.h>

/* Every other kind is PROTO_INTERNAL, every other code ERROR_IO. */
static const struct {
	enum error_kind kind;
	enum proto_error_code code;
} codes[] = {
	{ ERROR_INVALID, PROTO_BAD_REQUEST },
	{ ERROR_UNAUTHORIZED, PROTO_UNAUTHORIZED },
	{ ERROR_NOT_FOUND, PROTO_NOT_FOUND },
	{ ERROR_BLOCKED, PROTO_BLOCKED },
	{ ERROR_CONFLICT, PROTO_CONFLICT },
	{ ERROR_TOO_LARGE, PROTO_TOO_LARGE },
	{ ERROR_LOCKED_OUT, PROTO_LOCKED_OUT },
	{ ERROR_NOT_IMPLEMENTED, PROTO_NOT_IMPLEMENTED },
	{ ERROR_NO_SPACE, PROTO_NO_SPACE },
};

enum proto_error_code proto_error_code(enum error_kind kind)
{
	assert(kind != ERROR_NONE);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].kind == kind) {
			return codes[i].code;
		}
	}
	return PROTO_INTERNAL;
}

enum error_kind proto_error_kind(int64_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if ((int64_t)codes[i].code == code) {
			return codes[i].kind;
		}
	}
	return ERROR_IO;
}
