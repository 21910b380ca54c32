#include "steam/images/artwork.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCOUNT_DIGITS_MAX 10
#define MODE 0644
#define ICO_HEADER_BYTES 6
#define ICO_ENTRY_BYTES 16
#define START_BYTES 1024 /* enough to know an image by, an icon with its table too */

static const struct kind {
	const char *name;
	const char *suffix; /* of the file, after the app id */
	int asset_type;
} kinds[ARTWORK_KIND_COUNT] = {
	[ARTWORK_GRID] = { "grid", "p", 0 },
	[ARTWORK_BANNER] = { "banner", "", 3 },
	[ARTWORK_HERO] = { "hero", "_hero", 1 },
	[ARTWORK_LOGO] = { "logo", "_logo", 2 },
	[ARTWORK_ICON] = { "icon", "_icon", 4 },
};

/*
 * What users and other programs put there; not "json", which is where Steam keeps a logo's
 * position.
 */
static const char *const extensions[] = { "png", "jpg", "jpeg", "webp", "gif", "ico", "tga" };

const char *artwork_kind_name(enum artwork_kind kind)
{
	return kinds[kind].name;
}

bool artwork_kind_find(const char *name, enum artwork_kind *kind, struct error *err)
{
	for (unsigned i = 0; i < ARTWORK_KIND_COUNT; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*kind = (enum artwork_kind)i;
			return true;
		}
	}
	return error_set(err, ERROR_INVALID,
		"unknown kind of image '%s': expected 'grid', 'banner', 'hero', 'logo' or 'icon'",
		name);
}

int artwork_kind_asset_type(enum artwork_kind kind)
{
	return kinds[kind].asset_type;
}

/* --- What an image is --- */

static bool has_bytes(
	const void *data, size_t length, size_t offset, const char *bytes, size_t count)
{
	return length >= offset + count && memcmp((const char *)data + offset, bytes, count) == 0;
}

/* Four magic bytes prove little: the table of images that follows must be valid too. */
static bool is_ico(const void *data, size_t length)
{
	const unsigned char *bytes = data;
	size_t count;

	if (length < ICO_HEADER_BYTES || !has_bytes(data, length, 0, "\0\0\1\0", 4)) {
		return false;
	}
	count = bytes[4] | (size_t)bytes[5] << 8;
	return count > 0 && length > ICO_HEADER_BYTES + count * ICO_ENTRY_BYTES;
}

const char *artwork_extension(enum artwork_kind kind, const void *data, size_t length)
{
	if (has_bytes(data, length, 0, "\xff\xd8\xff", 3)) {
		return "jpg";
	}
	if (is_ico(data, length)) {
		return kind == ARTWORK_ICON ? "ico" : "png";
	}
	if (has_bytes(data, length, 0, "\x89PNG\r\n\x1a\n", 8) ||
		has_bytes(data, length, 0, "GIF87a", 6) ||
		has_bytes(data, length, 0, "GIF89a", 6) ||
		(has_bytes(data, length, 0, "RIFF", 4) && has_bytes(data, length, 8, "WEBP", 4))) {
		return "png";
	}
	return NULL;
}

bool artwork_check(enum artwork_kind kind, const void *data, size_t length, struct error *err)
{
	if (length > ARTWORK_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE,
			"the %s image has %zu bytes; the limit is %d", kinds[kind].name, length,
			ARTWORK_MAX_BYTES);
	}
	if (artwork_extension(kind, data, length) == NULL) {
		return error_set(err, ERROR_INVALID,
			"the %s image has a format that Steam does not show; send PNG, JPEG, WebP, GIF or ICO",
			kinds[kind].name);
	}
	return true;
}

/* --- The grid folder --- */

/* Every path below userdata/ begins with the account, whose folder name is always digits. */
static bool check_account(const char *account_id, struct error *err)
{
	size_t digits = strspn(account_id, "0123456789");

	if (digits == 0 || digits > ACCOUNT_DIGITS_MAX || account_id[digits] != '\0') {
		return error_set(err, ERROR_INVALID,
			"'%s' is not a Steam account id: expected up to %d digits", account_id,
			ACCOUNT_DIGITS_MAX);
	}
	return true;
}

/* −1 and NOT_FOUND if it does not exist and must not be created. */
static int open_grid(const char *root, const char *account_id, bool make, struct error *err)
{
	AUTO(free_ptr) char *userdata = path_join(root, "userdata");
	AUTO(free_ptr) char *below = xasprintf("%s/config/grid/", account_id);
	AUTO(close_fd) int fd = -1;

	if (!check_account(account_id, err) || (make && !make_dirs(userdata, 0755, err))) {
		return -1;
	}
	fd = open(userdata, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		error_set(err, ERROR_NOT_FOUND, "'%s' does not exist", userdata);
		return -1;
	}
	if (fd < 0) {
		error_set_errno(err, "cannot open '%s'", userdata);
		return -1;
	}
	return beneath_open_parent(fd, below, make, err);
}

