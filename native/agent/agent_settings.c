#define LOG_MODULE "settings"

#include "agent/agent_settings.h"

#include "agent/config.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/file_watch.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "library/game_trash.h"
#include "library/libraries.h"
#include "pairing/pairing.h"
#include "upload/upload_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct agent_settings {
	struct agent_settings_options options;
	struct config kept;  /* as the file has it */
	struct config tried; /* the same, except for values that could not be applied */
	struct file_watch *watch;
	const struct agent_settings_events *events;
	void *user;
};

/* --- Applying --- */

static bool apply_accept(const struct agent_settings *settings, struct error *err)
{
	if (!settings->options.config->connections_accept) {
		pairing_dismiss(settings->options.pairing, NULL);
	}
	return true;
}

static bool apply_expiry(const struct agent_settings *settings, struct error *err)
{
	upload_store_set_expiry(settings->options.uploads,
		settings->options.config->uploads_expire_days * CONFIG_DAY_MS);
	return true;
}

/* Can games be installed there? The folder itself need not exist yet. */
static bool check_library(const char *library, struct error *err)
{
	AUTO(free_ptr) char *at = xstrdup(library);
	struct stat status;

	while (stat(at, &status) < 0) {
		char *slash = strrchr(at, '/');

		slash[slash == at] = '\0'; /* "/" stays, and exists */
	}
	if (!S_ISDIR(status.st_mode)) {
		error_set(err, ERROR_INVALID,
			"games cannot be installed in '%s': '%s' is not a folder", library, at);
		return error_explain(err, "not_a_folder", "path", at, NULL);
	}
	if (faccessat(AT_FDCWD, at, W_OK | X_OK, AT_EACCESS) < 0) {
		error_set_errno(err,
			"games cannot be installed in '%s': '%s' is not writable; is the card "
			"inserted?",
			library, at);
		return error_explain(err, "not_writable", "path", at, NULL);
	}
	return true;
}

static bool apply_library(const struct agent_settings *settings, struct error *err)
{
	const struct config *config = settings->options.config;

	libraries_configure(
		settings->options.libraries, config->library_path, &config->library_extra);
	return true;
}

static bool apply_library_path(const struct agent_settings *settings, struct error *err)
{
	AUTO(free_ptr)
	char *library =
		path_expand_home(settings->options.config->library_path, settings->options.home);

	return check_library(library, err) && apply_library(settings, err);
}

static bool apply_name(const struct agent_settings *settings, struct error *err)
{
	settings->events->renamed(settings->user);
	return true;
}

static bool apply_port(const struct agent_settings *settings, struct error *err)
{
	return settings->events->moved(settings->user, err);
}

static bool apply_trash_days(const struct agent_settings *settings, struct error *err)
{
	int64_t after_ms = settings->options.config->games_trash_days * CONFIG_DAY_MS;

	game_trash_set_expiry(settings->options.trash, after_ms);
	kept_files_set_expiry(settings->options.kept, after_ms);
	return true;
}

/* Settings that are not read again at each use. */
static const struct applied_setting {
	const char *key;
	bool (*apply)(const struct agent_settings *settings, struct error *err);
} applied_settings[] = {
	{ "agent.name", apply_name },
	{ "agent.port", apply_port },
	{ "connections.accept", apply_accept },
	{ "games.trashDays", apply_trash_days },
	{ "library.extra", apply_library },
	{ "library.path", apply_library_path },
	{ "uploads.expireDays", apply_expiry },
};

static bool apply_setting(const struct agent_settings *settings, const char *key, struct error *err)
{
	for (size_t i = 0; i < sizeof(applied_settings) / sizeof(applied_settings[0]); i++) {
		if (strcmp(applied_settings[i].key, key) == 0) {
			return applied_settings[i].apply(settings, err);
		}
	}
	return true;
}

/* Applies the file's value. On failure the current one stays in use. */
static bool use_setting(struct agent_settings *settings, const char *key, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf before = { 0 }, value = { 0 };

	if (!config_get(settings->options.config, key, &before, err) ||
		!config_get(&settings->kept, key, &value, err) ||
		!config_set(settings->options.config, key, strbuf_text(&value), err)) {
		return false;
	}
	if (!apply_setting(settings, key, err)) {
		config_set(settings->options.config, key, strbuf_text(&before), NULL);
		return false;
	}
	config_set(&settings->tried, key, strbuf_text(&value), NULL);
	log_info("setting '%s' changed", key);
	settings->events->changed(settings->user, key);
	return true;
}

/* --- The file --- */

static bool is_same(const struct config *a, const struct config *b, const char *key)
{
	AUTO(strbuf_finish) struct strbuf value_a = { 0 }, value_b = { 0 };

	return config_get(a, key, &value_a, NULL) && config_get(b, key, &value_b, NULL) &&
	       strcmp(strbuf_text(&value_a), strbuf_text(&value_b)) == 0;
}

