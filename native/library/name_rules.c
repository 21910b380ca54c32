#include "library/name_rules.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "library/name_trial.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

/* Names up to this many bytes are accepted wherever names of plain ASCII are. */
#define SHORT_NAME_BYTES 100
#define SHELVES_COUNT 256
/* Refused, or given another meaning, by the systems that games are sent from. */
#define SPECIAL_CHARACTERS ":*?\"<>|\\"

struct known_name {
	const char *name;
	const char *key; /* the name itself, folded, or the key of another; NULL: refused */
	char *folded;	 /* owned; NULL unless key is */
	wchar_t *guess;	 /* what it is probably folded to; NULL: plain, or not tried */
	unsigned shelf;
	int reason; /* errno, if refused */
};

struct name_rules {
	struct name_trial trial;
	bool exact;
	bool folds_case;
	bool folds_unequal; /* names of different lengths */
	bool takes_long;    /* 255 bytes of ASCII */
	size_t folders_made;
	char *shelves;		  /* the folder of what is known; NULL: nothing is */
	locale_t locale;	  /* for guesses only; 0: none */
	struct known_name *known; /* sorted by name */
	size_t known_count;
	size_t tried_count; /* of the known ones, how many are on the disk */
};

static bool refuse_try(struct error *err)
{
	return error_set_errno(err, "cannot find out which file names the disk accepts");
}

/* --- What kind of disk it is --- */

/* Names that some disks refuse, or take for another one in the list. */
static const char *const suspects[] = {
	"a:b", "a*b", "a?b", "a\"b", "a<b", "a>b", "a|b", "a\\b", " a", "a", "a.", "a ", "CON",
	"nul.txt", "com1", "\xd0\x96", /* Ж */
	"\xe6\x97\xa5",		       /* 日 */
	"\xf0\x9f\x98\x80",	       /* 😀: two units of UTF-16 */
};

/* Pairs that are folded by whoever folds at all. */
#define CONTROL "capydeck-Case" /* accepted everywhere */
#define CONTROL_FOLDED "capydeck-case"
#define SMALL_ZHE "\xd0\xb6" /* of the capital one above */
#define ALIASED "capydeck long name.text"
#define ALIAS "CAPYDE~1.TEX"

/* Pairs whose lengths differ: folded where more of Unicode counts than upper and lower case. */
static const struct {
	const char *name;
	const char *same;
} unequal[] = {
	{ "\xc3\xa9", "e\xcc\x81" },		  /* é in one part and in two */
	{ "\xc3\x9f", "ss" },			  /* ß */
	{ "zero\xe2\x80\x8bwidth", "zerowidth" }, /* a character that is ignored */
};

/* Makes a file of this name; is it one of its own? False: the disk cannot be asked; errno. */
static bool make(const struct name_rules *rules, const char *name, bool *is_new)
{
	enum name_trial_result result = name_trial_make(&rules->trial, name);

	*is_new = result == NAME_TRIAL_NEW;
	return result != NAME_TRIAL_FAILED;
}

static bool examine_suspects(struct name_rules *rules)
{
	for (size_t i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++) {
		bool is_new;

		if (!make(rules, suspects[i], &is_new)) {
			return false;
		}
		rules->exact &= is_new;
	}
	for (size_t i = 0; i < sizeof(unequal) / sizeof(unequal[0]); i++) {
		bool is_new, found, same;

		if (!make(rules, unequal[i].name, &is_new) ||
			!name_trial_find(&rules->trial, unequal[i].name, &found) ||
			!name_trial_find(&rules->trial, unequal[i].same, &same)) {
			return false;
		}
		rules->folds_unequal |= is_new && same;
		rules->exact &= is_new && found;
	}
	return true;
}