/* "<app id><suffix>": the file's name up to its extension; caller frees. */
static char *stem_of(uint32_t app_id, enum artwork_kind kind)
{
	return xasprintf("%" PRIu32 "%s", app_id, kinds[kind].suffix);
}

/* Is it "<stem>.<extension of an image>"? */
static bool is_image_of(const char *name, const char *stem)
{
	size_t length = strlen(stem);

	if (strncmp(name, stem, length) != 0 || name[length] != '.') {
		return false;
	}
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		if (strcasecmp(name + length + 1, extensions[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* The files that wanted() accepts, without except (may be NULL). */
static bool list_files(int grid_fd, const char *stem,
	bool (*wanted)(const char *name, const char *stem), const char *except,
	struct strvec *names, struct error *err)
{
	int fd = openat(grid_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL) {
		error_set_errno(err, "cannot read Steam's folder of images");
		close_fd(&fd);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		if ((except == NULL || strcmp(entry->d_name, except) != 0) &&
			wanted(entry->d_name, stem)) {
			strvec_push(names, entry->d_name);
		}
	}
	closedir(dir);
	return true;
}

/*
 * Is it a leftover of a killed process? "<stem>.*.tmp-XXXXXX": an image with that stem was being
 * written; ".capydeck-<pid>-…": any image, by an earlier version of this program.
 */
static bool is_leftover(const char *name, const char *stem)
{
	size_t length = strlen(stem);
	int pid;

	return sscanf(name, ".capydeck-%d-", &pid) == 1 ||
	       (strncmp(name, stem, length) == 0 && name[length] == '.' &&
		       strstr(name, ".tmp-") != NULL);
}

/* Only for the writer of images with that stem, while it writes none. */
static void remove_leftovers(int grid_fd, const char *stem)
{
	AUTO(strvec_finish) struct strvec names = { 0 };

	list_files(grid_fd, stem, is_leftover, NULL, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		unlinkat(grid_fd, names.items[i], 0);
	}
}

static bool remove_listed(int grid_fd, const struct strvec *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (unlinkat(grid_fd, names->items[i], 0) < 0 && errno != ENOENT &&
			errno != EISDIR) {
			return error_set_errno(
				err, "cannot delete the image '%s'", names->items[i]);
		}
	}
	return true;
}

static bool remove_images(int grid_fd, const char *stem, const char *except, struct error *err)
{
	AUTO(strvec_finish) struct strvec names = { 0 };

	return list_files(grid_fd, stem, is_image_of, except, &names, err) &&
	       remove_listed(grid_fd, &names, err);
}

static bool sync_grid(int grid_fd, struct error *err)
{
	return sync_folder(grid_fd) ||
	       error_set_errno(err, "cannot flush Steam's folder of images");
}

bool artwork_put(const char *root, const char *account_id, uint32_t app_id, enum artwork_kind kind,
	const void *data, size_t length, char **path, struct error *err)
{
	AUTO(free_ptr) char *stem = stem_of(app_id, kind);
	AUTO(free_ptr) char *name = NULL;
	AUTO(strvec_finish) struct strvec older = { 0 };
	AUTO(close_fd) int grid_fd = -1;

	if (!artwork_check(kind, data, length, err)) {
		return false;
	}
	name = xasprintf("%s.%s", stem, artwork_extension(kind, data, length));
	grid_fd = open_grid(root, account_id, true, err);
	/* What may fail before the image is there does so first. */
	if (grid_fd < 0 || !list_files(grid_fd, stem, is_image_of, name, &older, err) ||
		!atomic_file_write_at(grid_fd, name, data, length, MODE, err) ||
		!remove_listed(grid_fd, &older, err)) {
		return false;
	}
	sync_folder(grid_fd); /* the image is on the disk: at worst an older one comes back */
	remove_leftovers(grid_fd, stem);
	if (path != NULL) {
		*path = xasprintf("%s/userdata/%s/config/grid/%s", root, account_id, name);
	}
	return true;
}

/* −1: it is no image that is shown. */
static int open_shown(int grid_fd, const char *name, struct artwork_part *part)
{
	char start[START_BYTES];
	AUTO(close_fd)
	int fd = openat(grid_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	ssize_t length;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > ARTWORK_SHOWN_MAX_BYTES) {
		return -1;
	}
	length = pread(fd, start, sizeof(start), 0);
	part->type = length > 0 ? artwork_extension(ARTWORK_GRID, start, (size_t)length) : NULL;
	part->bytes = status.st_size;
	return part->type != NULL ? TAKE_FD(fd) : -1;
}

static int open_first_shown(
	int grid_fd, uint32_t app_id, struct artwork_part *part, struct error *err)
{
	static const enum artwork_kind shown[] = { ARTWORK_GRID, ARTWORK_BANNER, ARTWORK_HERO,
		ARTWORK_ICON };

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		AUTO(free_ptr) char *stem = stem_of(app_id, shown[i]);
		AUTO(strvec_finish) struct strvec names = { 0 };

		if (!list_files(grid_fd, stem, is_image_of, NULL, &names, err)) {
			return -1;
		}
		for (size_t at = 0; at < names.count; at++) {
			int fd = open_shown(grid_fd, names.items[at], part);

			if (fd >= 0) {
				return fd;
			}
		}
	}
	error_set(err, ERROR_NOT_FOUND, "the game has no image to be shown");
	return -1;
}

bool artwork_read(const char *root, const char *account_id, uint32_t app_id, int64_t offset,
	size_t max_bytes, struct strbuf *data, struct artwork_part *part, struct error *err)
{
	AUTO(close_fd) int grid_fd = open_grid(root, account_id, false, err);
	AUTO(close_fd) int fd = -1;
	size_t before = data->length;
	ssize_t count;

	if (grid_fd < 0) {
		return false;
	}
	fd = open_first_shown(grid_fd, app_id, part, err);
	if (fd < 0) {
		return false;
	}
	if (offset < 0 || offset > part->bytes) {
		return error_set(err, ERROR_INVALID,
			"offset %" PRId64 " is not in the image of %" PRId64 " bytes", offset,
			part->bytes);
	}
	if ((int64_t)max_bytes > part->bytes - offset) {
		max_bytes = (size_t)(part->bytes - offset);
	}
	count = pread(fd, strbuf_extend(data, max_bytes), max_bytes, offset);
	if (count < 0) {
		data->length = before;
		return error_set_errno(err, "cannot read the image of the game");
	}
	data->length = before + (size_t)count;
	return true;
}

static bool rename_kind(
	int grid_fd, uint32_t from, uint32_t to, enum artwork_kind kind, struct error *err)
{
	AUTO(free_ptr) char *from_stem = stem_of(from, kind);
	AUTO(free_ptr) char *to_stem = stem_of(to, kind);
	AUTO(strvec_finish) struct strvec names = { 0 };

	if (!list_files(grid_fd, from_stem, is_image_of, NULL, &names, err)) {
		return false;
	}
	for (size_t i = 0; i < names.count; i++) {
		AUTO(free_ptr) char *name = NULL;

		name = xasprintf("%s%s", to_stem, names.items[i] + strlen(from_stem));
		if (renameat(grid_fd, names.items[i], grid_fd, name) < 0) {
			return error_set_errno(err, "cannot rename the image '%s'", names.items[i]);
		}
		if (!remove_images(grid_fd, to_stem, name, err)) {
			return false;
		}
	}
	return true;
}

/* Also true if there is none: *grid_fd is −1 then. */
static bool open_old_grid(const char *root, const char *account_id, int *grid_fd, struct error *err)
{
	struct error reason = { 0 };

	*grid_fd = open_grid(root, account_id, false, &reason);
	return *grid_fd >= 0 || reason.kind == ERROR_NOT_FOUND || error_pass(err, &reason);
}

bool artwork_rename(
	const char *root, const char *account_id, uint32_t from, uint32_t to, struct error *err)
{
	AUTO(close_fd) int grid_fd = -1;

	if (!open_old_grid(root, account_id, &grid_fd, err)) {
		return false;
	}
	if (grid_fd < 0) {
		return true;
	}
	for (unsigned kind = 0; from != to && kind < ARTWORK_KIND_COUNT; kind++) {
		if (!rename_kind(grid_fd, from, to, (enum artwork_kind)kind, err)) {
			return false;
		}
	}
	return sync_grid(grid_fd, err);
}

bool artwork_remove(const char *root, const char *account_id, uint32_t app_id, struct error *err)
{
	AUTO(close_fd) int grid_fd = -1;

	if (!open_old_grid(root, account_id, &grid_fd, err)) {
		return false;
	}
	for (unsigned kind = 0; grid_fd >= 0 && kind < ARTWORK_KIND_COUNT; kind++) {
		AUTO(free_ptr) char *stem = stem_of(app_id, (enum artwork_kind)kind);

		if (!remove_images(grid_fd, stem, NULL, err)) {
			return false;
		}
	}
	return true;
}
