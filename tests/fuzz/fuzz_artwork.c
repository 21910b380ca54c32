/*
 * Whatever the bytes: a known extension or none, for every kind, and none that looks further; what
 * is an image is put in its place, alone, moves with its shortcut and goes with it.
 */
#include "steam/images/artwork.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <assert.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCOUNT "22202"
#define APP_ID 2890000002u
#define NEW_APP_ID 2890000003u

static void check_extension(const uint8_t *data, size_t size)
{
	for (unsigned kind = 0; kind < ARTWORK_KIND_COUNT; kind++) {
		const char *extension = artwork_extension((enum artwork_kind)kind, data, size);
		const char *of_grid = artwork_extension(ARTWORK_GRID, data, size);

		assert((extension == NULL) == (of_grid == NULL));
		assert(extension == NULL || strcmp(extension, "png") == 0 ||
			strcmp(extension, "jpg") == 0 ||
			(kind == ARTWORK_ICON && strcmp(extension, "ico") == 0));
	}
}

static size_t count_images(const char *root, unsigned app_id)
{
	AUTO(free_ptr)
	char *pattern = xasprintf("%s/userdata/" ACCOUNT "/config/grid/%u*", root, app_id);
	glob_t found = { 0 };
	size_t count;

	glob(pattern, 0, NULL, &found);
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

/* An image that another program left, under the other name that Steam looks for. */
static void put_older(const char *root, const char *extension)
{
	AUTO(free_ptr)
	char *older = xasprintf("%s/userdata/" ACCOUNT "/config/grid/%u_hero.%s", root, APP_ID,
		strcmp(extension, "png") == 0 ? "JPG" : "png");
	AUTO(free_ptr) char *leftover = xasprintf("%s.tmp-1", older);

	fuzz_write_file(older, "old", 3);
	fuzz_write_file(leftover, "old", 3);
}

static bool put(const char *root, const uint8_t *data, size_t size, struct error *err)
{
	AUTO(free_ptr) char *path = NULL;
	bool ok = artwork_put(root, ACCOUNT, APP_ID, ARTWORK_HERO, data, size, &path, err);

	fuzz_require(!ok || access(path, R_OK) == 0);
	return ok;
}

static void check_files(const uint8_t *data, size_t size)
{
	const char *root = fuzz_folder(), *extension = artwork_extension(ARTWORK_HERO, data, size);
	struct error err = { 0 };

	fuzz_require(artwork_rename(root, ACCOUNT, APP_ID, NEW_APP_ID, NULL));
	if (!put(root, data, size, &err)) {
		fuzz_require(extension == NULL && err.kind == ERROR_INVALID);
		fuzz_require(count_images(root, APP_ID) == 0);
		return;
	}
	put_older(root, extension);
	fuzz_require(put(root, data, size, NULL) && count_images(root, APP_ID) == 1);
	fuzz_require(artwork_rename(root, ACCOUNT, APP_ID, NEW_APP_ID, NULL));
	fuzz_require(count_images(root, APP_ID) == 0 && count_images(root, NEW_APP_ID) == 1);
	fuzz_require(!artwork_put(root, "../x", APP_ID, ARTWORK_HERO, data, size, NULL, NULL));
	fuzz_require(artwork_remove(root, ACCOUNT, NEW_APP_ID, NULL));
	fuzz_require(count_images(root, NEW_APP_ID) == 0);
}

/* With something else where Steam's folders should be. */
static void check_blocked(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *root = xasprintf("%s/blocked", fuzz_folder());
	AUTO(free_ptr) char *userdata = xasprintf("%s/userdata", root);

	fuzz_require(mkdir(root, 0700) == 0);
	fuzz_write_file(userdata, "", 0);
	fuzz_require(!put(root, data, size, NULL));
	fuzz_require(!artwork_rename(root, ACCOUNT, APP_ID, NEW_APP_ID, NULL));
	fuzz_require(!artwork_remove(root, ACCOUNT, APP_ID, NULL));
}

/* The input as the name of a kind. */
static void check_name(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *name = xcalloc(1, size + 1);
	enum artwork_kind kind;

	memcpy(name, data, size);
	if (artwork_kind_find(name, &kind, NULL)) {
		fuzz_require(strcmp(artwork_kind_name(kind), name) == 0);
		fuzz_require(artwork_kind_asset_type(kind) >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_extension(data, size);
	check_name(data, size);
	check_files(data, size);
	check_blocked(data, size);
	return 0;
}
