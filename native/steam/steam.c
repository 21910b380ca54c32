#include "steam/steam.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "steam/shortcuts.h"
#include "steam/shortcuts_file.h"
#include "steam/steam_change.h"
#include "steam/steam_driver.h"
#include "steam/steam_driver_files.h"
#include "steam/steam_install.h"
#include "steam/steam_users.h"

#include <stdlib.h>
#include <string.h>

enum { DRIVER_FILES, DRIVER_COUNT }; /* best first */

struct steam {
	struct loop *loop;
	char *home;
	char *steam_dir; /* NULL: Steam's own places */
	struct steam_driver *drivers[DRIVER_COUNT];
};

/* A change that a driver is making, or an answer that waits for the loop's next turn. */
struct request {
	struct steam_change change;
	steam_done *done;
	void *user;
	struct error err;
};

struct steam *steam_create(struct loop *loop, struct worker *worker,
	const struct steam_options *options, char **notice)
{
	struct steam *steam = xcalloc(1, sizeof(*steam));

	*notice = NULL;
	steam->loop = loop;
	steam->home = xstrdup(options->home);
	steam->steam_dir = xstrdup_or_null(options->steam_dir);
	steam->drivers[DRIVER_FILES] = steam_driver_files_create(worker, options);
	return steam;
}

void steam_destroy(struct steam *steam)
{
	if (steam == NULL) {
		return;
	}
	for (int i = 0; i < DRIVER_COUNT; i++) {
		steam->drivers[i]->ops->destroy(steam->drivers[i]);
	}
	free(steam->home);
	free(steam->steam_dir);
	free(steam);
}

bool steam_list_users(struct steam *steam, struct steam_user_list *out, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	return steam_install_find(&install, steam->home, steam->steam_dir, err) &&
	       steam_users_load(out, install.root, err);
}

bool steam_find_account(
	struct steam *steam, const char *user_id, char **root, char **account_id, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	const struct steam_user *user;

	if (!steam_install_find(&install, steam->home, steam->steam_dir, err) ||
		!steam_users_load(&users, install.root, err)) {
		return false;
	}
	user = steam_users_find(&users, user_id, err);
	if (user == NULL) {
		return false;
	}
	if (account_id != NULL) {
		*account_id = xstrdup(user->account_id);
	}
	if (root != NULL) {
		*root = TAKE_PTR(install.root);
	}
	return true;
}

bool steam_list_shortcuts(
	struct steam *steam, const char *user_id, struct shortcut_list *out, struct error *err)
{
	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };
	AUTO(free_ptr) char *root = NULL;
	AUTO(free_ptr) char *account_id = NULL;

	if (!steam_find_account(steam, user_id, &root, &account_id, err) ||
		!shortcuts_file_load(&file, root, account_id, err)) {
		return false;
	}
	shortcuts_list(&file.shortcuts, out);
	return true;
}

static void answer_take(struct request *request, uint32_t app_id, const struct error *err)
{
	const struct steam_outcome outcome = {
		.app_id = app_id,
		.account_id = request->change.account_id,
	};

	request->done(request->user, err == NULL ? &outcome : NULL, err);
	steam_change_finish(&request->change);
	free(request);
}

static void answer_error(void *user)
{
	struct request *request = user;

	answer_take(request, 0, &request->err);
}

static void on_applied(void *user, uint32_t app_id, const struct error *err)
{
	answer_take(user, app_id, err);
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? xstrdup("/")
					      : xasprintf("%.*s", (int)(slash - path), path);
}

static char *start_dir_of(const struct steam_shortcut_request *request)
{
	if (request->start_dir != NULL && *request->start_dir != '\0') {
		return xstrdup(request->start_dir);
	}
	return request->exe != NULL ? dir_of(request->exe) : NULL;
}

void steam_put_shortcut(struct steam *steam, const struct steam_shortcut_request *request,
	steam_done *done, void *user)
{
	struct steam_driver *driver = steam->drivers[DRIVER_FILES];
	struct request *waiting = xcalloc(1, sizeof(*waiting));

	*waiting = (struct request){ .done = done, .user = user };
	waiting->change = (struct steam_change){
		.action = xstrdup(STEAM_CHANGE_PUT),
		.app_id = request->app_id,
		.name = xstrdup_or_null(request->name),
		.exe = xstrdup_or_null(request->exe),
		.any_name = request->any_name,
		.start_dir = start_dir_of(request),
		.launch_options = xstrdup_or_null(request->launch_options),
		.compat_tool = xstrdup_or_null(request->compat_tool),
	};
	if (request->tags != NULL) {
		strvec_copy(&waiting->change.tags, request->tags);
	}
	if (!steam_find_account(
		    steam, request->user_id, NULL, &waiting->change.account_id, &waiting->err)) {
		loop_defer(steam->loop, answer_error, waiting);
		return;
	}
	driver->ops->apply(driver, &waiting->change, on_applied, waiting);
}

const char *steam_driver_name(struct steam *steam)
{
	return steam->drivers[DRIVER_FILES]->ops->name;
}

void steam_describe(struct steam *steam, struct strbuf *out)
{
	struct steam_driver *driver = steam->drivers[DRIVER_FILES];

	driver->ops->ready(driver, out);
}