static bool examine(struct name_rules *rules, struct error *err)
{
	char longest[NAME_MAX + 1];
	bool is_new, zhe, has_alias, takes_alias;

	memset(longest, 'n', NAME_MAX);
	longest[NAME_MAX] = '\0';
	rules->exact = true;
	if (!make(rules, CONTROL, &is_new) || !is_new ||
		!name_trial_find(&rules->trial, CONTROL_FOLDED, &rules->folds_case) ||
		!examine_suspects(rules) || !name_trial_find(&rules->trial, SMALL_ZHE, &zhe) ||
		!make(rules, longest, &rules->takes_long) || !make(rules, ALIASED, &takes_alias) ||
		!name_trial_find(&rules->trial, ALIAS, &has_alias)) {
		return refuse_try(err);
	}
	rules->exact &= rules->takes_long && !rules->folds_case && !rules->folds_unequal && !zhe &&
			takes_alias && !has_alias;
	return true;
}

struct name_rules *name_rules_create(int folder_fd, struct error *err)
{
	struct name_rules *rules = xcalloc(1, sizeof(*rules));

	if (!name_trial_init(&rules->trial, folder_fd, err) || !examine(rules, err)) {
		name_rules_destroy(rules);
		return NULL;
	}
	return rules;
}

static void forget(struct name_rules *rules)
{
	if (rules->shelves != NULL) {
		name_trial_remove_folder(&rules->trial, rules->shelves);
		free(TAKE_PTR(rules->shelves));
	}
	for (size_t i = 0; i < rules->known_count; i++) {
		free(rules->known[i].folded);
		free(rules->known[i].guess);
	}
	free(rules->known);
	rules->known = NULL;
	rules->known_count = 0;
	rules->tried_count = 0;
}

void name_rules_destroy(struct name_rules *rules)
{
	if (rules == NULL) {
		return;
	}
	forget(rules);
	name_trial_finish(&rules->trial);
	if (rules->locale != (locale_t)0) {
		freelocale(rules->locale);
	}
	free(rules);
}

bool name_rules_are_exact(const struct name_rules *rules)
{
	return rules->exact;
}

/* --- Names --- */

static bool is_ascii(const char *name)
{
	for (; *name != '\0'; name++) {
		if ((unsigned char)*name >= 0x80) {
			return false;
		}
	}
	return true;
}

/* A device of DOS, which some systems see in every folder, whatever follows the first dot. */
static bool is_dos_device(const char *name)
{
	static const char *const devices[] = { "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$",
		"CONOUT$" };
	size_t length = strcspn(name, ". ");

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (length == strlen(devices[i]) && strncasecmp(name, devices[i], length) == 0) {
			return true;
		}
	}
	return length == 4 && isdigit((unsigned char)name[3]) &&
	       (strncasecmp(name, "COM", 3) == 0 || strncasecmp(name, "LPT", 3) == 0);
}

/* Does only the case of its letters matter, if anything? */
static bool is_plain(const struct name_rules *rules, const char *name)
{
	size_t length = strlen(name);

	return (rules->takes_long || length <= SHORT_NAME_BYTES) && is_ascii(name) &&
	       strpbrk(name, SPECIAL_CHARACTERS) == NULL && name[0] != ' ' &&
	       name[length - 1] != '.' && name[length - 1] != ' ' && !is_dos_device(name);
}

/* Without the dots and blanks at its end. */
static size_t kept_length(const char *name)
{
	size_t length = strlen(name);

	while (length > 0 && (name[length - 1] == '.' || name[length - 1] == ' ')) {
		length--;
	}
	return length;
}

/* Digits, kana, Chinese characters and Hangul have no case: only forms of Unicode change them. */
static bool has_no_case(uint32_t code)
{
	return (code >= '0' && code <= '9') || (code >= 0x3000 && code < 0xa000) ||
	       (code >= 0xac00 && code < 0xd7a4);
}

/*
 * Folders grow slow with many names, on FAT and exFAT above all, so names are spread over some:
 * those that could be the same are together, whatever the disk folds.
 */
static unsigned shelf_of(const struct name_rules *rules, const char *name)
{
	size_t length = kept_length(name), at = 0;
	uint32_t shelf = 0, count = 0;

	if (rules->folds_unequal) {
		return 0;
	}
	while (at < length) {
		uint32_t code = 0;

		at += utf8_decode(name + at, length - at, &code);
		shelf = shelf * 31 + (has_no_case(code) ? code : 0);
		count++;
	}
	return (shelf + count) % SHELVES_COUNT;
}

