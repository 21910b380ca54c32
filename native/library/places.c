#include "library/places.h"

#include "core/cleanup.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/name_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mount {
	char device[24]; /* "8:1" */
	char *root;	 /* which folder of the disk is mounted */
	char *point;	 /* where */
};

struct places {
	struct mount *mounts; /* in the order of mounting */
	size_t count;
	struct name_rules *rules; /* of the disk that was asked last */
	char *library;		  /* whose disk; NULL: none was asked */
};

/* --- Spelling --- */

static struct name_rules *rules_of(struct places *places, const char *library)
{
	if (places->library == NULL || strcmp(places->library, library) != 0) {
		name_rules_destroy(places->rules);
		free(places->library);
		places->rules = name_rules_of_library(library);
		places->library = xstrdup(library);
	}
	return places->rules;
}

bool places_fold(struct places *places, const char *a, const char *b, const char *library)
{
	return strcmp(a, b) == 0 ||
	       (name_rules_may_fold(a, b) && name_rules_fold(rules_of(places, library), a, b));
}

enum presence {
	PRESENT,
	ABSENT,
	UNKNOWN,
};

static enum presence look_at(const char *path, size_t length, struct stat *stat)
{
	AUTO(free_ptr) char *part = xasprintf("%.*s", (int)length, path);

	if (lstat(part, stat) == 0) {
		return PRESENT;
	}
	return errno == ENOENT || errno == ENOTDIR ? ABSENT : UNKNOWN;
}

/* visible: the paths are those of this program, so that the file system can be asked about them. */
static bool same_component(struct places *places, const char *path, size_t path_length,
	const char *dir, size_t dir_length, const char *library, bool visible)
{
	AUTO(free_ptr) char *path_part = xasprintf("%.*s", (int)path_length, path);
	AUTO(free_ptr) char *dir_part = xasprintf("%.*s", (int)dir_length, dir);
	const char *a = path_base(path_part), *b = path_base(dir_part);

	if (strcmp(a, b) == 0) {
		return true;
	}
	if (visible) {
		struct stat stat_of_path, stat_of_dir;
		enum presence of_path = look_at(path, path_length, &stat_of_path);
		enum presence of_dir = look_at(dir, dir_length, &stat_of_dir);

		/* Two spellings of one name are both there, or neither is. */
		if (of_path != of_dir && of_path != UNKNOWN && of_dir != UNKNOWN) {
			return false;
		}
		/* A short name has nothing in common with the long one but the file. */
		if (of_path == PRESENT && of_dir == PRESENT &&
			stat_of_path.st_dev == stat_of_dir.st_dev &&
			stat_of_path.st_ino == stat_of_dir.st_ino) {
			return true;
		}
	}
	return places_fold(places, a, b, library);
}

/* The length of the part of path that names dir; 0: it is not within dir. */
static size_t spelled_within(
	struct places *places, const char *path, const char *dir, const char *library, bool visible)
{
	size_t at = 0, dir_at = 0;

	for (;;) {
		size_t dir_start = dir_at + strspn(dir + dir_at, "/"), start;

		dir_at = dir_start + strcspn(dir + dir_start, "/");
		if (dir_at == dir_start) {
			return at > 0 ? at : strspn(path, "/");
		}
		start = at + strspn(path + at, "/");
		at = start + strcspn(path + start, "/");
		if (at == start ||
			!same_component(places, path, at, dir, dir_at, library, visible)) {
			return 0;
		}
	}
}

/* --- Mounts --- */

