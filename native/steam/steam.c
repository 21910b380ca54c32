#include "steam/steam.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "steam/shortcuts.h"
#include "steam/shortcuts_file.h"
#include "steam/steam_driver.h"
#include "steam/steam_driver_files.h"
#include "steam/steam_install.h"
#include "steam/steam_users.h"

#include <stdlib.h>

enum { DRIVER_FILES, DRIVER_COUNT }; /* best first */

struct steam {
	char *home;
	char *steam_dir; /* NULL: Steam's own places */
	struct steam_driver *drivers[DRIVER_COUNT];
};

struct steam *steam_create(
	struct loop *loop, struct worker *worker, const struct steam_options *options)
{
	struct steam *steam = xcalloc(1, sizeof(*steam));

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

bool steam_list_shortcuts(
	struct steam *steam, const char *user_id, struct shortcut_list *out, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };
	const struct steam_user *user;

	if (!steam_install_find(&install, steam->home, steam->steam_dir, err) ||
		!steam_users_load(&users, install.root, err)) {
		return false;
	}
	user = steam_users_find(&users, user_id, err);
	if (user == NULL || !shortcuts_file_load(&file, install.root, user->account_id, err)) {
		return false;
	}
	shortcuts_list(&file.shortcuts, out);
	return true;
}

void steam_put_shortcut(struct steam *steam, const struct steam_shortcut_request *request,
	steam_put_done *done, void *user)
{
	struct steam_driver *driver = steam_driver_pick(steam->drivers, DRIVER_COUNT, NULL);

	driver->ops->put_shortcut(driver, request, done, user);
}

const char *steam_driver_name(struct steam *steam)
{
	return steam_driver_pick(steam->drivers, DRIVER_COUNT, NULL)->ops->name;
}

void steam_describe(struct steam *steam, struct strbuf *out)
{
	steam_driver_pick(steam->drivers, DRIVER_COUNT, out);
}
