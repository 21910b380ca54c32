#pragma once

#include "core/error.h"
#include "proto/proto_constants.h"

/* The one place where kinds of errors become the protocol's codes. Source: protocol.md "Error
 * codes". */
enum proto_error_code agent_error_code(enum error_kind kind);
