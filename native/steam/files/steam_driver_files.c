#include "steam/files/steam_driver_files.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/client/steam_install.h"
#include "steam/files/compat_tools.h"
#include "steam/files/shortcuts_file.h"

#include <stdlib.h>

struct steam_driver_files {
	struct steam_driver base;
	struct worker *worker;
	char *home;
	char *steam_dir; /* NULL: Steam's own places */
	/* The worker has the first one. One at a time: each reads, then writes. */
	TAILQ_HEAD(, job) jobs;
};

/* One change. Owns all it needs, so that the worker may finish it after the driver is destroyed. */
struct job {
	struct worker_job job;
	TAILQ_ENTRY(job) link;
	struct steam_driver_files *driver; /* NULL: destroyed; done was called */
	char *home;
	char *steam_dir;
	struct steam_change change;
	steam_driver_done *done;
	void *user;
	/* The outcome. */
	uint32_t app_id;
	struct error err;
	bool succeeded;
};

static struct job *job_of(struct worker_job *job)
{
	return CONTAINER_OF(job, struct job, job);
}

static void job_destroy(struct job *job)
{
	free(job->home);
	free(job->steam_dir);
	steam_change_finish(&job->change);
	free(job);
}

static bool find_idle(
	struct steam_install *install, const char *home, const char *steam_dir, struct error *err)
{
	pid_t pid;

	if (!steam_install_find(install, home, steam_dir, err) ||
		!steam_install_check_running(install, &pid, err)) {
		return false;
	}
	if (pid != 0) {
		return error_set(err, ERROR_CONFLICT,
			"Steam is running (process %d) and keeps its shortcuts in memory; exit "
			"Steam, then try again",
			(int)pid);
	}
	return true;
}

/* Steam may have started since the files were read; checked before each is replaced. */
static bool is_still_idle(const struct job *job, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };

	return find_idle(&install, job->home, job->steam_dir, err);
}

static bool save_compat_tool(
	const struct job *job, const struct steam_install *install, struct error *err)
{
	const char *tool = job->change.compat_tool;

	if (!steam_change_is(&job->change, STEAM_CHANGE_PUT) || tool == NULL || *tool == '\0') {
		return true;
	}
	return is_still_idle(job, err) && compat_tools_save(install->root, job->app_id, tool, err);
}

static bool apply_change(struct job *job, struct error *err)
{
	AUTO(steam_install_finish) struct steam_install install = { 0 };
	AUTO(shortcuts_file_finish) struct shortcuts_file file = { 0 };

	if (!steam_change_check(&job->change, err) ||
		!find_idle(&install, job->home, job->steam_dir, err) ||
		!shortcuts_file_load(&file, install.root, job->change.account_id, err)) {
		return false;
	}
	job->app_id = steam_change_apply(&job->change, &file.shortcuts);
	if (job->app_id == 0) {
		return error_set(
			err, ERROR_NOT_FOUND, "no shortcut has the app id %u", job->change.app_id);
	}
	/* The tool first: a shortcut that exists can be started. */
	return save_compat_tool(job, &install, err) && is_still_idle(job, err) &&
	       shortcuts_file_save(&file, err);
}

static void run_job(struct worker_job *worker_job)
{
	struct job *job = job_of(worker_job);

	job->succeeded = apply_change(job, &job->err);
}

static void submit_first(struct steam_driver_files *driver)
{
	struct job *job = TAILQ_FIRST(&driver->jobs);

	if (job != NULL) {
		worker_submit(driver->worker, &job->job);
	}
}

static void job_finished(struct worker_job *worker_job)
{
	struct job *job = job_of(worker_job);
	struct steam_driver_files *driver = job->driver;

	if (driver != NULL) {
		TAILQ_REMOVE(&driver->jobs, job, link);
		submit_first(driver);
		/* Last, as it may destroy the driver. */
		job->done(job->user, job->succeeded ? job->app_id : 0,
			job->succeeded ? NULL : &job->err);
	}
	job_destroy(job);
}

static void files_apply(struct steam_driver *base, const struct steam_change *change,
	steam_driver_done *done, void *user)
{
	struct steam_driver_files *driver = (struct steam_driver_files *)base;
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){
		.job = { .run = run_job, .done = job_finished },
		.driver = driver,
		.home = xstrdup(driver->home),
		.steam_dir = xstrdup_or_null(driver->steam_dir),
		.done = done,
		.user = user,
	};
	steam_change_copy(&job->change, change);
	TAILQ_INSERT_TAIL(&driver->jobs, job, link);
	if (TAILQ_FIRST(&driver->jobs) == job) {
		submit_first(driver);
	}
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
	strbuf_appendf(reason, "Steam in '%s' is not running; its files are written", install.root);
	return true;
}

static void files_destroy(struct steam_driver *base)
{
	struct steam_driver_files *driver = (struct steam_driver_files *)base;
	struct job *first = TAILQ_FIRST(&driver->jobs), *job, *next;

	TAILQ_FOREACH_SAFE (job, &driver->jobs, link, next) {
		bool with_worker = job == first;
		struct error err;

		job->driver = NULL;
		error_set(
			&err, ERROR_CANCELLED, "the change of Steam's shortcuts was not finished");
		job->done(job->user, 0, &err);
		if (!with_worker) {
			job_destroy(job);
		}
	}
	free(driver->home);
	free(driver->steam_dir);
	free(driver);
}

static const struct steam_driver_ops ops = {
	.name = "files",
	.ready = files_ready,
	.apply = files_apply,
	.destroy = files_destroy,
};

struct steam_driver *steam_driver_files_create(
	struct worker *worker, const char *home, const char *steam_dir)
{
	struct steam_driver_files *driver = xcalloc(1, sizeof(*driver));

	*driver = (struct steam_driver_files){
		.base = { .ops = &ops },
		.worker = worker,
		.home = xstrdup(home),
		.steam_dir = xstrdup_or_null(steam_dir),
	};
	TAILQ_INIT(&driver->jobs);
	return &driver->base;
}
