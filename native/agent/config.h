#pragma once

#include "agent/config_keys.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct strbuf;

/* The settings and their file; config_keys.h has the list. */

/* The defaults. */
void config_init(struct config *config, const char *path);
/*
 * Reads the file. The defaults are used if it is missing, if it does not parse (it is then set
 * aside), and if it cannot be read now (it then stays, and is_unread is set). A value that is not
 * allowed is replaced by its default. *notice (caller frees, else NULL) says what was wrong, also
 * that the file is from a newer program.
 */
void config_load(struct config *config, const char *path, char **notice);
/*
 * Reads the file again for a program that runs with present. Unlike config_load() it leaves a file
 * that does not parse in place, since someone may be editing it, and keeps the present value for
 * one that is not allowed. On failure config is empty. Errors: INVALID, TOO_LARGE, IO.
 */
bool config_reload(
	struct config *config, const struct config *present, char **notice, struct error *err);
void config_finish(struct config *config);
/* Errors: IO, NO_SPACE. */
bool config_save(const struct config *config, struct error *err);

/*
 * Sets one key from text, as a user types it: "true", "9998", "~/Games", or JSON (a list:
 * ["a","b"], or one item). On failure nothing is changed. Errors: NOT_FOUND (no such key; the
 * message lists the known ones), INVALID (the message names the key, the value and what is
 * allowed).
 */
bool config_set(struct config *config, const char *key, const char *value, struct error *err);
/* Appends the key's value as JSON. Errors: NOT_FOUND. */
bool config_get(
	const struct config *config, const char *key, struct strbuf *json, struct error *err);
/* Appends one JSON object with every key and value. */
void config_write(const struct config *config, struct strbuf *json);
/* The table's rows for `--help`: false when index is past the end. Strings are borrowed. */
bool config_describe(unsigned index, const char **key, const char **help);
