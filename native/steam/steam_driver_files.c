#include "steam/steam_driver_files.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/shortcuts.h"
#include "steam/shortcuts_file.h"
#include "steam/steam_driver.h"
#include "steam/steam_install.h"
#include "steam/steam_users.h"

#include <stdlib.h>
#include <string.h>

struct steam_driver_files {
	struct steam_driver base;
	struct worker *worker;
	char *home;
	char *steam_dir; /* NULL: Steam's own places */
	/* Linked by put.next; the first is with the worker. One at a time: each reads, then writes.
	 */
	struct put *first_put;
	struct put *last_put;
};

/* One change. Owns all it needs, so that the worker may finish it when the driver is gone. */
struct put {
	struct worker_job job;
	struct put *next;
	struct steam_driver_files *driver; /* NULL: gone; done was called */
	char *home;
	char *steam_dir;
	char *user_id;
	struct shortcuts_edit edit; /* points to the members that follow */
	char *name;
	char *exe;
	char *start_dir;
	char *launch_options;
	struct strvec tags;
	steam_put_done *done;
	void *user;
	/* The outcome. */
	uint32_t app_id;
	struct error err;
	bool succeeded;
};

static struct put *put_of(struct worker_job *job)
{
	return (struct put *)((char *)job - offsetof(struct put, job));
}

static void put_destroy(struct put *put)
{
	free(put->home);
	free(put->steam_dir);
	free(put->user_id);
	free(put->name);
	free(put->exe);
	free(put->start_dir);
	free(put->launch_options);
	strvec_finish(&put->tags);
	free(put);
}

static bool find_idle(
	struct steam_install *install, const char *home, const char *steam_dir, struct error *err)
{
	pid_t pid;

	if (!steam_install_find(install, home, steam_dir, err)) {
		return false;
	}
	pid = steam_install_running(install);
	if (pid != 0) {
		return error_set(err, ERROR_CONFLICT,
			"Steam is running (process %d) and keeps its shortcuts in memory; exit "
			"Steam, then try again",
			(int)pid);
	}
	return true;
}

static bool check_request(const struct put *put, struct error *err)
{
	if (put->name == NULL || *put->name == '\0') {
		return error_set(err, ERROR_INVALID, "a shortcut needs a name");
	}
	if (put->exe == NULL || *put->exe != '/') {
		return error_set(err, ERROR_INVALID,
			"the executable '%s' of shortcut '%s' is not an absolute path",
			put->exe != NULL ? put->exe : "", put->name);
	}
	return true;
}

static bool apply(struct put *put, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(steam_users_finish) struct steam_user_list users = { 0 };
	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };
	const struct steam_user *user;

	if (!check_request(put, err) || !find_idle(&install, put->home, put->steam_dir, err) ||
		!steam_users_load(&users, install.root, err)) {
		return false;
	}
	user = steam_users_find(&users, put->user_id, err);
	if (user == NULL || !shortcuts_file_load(&file, install.root, user->account_id, err)) {
		return false;
	}
	put->app_id = shortcuts_put(&file.shortcuts, &put->edit);
	/* Once more: Steam may have started meanwhile. */
	steam_install_finish(&install);
	return find_idle(&install, put->home, put->steam_dir, err) &&
	       shortcuts_file_save(&file, err);
}

static void run_put(struct worker_job *job)
{
	struct put *put = put_of(job);

	put->succeeded = apply(put, &put->err);
}

static void put_finished(struct worker_job *job)
{
	struct put *put = put_of(job);
	struct steam_driver_files *driver = put->driver;

	if (driver != NULL) {
		driver->first_put = put->next;
		if (driver->first_put != NULL) {
			worker_submit(driver->worker, &driver->first_put->job);
		}
		/* Last, as it may destroy the driver. */
		put->done(put->user, put->succeeded ? put->app_id : 0,
			put->succeeded ? NULL : &put->err);
	}
	put_destroy(put);
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? xstrdup("/")
					      : xasprintf("%.*s", (int)(slash - path), path);
}

static void files_put_shortcut(struct steam_driver *base,
	const struct steam_shortcut_request *request, steam_put_done *done, void *user)
{
	struct steam_driver_files *driver = (struct steam_driver_files *)base;
	struct put *put = xcalloc(1, sizeof(*put));
	bool own_start_dir = request->start_dir != NULL && *request->start_dir != '\0';

	*put = (struct put){
		.job = { .run = run_put, .done = put_finished },
		.driver = driver,
		.home = xstrdup(driver->home),
		.steam_dir = xstrdup_or_null(driver->steam_dir),
		.user_id = xstrdup_or_null(request->user_id),
		.name = xstrdup_or_null(request->name),
		.exe = xstrdup_or_null(request->exe),
		.launch_options = xstrdup_or_null(request->launch_options),
		.done = done,
		.user = user,
	};
	if (own_start_dir) {
		put->start_dir = xstrdup(request->start_dir);
	} else if (put->exe != NULL) {
		put->start_dir = dir_of(put->exe);
	}
	if (request->tags != NULL) {
		strvec_copy(&put->tags, request->tags);
	}
	put->edit = (struct shortcuts_edit){
		.app_id = request->app_id,
		.name = put->name,
		.exe = put->exe,
		.start_dir = put->start_dir,
		.launch_options = put->launch_options,
		.tags = &put->tags,
	};
	if (driver->first_put == NULL) {
		driver->first_put = put;
		worker_submit(driver->worker, &put->job);
	} else {
		driver->last_put->next = put;
	}
	driver->last_put = put;
}

static bool files_ready(struct steam_driver *base, struct strbuf *reason)
{
	struct steam_driver_files *driver = (struct steam_driver_files *)base;
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	struct error err;

	if (!find_idle(&install, driver->home, driver->steam_dir, &err)) {
		strbuf_append_text(reason, err.message);
		return false;
	}
	strbuf_appendf(reason, "Steam in '%s' is not running, its files are written", install.root);
	return true;
}

static void files_destroy(struct steam_driver *base)
{
	struct steam_driver_files *driver = (struct steam_driver_files *)base;
	struct put *next;

	for (struct put *put = driver->first_put; put != NULL; put = next) {
		bool with_worker = put == driver->first_put;
		struct error err;

		next = put->next;
		put->driver = NULL;
		error_set(&err, ERROR_CANCELLED, "the shortcut '%s' was not finished",
			put->name != NULL ? put->name : "");
		put->done(put->user, 0, &err);
		if (!with_worker) {
			put_destroy(put);
		}
	}
	free(driver->home);
	free(driver->steam_dir);
	free(driver);
}

static const struct steam_driver_ops ops = {
	.name = "files",
	.ready = files_ready,
	.put_shortcut = files_put_shortcut,
	.destroy = files_destroy,
};

struct steam_driver *steam_driver_files_create(
	struct worker *worker, const struct steam_options *options)
{
	struct steam_driver_files *driver = xcalloc(1, sizeof(*driver));

	*driver = (struct steam_driver_files){
		.base = { .ops = &ops },
		.worker = worker,
		.home = xstrdup(options->home),
		.steam_dir = xstrdup_or_null(options->steam_dir),
	};
	return &driver->base;
}
