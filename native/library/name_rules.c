#include "library/name_rules.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/utf8.h"
#include "core/xalloc.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

/* Names up to this many bytes are accepted wherever names of plain ASCII are. */
#define SHORT_NAME_BYTES 100
#define RANDOM_DIGITS 16
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
	int folder_fd; /* borrowed */
	char *name;    /* of our folder in it */
	int fd;
	bool exact;
	bool folds_case;
	bool normalises;  /* a letter and its accent are the same as the letter with the accent */
	bool takes_long;  /* 255 bytes of ASCII */
	bool takes_plain; /* other than in the days of eight characters */
	size_t folders_made;
	locale_t locale;	  /* for guesses only; 0: none */
	struct known_name *known; /* sorted by name */
	size_t known_count;
	size_t tried_count; /* of the known ones, how many are on the disk */
};

enum try_result {
	TRY_NEW,     /* a file of its own */
	TRY_SAME,    /* the name of an earlier one */
	TRY_REFUSED, /* errno says why */
	TRY_FAILED,  /* the disk, not the name: errno says why */
};

/* Do these say something about the disk or about us, whatever the name? */
static bool is_failure(int number)
{
	static const int failures[] = { EIO, ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EROFS, ESTALE,
		ENODEV, ENXIO, ENOTCONN, ECONNABORTED, EHOSTDOWN, ETIMEDOUT, EINTR, ENOTDIR,
		EAGAIN };

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (number == failures[i]) {
			return true;
		}
	}
	return false;
}

/* path: relative to our folder. */
static enum try_result try_name(const struct name_rules *rules, const char *path)
{
	AUTO(close_fd)
	int fd =
		openat(rules->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0) {
		return TRY_NEW;
	}
	if (errno == EEXIST) {
		return TRY_SAME;
	}
	return is_failure(errno) ? TRY_FAILED : TRY_REFUSED;
}

static bool refuse_try(const struct name_rules *rules, struct error *err)
{
	return error_set_errno(err, "cannot find out which file names the disk accepts");
}

/* --- What kind of disk it is --- */