/* What case folding by the tables of the C library makes of it: right most of the time. */
static wchar_t *guess_of(const struct name_rules *rules, const char *name)
{
	size_t length = kept_length(name), at = 0, count = 0;
	wchar_t *guess = xcalloc(length + 1, sizeof(*guess));

	while (at < length) {
		uint32_t code = 0;

		at += utf8_decode(name + at, length - at, &code);
		if (rules->locale != (locale_t)0) {
			code = towlower_l(towupper_l(code, rules->locale), rules->locale);
		}
		guess[count++] = (wchar_t)code;
	}
	return guess;
}

static enum name_trial_result try_in(
	const struct name_rules *rules, const char *folder, const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", folder, name);

	return name_trial_make(&rules->trial, path);
}

static void remove_in(const struct name_rules *rules, const char *folder, const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", folder, name);

	name_trial_remove_file(&rules->trial, path);
}

/* Tries the names that name is probably folded to, or all others of its shelf, in an empty folder.
 */
static bool compare_with(struct name_rules *rules, const struct known_name *name, bool likely,
	const char *folder, const struct known_name **found)
{
	for (size_t i = 0; i < rules->known_count; i++) {
		const struct known_name *other = &rules->known[i];

		if (other == name || other->guess == NULL || other->key != other->name ||
			other->shelf != name->shelf ||
			(wcscmp(other->guess, name->guess) == 0) != likely) {
			continue;
		}
		if (try_in(rules, folder, other->name) == NAME_TRIAL_FAILED) {
			return false;
		}
		switch (try_in(rules, folder, name->name)) {
		case NAME_TRIAL_NEW:
			remove_in(rules, folder, name->name);
			break;
		case NAME_TRIAL_SAME:
			*found = other;
			return true;
		case NAME_TRIAL_REFUSED:
			break;
		case NAME_TRIAL_FAILED:
			return false;
		}
	}
	return true;
}

/*
 * Which tried name is it the same as? *found is NULL if none: then the disk contradicts itself. The
 * folder is a fresh one, because of the others this system may have cached what is there.
 */
static bool find_same(
	struct name_rules *rules, const struct known_name *name, const struct known_name **found)
{
	AUTO(free_ptr) char *folder = xasprintf("try-%zu", rules->folders_made++);
	bool ok = name_trial_make_folder(&rules->trial, folder);

	*found = NULL;
	ok = ok && compare_with(rules, name, true, folder, found) &&
	     (*found != NULL || compare_with(rules, name, false, folder, found));
	if (ok) {
		name_trial_remove_folder(&rules->trial, folder); /* a folder takes room */
	}
	return ok;
}

/* Names beyond plain ones are tried, each on its shelf. */
static bool learn_by_trying(struct name_rules *rules, struct known_name *name)
{
	const struct known_name *same = NULL;
	bool is_there;
	AUTO(free_ptr) char *shelf = NULL;

	name->shelf = shelf_of(rules, name->name);
	shelf = xasprintf("%s/%u", rules->shelves, name->shelf);
	if (!name_trial_make_folder(&rules->trial, shelf)) {
		return false;
	}
	name->guess = guess_of(rules, name->name);
	switch (try_in(rules, shelf, name->name)) {
	case NAME_TRIAL_NEW:
		name->key = name->name;
		rules->tried_count++;
		return true;
	case NAME_TRIAL_SAME:
		if (!find_same(rules, name, &same)) {
			return false;
		}
		name->key = same != NULL ? same->key : name->name;
		return true;
	case NAME_TRIAL_REFUSED:
		name->reason = errno;
		/* Or is the disk no longer there? */
		return name_trial_find(&rules->trial, CONTROL, &is_there) && is_there;
	case NAME_TRIAL_FAILED:
		return false;
	}
	return false;
}

