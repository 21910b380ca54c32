#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * Which compatibility tool (Proton) runs which app: Steam's config/config.vdf, below
 * InstallConfigStore/Software/Valve/Steam/CompatToolMapping, as Steam itself records its user's
 * choice:
 *
 *	"2890000000" { "name" "proton_experimental" "config" "" "priority" "250" }
 *
 * Everything else in the file is kept byte for byte.
 */

/*
 * Assigns tool to the app in config.vdf's text; an app that has a tool keeps it. Missing maps are
 * created. Errors, all leaving source alone: INVALID (it does not parse, or has another shape;
 * names the offset), TOO_LARGE.
 */
bool compat_tools_set(struct strbuf *source, uint32_t app_id, const char *tool, struct error *err);

/*
 * The same in the file of the Steam at root, which must not be running; see backed_file_save().
 * A missing file is made. Errors, naming the path: INVALID, TOO_LARGE, IO, NO_SPACE; the file is
 * then as it was.
 */
bool compat_tools_save(const char *root, uint32_t app_id, const char *tool, struct error *err);
