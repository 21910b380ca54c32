#pragma once

#include "core/error.h"

#include <stdint.h>

/* The local IPC's error codes (proto/proto_ipc.h) and our kinds of errors, in both directions. */
int control_error_code(enum error_kind kind);
enum error_kind control_error_kind(int64_t code);