/* Is the same file found under the other name? */
static bool is_found(const struct name_rules *rules, const char *path)
{
	struct stat stat;

	return fstatat(rules->fd, path, &stat, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Names that some disks refuse, or take for another one in the list. */
static const char *const suspects[] = {
	"a:b", "a*b", "a?b", "a\"b", "a<b", "a>b", "a|b", "a\\b", " a", "a", "a.", "a ", "CON",
	"nul.txt", "com1", "two.dots.here", "capydeck-long-1", "capydeck-long-2",
	"\xd0\x96",	    /* Ж */
	"\xe6\x97\xa5",	    /* 日 */
	"\xf0\x9f\x98\x80", /* 😀: two units of UTF-16 */
};

/* The shortest pairs that are folded, by whoever folds at all. */
#define CONTROL "capydeck-Case" /* accepted everywhere */
#define CONTROL_FOLDED "capydeck-case"
#define SMALL_ZHE "\xd0\xb6"   /* of the capital one above */
#define COMPOSED "\xc3\xa9"    /* é */
#define DECOMPOSED "e\xcc\x81" /* é as well */
#define ALIASED "capydeck long name.text"
#define ALIAS "CAPYDE~1.TEX"

static bool examine(struct name_rules *rules, struct error *err)
{
	enum try_result result = try_name(rules, CONTROL);
	char longest[NAME_MAX + 1];

	if (result != TRY_NEW) {
		return refuse_try(rules, err);
	}
	rules->exact = true;
	for (size_t i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++) {
		result = try_name(rules, suspects[i]);
		if (result == TRY_FAILED) {
			return refuse_try(rules, err);
		}
		rules->exact &= result == TRY_NEW;
		rules->takes_plain &=
			result == TRY_NEW || (strncmp(suspects[i], "capydeck", 8) != 0 &&
						     strcmp(suspects[i], "two.dots.here") != 0);
	}
	memset(longest, 'n', NAME_MAX);
	longest[NAME_MAX] = '\0';
	rules->takes_long = try_name(rules, longest) == TRY_NEW;
	rules->folds_case = is_found(rules, CONTROL_FOLDED);
	rules->normalises = try_name(rules, COMPOSED) == TRY_NEW && is_found(rules, DECOMPOSED);
	rules->exact &= rules->takes_long && !rules->folds_case && !rules->normalises &&
			is_found(rules, COMPOSED) && try_name(rules, ALIASED) == TRY_NEW &&
			!is_found(rules, ALIAS) && !is_found(rules, SMALL_ZHE);
	return true;
}

struct name_rules *name_rules_create(int folder_fd, struct error *err)
{
	struct name_rules *rules = xcalloc(1, sizeof(*rules));
	AUTO(free_ptr) char *digits = random_hex(RANDOM_DIGITS);

	rules->fd = -1;
	rules->folder_fd = folder_fd;
	rules->takes_plain = true;
	rules->name = xasprintf("names-%s", digits);
	if (mkdirat(folder_fd, rules->name, 0700) != 0) {
		refuse_try(rules, err);
		goto fail;
	}
	rules->fd = openat(folder_fd, rules->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (rules->fd < 0) {
		refuse_try(rules, err);
		goto fail;
	}
	if (!examine(rules, err)) {
		goto fail;
	}
	return rules;
fail:
	name_rules_destroy(rules);
	return NULL;
}

static void forget(struct name_rules *rules)
{
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
	close_fd(&rules->fd);
	beneath_remove_tree(rules->folder_fd, rules->name, NULL);
	if (rules->locale != (locale_t)0) {
		freelocale(rules->locale);
	}
	free(rules->name);
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

	return rules->takes_plain && (rules->takes_long || length <= SHORT_NAME_BYTES) &&
	       is_ascii(name) && strpbrk(name, SPECIAL_CHARACTERS) == NULL && name[0] != ' ' &&
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

/*
 * Folders grow slow with many names, on FAT and exFAT above all, so names are spread over some:
 * those that could be the same are together, whatever the disk folds.
 */
static unsigned shelf_of(const struct name_rules *rules, const char *name)
{
	size_t length = kept_length(name), at = 0;
	unsigned characters = 0;

	if (rules->normalises || !rules->takes_plain) {
		return 0;
	}
	while (at < length) {
		at += utf8_decode(name + at, length - at, NULL);
		characters++;
	}
	return characters;
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

static enum try_result try_in(const struct name_rules *rules, const char *folder, const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", folder, name);

	return try_name(rules, path);
}

static void remove_in(const struct name_rules *rules, const char *folder, const char *name)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", folder, name);

	unlinkat(rules->fd, path, 0);
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
		if (try_in(rules, folder, other->name) == TRY_FAILED) {
			return false;
		}
		switch (try_in(rules, folder, name->name)) {
		case TRY_NEW:
			remove_in(rules, folder, name->name);
			break;
		case TRY_SAME:
			*found = other;
			return true;
		case TRY_REFUSED:
			break;
		case TRY_FAILED:
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
	bool ok = mkdirat(rules->fd, folder, 0700) == 0;

	*found = NULL;
	ok = ok && compare_with(rules, name, true, folder, found) &&
	     (*found != NULL || compare_with(rules, name, false, folder, found));
	if (ok) {
		beneath_remove_tree(rules->fd, folder, NULL); /* a folder takes room */
	}
	return ok;
}

/* Names beyond plain ones are tried, each on its shelf. */
static bool learn_by_trying(struct name_rules *rules, struct known_name *name)
{
	const struct known_name *same = NULL;
	AUTO(free_ptr) char *shelf = xasprintf("%u", name->shelf = shelf_of(rules, name->name));

	if (mkdirat(rules->fd, shelf, 0700) != 0 && errno != EEXIST) {
		return false;
	}
	name->guess = guess_of(rules, name->name);
	switch (try_in(rules, shelf, name->name)) {
	case TRY_NEW:
		name->key = name->name;
		rules->tried_count++;
		return true;
	case TRY_SAME:
		if (!find_same(rules, name, &same)) {
			return false;
		}
		name->key = same != NULL ? same->key : name->name;
		return true;
	case TRY_REFUSED:
		name->reason = errno;
		return is_found(rules, CONTROL); /* is the disk still there? */
	case TRY_FAILED:
		return false;
	}
	return false;
}

/* A plain name may still be what a tried one is folded to: the Kelvin sign is a 'k'. */
static bool learn_plain(struct name_rules *rules, struct known_name *name)
{
	const struct known_name *same = NULL;
	AUTO(free_ptr) char *path = NULL;

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
	path = xasprintf("%u/%s", name->shelf, name->name);
	if (!is_found(rules, path)) {
		return errno == ENOENT || !is_failure(errno);
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
				return refuse_try(rules, err);
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

/* --- Sizes --- */

bool name_rules_take_size(const struct name_rules *rules, int64_t size_bytes)
{
	AUTO(close_fd)
	int fd = openat(rules->fd, "size", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
		(uint64_t)size_bytes > limit.rlim_cur) {
		return false;
	}
	/* The kernel compares with the largest size of the file system; nothing is allocated. */
	return fd < 0 || lseek(fd, size_bytes, SEEK_SET) >= 0 || errno != EINVAL;
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

static int open_tries(const char *library)
{
	AUTO(close_fd) int root_fd = open(library, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return root_fd < 0 ? -1
			   : beneath_open_parent(root_fd, PATH_UPLOADS_FOLDER "/x", true, NULL);
}

bool name_rules_fold(const char *library, const char *a, const char *b)
{
	const char *const names[] = { a, b };
	AUTO(close_fd) int folder_fd = open_tries(library);
	struct name_rules *rules;
	bool folds = true;

	if (folder_fd < 0 || (rules = name_rules_create(folder_fd, NULL)) == NULL) {
		return true;
	}
	if (name_rules_are_exact(rules)) {
		folds = false;
	} else if (strcmp(a, b) != 0 && name_rules_learn(rules, names, 2, NULL)) {
		const char *key_of_a, *key_of_b;
		int reason;

		key_of_a = name_rules_key(rules, a, &reason);
		key_of_b = name_rules_key(rules, b, &reason);
		folds = key_of_a != NULL && key_of_b != NULL && strcmp(key_of_a, key_of_b) == 0;
	}
	name_rules_destroy(rules);
	return folds;
}
