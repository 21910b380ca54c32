#pragma once

#include <stdbool.h>

struct error;
struct strbuf;

/*
 * Sets one text of a text KeyValues file. path: its keys from the root on, the last being the
 * text's, NULL-terminated; their case is ignored. Maps that are missing are made, indented with
 * tabs as Steam writes them and with the file's own line ends. No other byte changes. Errors, all
 * leaving source alone: INVALID (it does not parse, or has a text where the path needs a map or the
 * reverse; names the offset), TOO_LARGE.
 */
bool vdf_text_edit_set(
	struct strbuf *source, const char *const *path, const char *value, struct error *err);
