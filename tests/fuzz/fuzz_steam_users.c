/*
 * Whatever loginusers.vdf says, each user has ids that belong together, no id appears twice, and
 * folders of users are found without it. The first line names folders in userdata/, the rest is
 * loginusers.vdf.
 */
#include "steam/client/steam_users.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEAM_ID_BASE UINT64_C(76561197960265728)
#define FOLDERS_MAX 4

static void make_folder(const char *userdata, const char *name, size_t length)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%.*s", userdata, (int)length, name);
	AUTO(free_ptr) char *config = xasprintf("%s/config", path);
	AUTO(free_ptr) char *local = xasprintf("%s/localconfig.vdf", config);

	if (memchr(name, '/', length) == NULL && mkdir(path, 0700) == 0 &&
		mkdir(config, 0700) == 0) {
		fuzz_write_file(local, "", 0);
	}
}

static void make_folders(const char *root, const char *names, size_t length)
{
	AUTO(free_ptr) char *userdata = xasprintf("%s/userdata", root);
	const char *at = names, *end = names + length;

	if (length == 0) {
		return; /* no userdata at all */
	}
	if (names[0] == '!') {
		fuzz_write_file(userdata, "", 0); /* it cannot be read */
		return;
	}
	fuzz_require(mkdir(userdata, 0700) == 0);
	for (unsigned i = 0; i < FOLDERS_MAX && at < end; i++) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		size_t bytes = (size_t)((blank != NULL ? blank : end) - at);

		make_folder(userdata, at, bytes);
		at += bytes + 1;
	}
}

static void check_user(const struct steam_user_list *users, size_t index)
{
	const struct steam_user *user = &users->items[index];
	char *end;
	uint64_t account = strtoull(user->account_id, &end, 10);

	fuzz_require(*end == '\0' && account > 0 && account <= UINT32_MAX);
	fuzz_require(strtoull(user->steam_id, NULL, 10) == STEAM_ID_BASE + account);
	fuzz_require(user->persona_name != NULL && user->persona_name[0] != '\0');
	fuzz_require(steam_users_find(users, user->steam_id, NULL) == user);
	fuzz_require(steam_users_find(users, user->account_id, NULL) == user);
	fuzz_require(index == 0 || users->items[index - 1].in_login_list || !user->in_login_list);
}

/* With the same result as loading. */
static void check_locate(const char *home, const char *root, const struct steam_user_list *users)
{
	AUTO(free_ptr) char *found_root = NULL;
	AUTO(free_ptr) char *account = NULL;
	struct error err = { 0 };

	if (steam_users_locate(home, root, NULL, &found_root, &account, &err)) {
		fuzz_require(users->count > 0);
		fuzz_require(strcmp(account, users->items[0].account_id) == 0);
	} else {
		fuzz_require(err.kind == ERROR_NOT_FOUND || err.kind == ERROR_IO);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *home = fuzz_folder();
	AUTO(free_ptr) char *root = xasprintf("%s/Steam", home);
	AUTO(free_ptr) char *config = xasprintf("%s/config", root);
	AUTO(free_ptr) char *logins = xasprintf("%s/loginusers.vdf", config);
	AUTO(free_ptr) char *script = xasprintf("%s/steam.sh", root);
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	struct fuzz_lines lines = fuzz_lines_of(data, size);
	struct error err = { 0 };
	const char *folders = "";
	size_t length = 0;

	fuzz_require(make_dirs(config, 0700, NULL));
	fuzz_write_file(script, "#!/bin/sh\n", 10);
	fuzz_next_line(&lines, &folders, &length);
	make_folders(root, folders, length);
	fuzz_write_file(logins, lines.at != NULL ? lines.at : "", lines.left);
	if (!steam_users_load(&users, root, &err)) {
		fuzz_require(err.kind == ERROR_IO && users.count == 0);
	}
	for (size_t i = 0; i < users.count; i++) {
		check_user(&users, i);
	}
	fuzz_require(steam_users_find(&users, "1", &err) != NULL || err.kind == ERROR_NOT_FOUND);
	fuzz_require((steam_users_find(&users, "", NULL) != NULL) == (users.count > 0));
	check_locate(home, root, &users);
	return 0;
}
