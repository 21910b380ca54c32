#include "steam/change/steam_change.h"

#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"

#include <stdlib.h>
#include <string.h>

const struct json_field steam_change_fields[] = {
	JSON_FIELD(struct steam_change, action, "action", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct steam_change, account_id, "accountId", JSON_DIGITS, JSON_REQUIRED),
	JSON_FIELD(struct steam_change, app_id, "appId", JSON_UINT32, 0),
	JSON_FIELD(struct steam_change, reported_app_id, "reportedAppId", JSON_UINT32, 0),
	JSON_FIELD(struct steam_change, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct steam_change, exe, "exe", JSON_STRING, 0),
	JSON_FIELD(struct steam_change, start_dir, "startDir", JSON_STRING, 0),
	JSON_FIELD(struct steam_change, any_name, "anyName", JSON_BOOL, 0),
	JSON_FIELD(
		struct steam_change, launch_options, "launchOptions", JSON_STRING, JSON_NULLABLE),
	JSON_FIELD(struct steam_change, tags, "tags", JSON_STRINGS, 0),
	JSON_FIELD(struct steam_change, compat_tool, "compatTool", JSON_STRING, 0),
	JSON_FIELD(struct steam_change, icon, "icon", JSON_STRING, 0),
	JSON_FIELD(struct steam_change, command, "command", JSON_STRING, JSON_OMIT_EMPTY),
	JSON_FIELD_OBJECT(
		struct steam_change, previous, "previous", shortcut_set_fields, JSON_OMIT_EMPTY),
	JSON_FIELDS_END,
};

void steam_change_finish(struct steam_change *change)
{
	json_finish(change, steam_change_fields);
}

static char *start_dir_of(const struct steam_shortcut_request *request)
{
	if (request->start_dir != NULL && *request->start_dir != '\0') {
		return xstrdup(request->start_dir);
	}
	return request->exe != NULL ? path_parent(request->exe) : NULL;
}

void steam_change_fill_put(
	struct steam_change *change, const struct steam_shortcut_request *request)
{
	*change = (struct steam_change){
		.action = xstrdup(STEAM_CHANGE_PUT),
		.app_id = request->app_id,
		.name = xstrdup_or_null(request->name),
		.exe = xstrdup_or_null(request->exe),
		.any_name = request->any_name,
		.start_dir = start_dir_of(request),
		.launch_options = xstrdup_or_null(request->launch_options),
		.compat_tool = xstrdup_or_null(request->compat_tool),
		.command = xstrdup_or_null(request->command),
	};
	shortcut_set_copy(&change->previous, request->previous);
	if (request->tags != NULL) {
		strvec_copy(&change->tags, request->tags);
	}
}

void steam_change_note_set(struct shortcut_set *to, const struct steam_shortcut_request *request)
{
	const struct shortcut_set *before = request->previous;

	shortcut_set_copy(to, before);
	free(to->name);
	free(to->exe);
	free(to->within);
	free(to->start_dir);
	to->name = xstrdup_or_null(request->name);
	to->exe = xstrdup_or_null(request->exe);
	to->within = NULL;
	to->start_dir = start_dir_of(request);
	if (request->launch_options != NULL) {
		free(to->launch_options);
		to->launch_options = xstrdup(request->launch_options);
	}
	for (size_t i = 0; request->tags != NULL && i < request->tags->count; i++) {
		if (!strvec_contains(&to->tags, request->tags->items[i])) {
			strvec_push(&to->tags, request->tags->items[i]);
		}
	}
}

void steam_change_copy(struct steam_change *to, const struct steam_change *from)
{
	struct steam_change copy = *from;

	copy.action = xstrdup_or_null(from->action);
	copy.account_id = xstrdup_or_null(from->account_id);
	copy.name = xstrdup_or_null(from->name);
	copy.exe = xstrdup_or_null(from->exe);
	copy.start_dir = xstrdup_or_null(from->start_dir);
	copy.launch_options = xstrdup_or_null(from->launch_options);
	copy.compat_tool = xstrdup_or_null(from->compat_tool);
	copy.icon = xstrdup_or_null(from->icon);
	copy.command = xstrdup_or_null(from->command);
	shortcut_set_copy(&copy.previous, &from->previous);
	copy.tags = (struct strvec){ 0 };
	strvec_copy(&copy.tags, &from->tags);
	steam_change_finish(to);
	*to = copy;
}

static bool is_absolute(const char *path)
{
	return path != NULL && *path == '/';
}

static bool check_put(const struct steam_change *change, struct error *err)
{
	if (change->name == NULL || *change->name == '\0') {
		return error_set(err, ERROR_INVALID, "a shortcut needs a name");
	}
	if (!is_absolute(change->exe)) {
		return error_set(err, ERROR_INVALID,
			"the executable '%s' of shortcut '%s' is not an absolute path",
			change->exe != NULL ? change->exe : "", change->name);
	}
	if (!is_absolute(change->start_dir)) {
		return error_set(err, ERROR_INVALID,
			"the start folder '%s' of shortcut '%s' is not an absolute path",
			change->start_dir != NULL ? change->start_dir : "", change->name);
	}
	if (change->tags.count > STEAM_CHANGE_TAGS_MAX) {
		return error_set(err, ERROR_INVALID, "shortcut '%s' has %zu tags, more than %d",
			change->name, change->tags.count, STEAM_CHANGE_TAGS_MAX);
	}
	return true;
}

bool steam_change_check(const struct steam_change *change, struct error *err)
{
	if (change->account_id == NULL || *change->account_id == '\0') {
		return error_set(err, ERROR_INVALID, "a change of Steam's shortcuts needs a user");
	}
	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return check_put(change, err);
	}
	if (!steam_change_is(change, STEAM_CHANGE_REMOVE) &&
		!steam_change_is(change, STEAM_CHANGE_SET_ICON)) {
		return error_set(err, ERROR_INVALID, "unknown change '%.40s' of Steam's shortcuts",
			change->action);
	}
	if (change->app_id == 0) {
		return error_set(err, ERROR_INVALID, "'%s' needs an app id", change->action);
	}
	if (steam_change_is(change, STEAM_CHANGE_SET_ICON) && !is_absolute(change->icon)) {
		return error_set(err, ERROR_INVALID, "the icon '%s' is not an absolute path",
			change->icon != NULL ? change->icon : "");
	}
	return true;
}

uint32_t steam_change_entry(const struct steam_change *change)
{
	return change->app_id != 0 ? change->app_id : change->reported_app_id;
}

bool steam_change_is(const struct steam_change *change, const char *action)
{
	return strcmp(change->action, action) == 0;
}

uint32_t steam_change_apply(const struct steam_change *change, struct shortcuts *shortcuts)
{
	const struct shortcuts_edit put = {
		.app_id = steam_change_entry(change),
		.name = change->name,
		.exe = change->exe,
		.any_name = change->any_name,
		.start_dir = change->start_dir,
		.launch_options = change->launch_options,
		.tags = &change->tags,
		.command = change->command,
		.previous = change->app_id != 0 ? &change->previous : NULL,
	};

	if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		return shortcuts_put(shortcuts, &put);
	}
	if (steam_change_is(change, STEAM_CHANGE_REMOVE)) {
		shortcuts_remove(shortcuts, change->app_id);
		return change->app_id;
	}
	return shortcuts_set_icon(shortcuts, change->app_id, change->icon) ? change->app_id : 0;
}