/* Takes notice; values that cannot be applied are added to it, each time until they can. */
static void use_what_changed(struct agent_settings *settings, char *notice)
{
	const char *key, *help;

	for (unsigned i = 0; config_describe(i, &key, &help); i++) {
		struct error err;

		if (!is_same(&settings->tried, &settings->kept, key) &&
			!use_setting(settings, key, &err)) {
			char *both =
				xasprintf("%s%s'%s' is unchanged: %s", notice != NULL ? notice : "",
					notice != NULL ? "; " : "", key, err.message);

			free(notice);
			notice = both;
		}
	}
	settings->events->complained(settings->user, notice);
	free(notice);
}

/* Our own writes change nothing. */
static bool read_file(struct agent_settings *settings, struct error *err)
{
	struct config fresh;
	char *notice = NULL;

	if (!config_reload(&fresh, &settings->kept, &notice, err)) {
		return false;
	}
	config_finish(&settings->kept);
	settings->kept = fresh;
	use_what_changed(settings, notice);
	return true;
}

/* A key that the command line has set keeps its value. */
static void keep_given(struct agent_settings *settings)
{
	const char *key, *help;

	for (unsigned i = 0; config_describe(i, &key, &help); i++) {
		AUTO(strbuf_finish) struct strbuf value = { 0 };

		if (!is_same(&settings->tried, settings->options.config, key) &&
			config_get(&settings->kept, key, &value, NULL)) {
			config_set(&settings->tried, key, strbuf_text(&value), NULL);
		}
	}
}

bool agent_settings_ready(struct agent_settings *settings, struct error *err)
{
	struct config fresh;
	char *notice;

	if (!settings->options.config->is_unread) {
		return true;
	}
	config_load(&fresh, settings->kept.path, &notice);
	if (fresh.is_unread) {
		error_set(err, ERROR_IO, "%s", notice);
		config_finish(&fresh);
		free(notice);
		return false;
	}
	config_finish(&settings->kept);
	settings->kept = fresh;
	settings->options.config->is_unread = false;
	keep_given(settings);
	use_what_changed(settings, notice);
	apply_expiry(settings, NULL); /* nothing expired so far */
	apply_trash_days(settings, NULL);
	return true;
}

static void on_file_changed(void *user)
{
	struct agent_settings *settings = user;
	struct error err = { 0 };

	if (settings->options.config->is_unread) {
		agent_settings_ready(settings, NULL);
	} else if (!read_file(settings, &err)) {
		settings->events->complained(settings->user, err.message);
	}
}

bool agent_settings_set(
	struct agent_settings *settings, const char *key, const char *value, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf before = { 0 };
	struct error unread;

	if (!agent_settings_ready(settings, err)) {
		return false;
	}
	/* Do not overwrite what an editor has just changed. */
	if (!read_file(settings, &unread)) {
		error_set(err, ERROR_CONFLICT, "%s", unread.message);
		return error_explain(err, "settings_unreadable", NULL);
	}
	if (!config_get(&settings->kept, key, &before, err) ||
		!config_set(&settings->kept, key, value, err)) {
		return false;
	}
	if (!config_save(&settings->kept, err)) {
		config_set(&settings->kept, key, strbuf_text(&before), NULL);
		return false;
	}
	if (!use_setting(settings, key, err)) {
		config_set(&settings->kept, key, strbuf_text(&before), NULL);
		config_save(&settings->kept, NULL);
		return false;
	}
	return true;
}

/* As the config in use was loaded: the file, or the defaults while it cannot be read. */
static void load_config(struct config *config, const struct config *used)
{
	AUTO(free_ptr) char *notice = NULL; /* was already reported */

	if (used->is_unread) {
		config_init(config, used->path);
	} else {
		config_load(config, used->path, &notice);
	}
}

struct agent_settings *agent_settings_create(const struct agent_settings_options *options,
	const struct agent_settings_events *events, void *user, struct error *err)
{
	struct agent_settings *settings = xcalloc(1, sizeof(*settings));
	const char *path = options->config->path;

	settings->options = *options;
	settings->events = events;
	settings->user = user;
	load_config(&settings->kept, options->config);
	load_config(&settings->tried, options->config);
	settings->watch = file_watch_create(options->loop, path, on_file_changed, settings, err);
	if (settings->watch == NULL) {
		agent_settings_destroy(settings);
		return NULL;
	}
	return settings;
}

void agent_settings_destroy(struct agent_settings *settings)
{
	if (settings == NULL) {
		return;
	}
	file_watch_destroy(settings->watch);
	config_finish(&settings->kept);
	config_finish(&settings->tried);
	free(settings);
}
