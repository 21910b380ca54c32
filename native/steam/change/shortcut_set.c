#include "steam/change/shortcut_set.h"

#include "core/cleanup.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <string.h>

#define COMMAND "%command%"

const struct json_field shortcut_set_fields[] = {
	JSON_FIELD(struct shortcut_set, name, "name", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_set, exe, "exe", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_set, within, "within", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_set, start_dir, "startDir", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(
		struct shortcut_set, launch_options, "launchOptions", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD(struct shortcut_set, tags, "tags", JSON_STRINGS, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

void shortcut_set_finish(struct shortcut_set *set)
{
	json_finish(set, shortcut_set_fields);
}

void shortcut_set_copy(struct shortcut_set *to, const struct shortcut_set *from)
{
	*to = (struct shortcut_set){ 0 };
	if (from == NULL) {
		return;
	}
	to->name = xstrdup_or_null(from->name);
	to->exe = xstrdup_or_null(from->exe);
	to->within = xstrdup_or_null(from->within);
	to->start_dir = xstrdup_or_null(from->start_dir);
	to->launch_options = xstrdup_or_null(from->launch_options);
	strvec_copy(&to->tags, &from->tags);
}

bool shortcut_set_is_known(const struct shortcut_set *set)
{
	return set != NULL && json_is_given(set->name);
}

bool shortcut_set_owns_text(const char *set, const char *now, const char *wanted)
{
	return strcmp(now, set != NULL ? set : "") == 0 || strcmp(now, wanted) == 0;
}

bool shortcut_set_owns_path(
	const struct shortcut_set *set, const char *last, const char *now, const char *wanted)
{
	if (json_is_given(set->within)) {
		return path_is_within(now, set->within) || strcmp(now, set->within) == 0;
	}
	return shortcut_set_owns_text(last, now, wanted);
}

/* One blank between words, none around them. */
static char *squeeze(const char *text)
{
	static const char blanks[] = " \t\r\n";
	struct strbuf out = { 0 };

	for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
		size_t length = strcspn(text, blanks);

		strbuf_appendf(&out, "%s%.*s", out.length > 0 ? " " : "", (int)length, text);
		text += length;
	}
	return strbuf_detach(&out);
}

static bool are_options(const char *now, const char *options)
{
	AUTO(free_ptr) char *have = squeeze(now);
	AUTO(free_ptr) char *want = squeeze(options != NULL ? options : "");
	const char *blank = *want != '\0' ? " " : "";
	AUTO(free_ptr) char *before = xasprintf("%s%s%s", COMMAND, blank, want);
	AUTO(free_ptr) char *behind = xasprintf("%s%s%s", want, blank, COMMAND);

	return strcmp(have, want) == 0 ||
	       (strstr(want, COMMAND) == NULL &&
		       (strcmp(have, before) == 0 || strcmp(have, behind) == 0));
}

bool shortcut_set_owns_options(const struct shortcut_set *set, const char *now, const char *wanted)
{
	return are_options(now, set->launch_options) || are_options(now, wanted);
}

static bool ends_word(char c)
{
	return c == '\0' || c == '"' || c == '\'' || c == ' ';
}

char *shortcut_set_retarget(const struct shortcut_set *set, const char *now, const char *exe)
{
	AUTO(strbuf_finish) struct strbuf out = { 0 };
	const char *at = now, *found;
	size_t length = json_is_given(set->exe) ? strlen(set->exe) : 0;
	size_t count = 0;

	while (length > 0 && (found = strstr(at, set->exe)) != NULL) {
		bool whole = (found == now || ends_word(found[-1])) && ends_word(found[length]);

		strbuf_appendf(&out, "%.*s%s", (int)(found - at), at, whole ? exe : set->exe);
		count += whole;
		at = found + length;
	}
	if (count == 0) {
		return NULL;
	}
	strbuf_append_text(&out, at);
	return strbuf_detach(&out);
}
