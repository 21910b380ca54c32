#pragma once

#include "core/json.h"

#include <stdbool.h>

/* Every setting once; read by config.c alone, which says what they mean. */
#define CONFIG_KEY_COUNT 16
#define CONFIG_NAME_BYTES 128

struct config_key {
	struct json_field field;		/* of struct config */
	const char *default_json;		/* NULL: the host's name */
	bool (*is_allowed)(const void *member); /* NULL: whatever has the type */
	const char *allowed;			/* completes "must be …" */
	const char *help;
};

extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/* NULL: there is none of that name. */
const struct config_key *config_key_find(const char *name);
