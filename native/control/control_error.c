#include "control/control_error.h"

#include "proto/proto_ipc.h"

#include <stddef.h>

/* Every other kind is IPC_FAILED, every other code ERROR_IO. */
static const struct {
	enum error_kind kind;
	int code;
} codes[] = {
	{ ERROR_INVALID, IPC_INVALID_PARAMS },
	{ ERROR_NOT_FOUND, IPC_NOT_FOUND },
	{ ERROR_CONFLICT, IPC_CONFLICT },
	{ ERROR_NO_SPACE, IPC_NO_SPACE },
	{ ERROR_NOT_IMPLEMENTED, IPC_METHOD_NOT_FOUND },
};

int control_error_code(enum error_kind kind)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].kind == kind) {
			return codes[i].code;
		}
	}
	return IPC_FAILED;
}

enum error_kind control_error_kind(int64_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code) {
			return codes[i].kind;
		}
	}
	return ERROR_IO;
}