/* A plain name may still be what a tried one is folded to: the Kelvin sign is a 'k'. */
static bool learn_plain(struct name_rules *rules, struct known_name *name)
{
	const struct known_name *same = NULL;
	AUTO(free_ptr) char *path = NULL;
	bool found;

	name->key = name->name;
	if (rules->folds_case) {
		name->key = name->folded = xstrdup(name->name);
		for (char *at = name->folded; *at != '\0'; at++) {
			*at = (char)tolower((unsigned char)*at);
		}
	}
	if (rules->tried_count == 0) {
		return true;
	}
	name->shelf = shelf_of(rules, name->name);
	path = xasprintf("%s/%u/%s", rules->shelves, name->shelf, name->name);
	if (!name_trial_find(&rules->trial, path, &found) || !found) {
		return found || errno == ENOENT;
	}
	name->guess = guess_of(rules, name->name);
	if (!find_same(rules, name, &same)) {
		return false;
	}
	free(TAKE_PTR(name->guess)); /* it is not among the tried ones */
	if (same != NULL) {
		name->key = same->key;
	}
	return true;
}

static int compare_known(const void *a, const void *b)
{
	const struct known_name *left = a, *right = b;

	return strcmp(left->name, right->name);
}

bool name_rules_learn(
	struct name_rules *rules, const char *const *names, size_t count, struct error *err)
{
	forget(rules);
	rules->shelves = xasprintf("shelves-%zu", rules->folders_made++);
	if (!name_trial_make_folder(&rules->trial, rules->shelves)) {
		return refuse_try(err);
	}
	rules->known = xcalloc(count + 1, sizeof(*rules->known));
	rules->known_count = count;
	for (size_t i = 0; i < count; i++) {
		rules->known[i].name = names[i];
	}
	qsort(rules->known, count, sizeof(*rules->known), compare_known);
	if (rules->locale == (locale_t)0) {
		rules->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	}
	for (int plain = 0; plain <= 1; plain++) {
		for (size_t i = 0; i < count; i++) {
			struct known_name *name = &rules->known[i];

			if (is_plain(rules, name->name) == plain &&
				!(plain ? learn_plain : learn_by_trying)(rules, name)) {
				return refuse_try(err);
			}
		}
	}
	return true;
}

const char *name_rules_key(const struct name_rules *rules, const char *name, int *reason)
{
	struct known_name wanted = { .name = name };
	const struct known_name *known = bsearch(
		&wanted, rules->known, rules->known_count, sizeof(*rules->known), compare_known);

	assert(known != NULL);
	*reason = known->reason;
	return known->key;
}

bool name_rules_take_size(const struct name_rules *rules, int64_t size_bytes)
{
	return name_trial_takes_size(&rules->trial, size_bytes);
}

/* --- Two names --- */

bool name_rules_may_fold(const char *a, const char *b)
{
	size_t length = kept_length(a);

	if (!is_ascii(a) || !is_ascii(b)) {
		return true;
	}
	return length == kept_length(b) && strncasecmp(a, b, length) == 0;
}

struct name_rules *name_rules_of_library(const char *library)
{
	AUTO(close_fd) int root_fd = open(library, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(close_fd)
	int folder_fd =
		root_fd < 0 ? -1
			    : beneath_open_parent(root_fd, PATH_UPLOADS_FOLDER "/x", true, NULL);

	return folder_fd < 0 ? NULL : name_rules_create(folder_fd, NULL);
}

bool name_rules_fold(struct name_rules *rules, const char *a, const char *b)
{
	const char *const names[] = { a, b };
	const char *key_of_a, *key_of_b;
	int reason;

	if (strcmp(a, b) == 0) {
		return true;
	}
	if (rules == NULL || (!rules->exact && !name_rules_learn(rules, names, 2, NULL))) {
		return true;
	}
	if (rules->exact) {
		return false;
	}
	key_of_a = name_rules_key(rules, a, &reason);
	key_of_b = name_rules_key(rules, b, &reason);
	return key_of_a != NULL && key_of_b != NULL && strcmp(key_of_a, key_of_b) == 0;
}
