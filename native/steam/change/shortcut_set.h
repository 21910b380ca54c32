#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>

/*
 * What this program last wrote into an entry. Whatever is different in Steam now was changed by its
 * user, and stays so: an update writes a text only where the present one is the one written last,
 * or already the wanted one. The same rules are in cef/steam_script.js, for a Steam that runs.
 */
struct shortcut_set {
	char *name; /* NULL or "": nothing is known, and everything is written */
	char *exe;
	/* Instead of exe, where that is not known: whatever starts in this folder was written. */
	char *within;
	char *start_dir;
	char *launch_options; /* NULL or "": none were */
	struct strvec tags;
};

extern const struct json_field shortcut_set_fields[];
void shortcut_set_finish(struct shortcut_set *set);
/* to is not finished first; from may be NULL. */
void shortcut_set_copy(struct shortcut_set *to, const struct shortcut_set *from);
bool shortcut_set_is_known(const struct shortcut_set *set); /* NULL is not */

/* May wanted be written over now? */
bool shortcut_set_owns_text(const char *set, const char *now, const char *wanted);
/* The same of an executable or start folder, without quotes. */
bool shortcut_set_owns_path(
	const struct shortcut_set *set, const char *last, const char *now, const char *wanted);
/* The same of launch options: blanks and a %command% that Steam has added make no difference. */
bool shortcut_set_owns_options(const struct shortcut_set *set, const char *now, const char *wanted);
/*
 * A target that starts the program set last through others ("gamemoderun "…/doom""): the same with
 * exe in its place. Caller frees; NULL: it does not start that program.
 */
char *shortcut_set_retarget(const struct shortcut_set *set, const char *now, const char *exe);