/* mountinfo writes blanks and the like as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		unsigned value;

		if (sscanf(from, "\\%3o", &value) == 1) {
			*to = (char)value;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

struct places *places_create(void)
{
	struct places *places = xcalloc(1, sizeof(*places));
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	AUTO(free_ptr) char *line = NULL;
	size_t capacity = 0;

	while (mounts != NULL && getline(&line, &capacity, mounts) > 0) {
		AUTO(free_ptr) char *root = NULL;
		AUTO(free_ptr) char *point = NULL;
		struct mount *mount;

		places->mounts =
			xrealloc(places->mounts, places->count + 1, sizeof(*places->mounts));
		mount = &places->mounts[places->count];
		if (sscanf(line, "%*s %*s %23s %ms %ms", mount->device, &root, &point) == 3) {
			unescape(root);
			unescape(point);
			mount->root = TAKE_PTR(root);
			mount->point = TAKE_PTR(point);
			places->count++;
		}
	}
	if (mounts != NULL) {
		fclose(mounts);
	}
	return places;
}

void places_destroy(struct places *places)
{
	if (places == NULL) {
		return;
	}
	for (size_t i = 0; i < places->count; i++) {
		free(places->mounts[i].root);
		free(places->mounts[i].point);
	}
	free(places->mounts);
	name_rules_destroy(places->rules);
	free(places->library);
	free(places);
}

/* The deepest one on the way to path, of several there the last; NULL without /proc. */
static const struct mount *mount_of(const struct places *places, const char *path)
{
	const struct mount *found = NULL;

	for (size_t i = 0; i < places->count; i++) {
		const struct mount *mount = &places->mounts[i];

		if (path_is_within(path, mount->point) &&
			(found == NULL || strlen(mount->point) >= strlen(found->point))) {
			found = mount;
		}
	}
	return found;
}

/* The path as the disk has it, from its own top; caller frees. */
static char *path_on_disk(const struct mount *mount, const char *path)
{
	path += strlen(mount->point);
	return path_join(mount->root, path + strspn(path, "/"));
}

static bool within_on_disk(
	struct places *places, const char *path, const char *dir, const char *library)
{
	const struct mount *mount = mount_of(places, path), *of_dir = mount_of(places, dir);
	AUTO(free_ptr) char *on_disk = NULL;
	AUTO(free_ptr) char *dir_on_disk = NULL;

	/* On one mount the paths themselves say it. */
	if (mount == of_dir || mount == NULL || of_dir == NULL ||
		strcmp(mount->device, of_dir->device) != 0) {
		return false;
	}
	on_disk = path_on_disk(mount, path);
	dir_on_disk = path_on_disk(of_dir, dir);
	return spelled_within(places, on_disk, dir_on_disk, library, false) > 0;
}

/* --- The questions --- */

bool places_within(struct places *places, const char *path, const char *dir, const char *library)
{
	return spelled_within(places, path, dir, library, true) > 0 ||
	       within_on_disk(places, path, dir, library);
}

bool places_same(struct places *places, const char *a, const char *b, const char *library)
{
	return places_within(places, a, b, library) && places_within(places, b, a, library);
}

bool places_overlap(struct places *places, const char *a, const char *b, const char *library)
{
	return places_within(places, a, b, library) || places_within(places, b, a, library);
}

char *places_respell(struct places *places, const char *path, const char *dir, const char *library)
{
	size_t length = spelled_within(places, path, dir, library, true);

	if (length == 0) {
		return NULL;
	}
	path += length + strspn(path + length, "/");
	return *path == '\0' ? xstrdup(dir) : path_join(dir, path);
}

/* The deepest folder on the way to path that exists; caller frees. */
static char *existing_part(const char *path)
{
	char *at = xstrdup(path);
	struct stat stat_of;

	while (at[1] != '\0' && stat(at, &stat_of) != 0) {
		char *slash = strrchr(at, '/');

		slash[slash == at ? 1 : 0] = '\0';
	}
	return at;
}

bool places_on_same_mount(const struct places *places, const char *a, const char *b)
{
	AUTO(free_ptr) char *part_of_a = existing_part(a);
	AUTO(free_ptr) char *part_of_b = existing_part(b);
	struct stat stat_of_a, stat_of_b;

	/* Not even within one disk can a file be renamed from one mount to another. */
	return stat(part_of_a, &stat_of_a) == 0 && stat(part_of_b, &stat_of_b) == 0 &&
	       stat_of_a.st_dev == stat_of_b.st_dev &&
	       mount_of(places, part_of_a) == mount_of(places, part_of_b);
}
