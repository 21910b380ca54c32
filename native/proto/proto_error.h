#pragma once

#include "core/error.h"
#include "proto/proto_constants.h"

#include <stdint.h>

/* Kinds of errors and the protocol's codes, in both directions. Source: protocol.md §6. */
enum proto_error_code proto_error_code(enum error_kind kind);
enum error_kind proto_error_kind(int64_t code);
