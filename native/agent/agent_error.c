#include "agent/agent_error.h"

#include <assert.h>

enum proto_error_code agent_error_code(enum error_kind kind)
{
	assert(kind != ERROR_NONE);
	switch (kind) {
	case ERROR_INVALID:
		return PROTO_BAD_REQUEST;
	case ERROR_UNAUTHORIZED:
		return PROTO_UNAUTHORIZED;
	case ERROR_NOT_FOUND:
		return PROTO_NOT_FOUND;
	case ERROR_BLOCKED:
		return PROTO_BLOCKED;
	case ERROR_CONFLICT:
		return PROTO_CONFLICT;
	case ERROR_TOO_LARGE:
		return PROTO_TOO_LARGE;
	case ERROR_LOCKED_OUT:
		return PROTO_LOCKED_OUT;
	case ERROR_NOT_IMPLEMENTED:
		return PROTO_NOT_IMPLEMENTED;
	case ERROR_NO_SPACE:
		return PROTO_NO_SPACE;
	case ERROR_IO:
	case ERROR_TIMEOUT:
	case ERROR_CANCELLED:
	case ERROR_NONE:
		break;
	}
	return PROTO_INTERNAL;
}
