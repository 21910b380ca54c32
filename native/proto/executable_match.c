#include "proto/executable_match.h"

#include "core/text_fold.h"
#include "core/xalloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Longer texts, and the components of a path past these, are no one's executable. */
#define TEXT_MAX_BYTES (64 * 1024)
#define COMPONENTS_MAX 128

/* A text, folded, with '/' for each separator; what separates nothing ("./", "//") is left out. */
struct folded {
	const char *text;
	struct fold_code {
		uint32_t code;
		uint32_t end; /* the offset in text behind its character */
	} * codes;
	size_t count;
	bool whole; /* nothing may follow the path */
};

/* How a file fits from one component of the text on. */
struct fit {
	size_t index;
	size_t end; /* behind its last code */
	bool exact;
};

static bool is_blank(uint32_t code)
{
	return code == ' ' || code == '\t' || code == '\n' || code == '\r';
}

static bool is_component_start(const struct folded *folded)
{
	return folded->count == 0 || folded->codes[folded->count - 1].code == '/';
}

static void add_code(struct folded *folded, uint32_t code, size_t end)
{
	folded->codes[folded->count++] = (struct fold_code){ .code = code, .end = (uint32_t)end };
}

/* Is there a "./" or ".\"? */
static bool is_here(const char *at, size_t length)
{
	return length >= 2 && at[0] == '.' && (at[1] == '/' || at[1] == '\\');
}

static void fold_text(struct folded *folded, const struct text_fold *fold, size_t length)
{
	const char *text = folded->text;
	size_t at = 0;

	folded->codes = xcalloc(length * TEXT_FOLD_MAX + 1, sizeof(*folded->codes));
	while (at < length) {
		uint32_t codes[TEXT_FOLD_MAX];
		size_t count;

		if (is_component_start(folded) && is_here(text + at, length - at)) {
			at += 2;
			continue;
		}
		if (text[at] == '\\' && at + 1 < length && text[at + 1] == ' ') {
			at += 2; /* as shells want it */
			add_code(folded, ' ', at);
			continue;
		}
		if (text[at] == '/' || text[at] == '\\') {
			at++;
			if (folded->count == 0 || !is_component_start(folded)) {
				add_code(folded, '/', at);
			}
			continue;
		}
		at += text_fold_next(fold, text + at, length - at, codes, &count);
		for (size_t i = 0; i < count; i++) {
			add_code(folded, codes[i], at);
		}
	}
}

/* The index behind the path's last code; 0: the text from start on does not begin with it. */
static size_t follow(
	const struct folded *folded, const struct text_fold *fold, size_t start, const char *path)
{
	size_t length = strlen(path);
	size_t at = start;

	while (length > 0) {
		uint32_t codes[TEXT_FOLD_MAX];
		size_t count;
		size_t bytes = text_fold_next(fold, path, length, codes, &count);

		for (size_t i = 0; i < count; i++, at++) {
			if (at == folded->count || folded->codes[at].code != codes[i]) {
				return 0;
			}
		}
		path += bytes;
		length -= bytes;
	}
	if (at == folded->count || (!folded->whole && is_blank(folded->codes[at].code))) {
		return at;
	}
	return 0;
}

static bool is_spelt(const struct folded *folded, size_t start, size_t end, const char *path)
{
	size_t from = start > 0 ? folded->codes[start - 1].end : 0;
	size_t length = strlen(path);

	return folded->codes[end - 1].end - from == length &&
	       memcmp(folded->text + from, path, length) == 0;
}

static bool find_from(struct fit *best, const struct folded *folded, const struct text_fold *fold,
	size_t start, executable_path_at *path_at, const void *files, size_t files_count)
{
	*best = (struct fit){ 0 };
	for (size_t i = 0; i < files_count; i++) {
		const char *path = path_at(files, i);
		size_t end = follow(folded, fold, start, path);
		bool exact = end > start && is_spelt(folded, start, end, path);

		if (end > best->end || (end > start && end == best->end && exact && !best->exact)) {
			*best = (struct fit){ .index = i, .end = end, .exact = exact };
		}
	}
	return best->end > start;
}

static bool is_letter(uint32_t code)
{
	return code >= 'a' && code <= 'z';
}

static bool is_absolute(const struct folded *folded)
{
	const struct fold_code *codes = folded->codes;

	return (folded->count > 0 && codes[0].code == '/') ||
	       (folded->count > 2 && is_letter(codes[0].code) && codes[1].code == ':' &&
		       codes[2].code == '/');
}

/* Is there a ".."? Then no end of the path tells where it leads. */
static bool climbs(const struct folded *folded)
{
	const struct fold_code *codes = folded->codes;

	for (size_t i = 0; i + 1 < folded->count; i++) {
		if (codes[i].code == '.' && codes[i + 1].code == '.' &&
			(i == 0 || codes[i - 1].code == '/') &&
			(i + 2 == folded->count || codes[i + 2].code == '/')) {
			return true;
		}
	}
	return false;
}

static bool find_folded(struct fit *fit, const struct folded *folded, const struct text_fold *fold,
	executable_path_at *path_at, const void *files, size_t files_count)
{
	size_t components = 0;

	if (find_from(fit, folded, fold, 0, path_at, files, files_count)) {
		return true;
	}
	if (!is_absolute(folded) || climbs(folded)) {
		return false;
	}
	for (size_t i = 0; i < folded->count && components < COMPONENTS_MAX; i++) {
		if (folded->codes[i].code != '/') {
			continue;
		}
		components++;
		if (find_from(fit, folded, fold, i + 1, path_at, files, files_count)) {
			return true;
		}
	}
	return false;
}

/* In length bytes of text; *end is set to the offset behind the path. */
static bool find_in(struct fit *fit, size_t *end, const char *text, size_t length, bool whole,
	executable_path_at *path_at, const void *files, size_t files_count)
{
	struct folded folded = { .text = text, .whole = whole };
	struct text_fold fold;
	bool found;

	text_fold_init(&fold);
	fold_text(&folded, &fold, length);
	found = find_folded(fit, &folded, &fold, path_at, files, files_count);
	if (found) {
		*end = folded.codes[fit->end - 1].end;
	}
	free(folded.codes);
	text_fold_finish(&fold);
	return found;
}

static const char *skip_blanks(const char *text)
{
	while (is_blank((unsigned char)*text)) {
		text++;
	}
	return text;
}

bool executable_match_find(struct executable_match *match, const char *text,
	executable_path_at *path_at, const void *files, size_t files_count)
{
	const char *closing;
	struct fit fit;
	size_t length, end;

	text = skip_blanks(text);
	length = strnlen(text, TEXT_MAX_BYTES + 1);
	if (length > TEXT_MAX_BYTES) {
		return false;
	}
	while (length > 0 && is_blank((unsigned char)text[length - 1])) {
		length--;
	}
	if (length == 0) {
		return false;
	}
	if (*text == '"' || *text == '\'') {
		closing = memchr(text + 1, *text, length - 1);
		end = closing != NULL ? (size_t)(closing - text) : length;
		if (find_in(&fit, &end, text + 1, end - 1, true, path_at, files, files_count)) {
			match->index = fit.index;
			match->arguments =
				closing != NULL ? skip_blanks(closing + 1) : text + length;
			return true;
		}
	}
	if (!find_in(&fit, &end, text, length, false, path_at, files, files_count)) {
		return false;
	}
	match->index = fit.index;
	match->arguments = skip_blanks(text + end);
	return true;
}
