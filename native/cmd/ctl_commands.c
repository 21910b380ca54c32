#include "cmd/ctl_commands.h"

#include "cmd/ctl.h"
#include "cmd/ctl_choice.h"
#include "cmd/ctl_print.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/shown.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "proto/proto_ipc.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void print_pairing(const struct ctl *ctl, const struct ipc_pairing *pairing)
{
	AUTO(strbuf_finish) struct strbuf json = { 0 };

	if (ctl->json) {
		json_write(&json, ipc_pairing_fields, pairing);
		puts(json.data);
	} else {
		ctl_print_pairing(pairing);
	}
}

static bool get_pairing(struct ctl *ctl, struct ipc_pairing *pairing, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	/* Subscribes first, so that a code shown in between is not missed. */
	if (ctl->wait && !ctl_request(ctl, "subscribe", NULL, NULL, &text, err)) {
		return false;
	}
	if (!ctl_request(ctl, "pairing.get", NULL, NULL, &text, err) ||
		!json_read_text(pairing, ipc_pairing_fields, text.data, text.length, err)) {
		return false;
	}
	if (pairing->active || !ctl->wait) {
		return true;
	}
	json_finish(pairing, ipc_pairing_fields);
	return ctl_follow(ctl, "pairing_shown", &text, err) &&
	       json_read_text(pairing, ipc_pairing_fields, text.data, text.length, err);
}

static bool run_pairing(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_pairing pairing = { 0 };
	bool ok = get_pairing(ctl, &pairing, err);

	if (ok) {
		print_pairing(ctl, &pairing);
	}
	json_finish(&pairing, ipc_pairing_fields);
	return ok;
}

static bool run_pairing_dismiss(struct ctl *ctl, char **args, struct error *err)
{
	return ctl_tell(ctl, "pairing.dismiss", NULL, NULL, "the code is no longer valid", err);
}

static bool run_pairing_pick(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_hub_address params = { .address = args[0] };

	return ctl_tell(ctl, "pairing.pick", ipc_hub_address_fields, &params,
		"the next code is for that Hub: connect there now", err);
}

static bool run_hubs_revoke(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_hub_id params = { .hub_id = args[0] };

	return ctl_tell(ctl, "hubs.revoke", ipc_hub_id_fields, &params,
		"revoked; the Hub has to pair again", err);
}

static bool run_uploads_discard(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_upload_id params = { .upload_id = args[0] };

	return ctl_tell(ctl, "uploads.discard", ipc_upload_id_fields, &params, "discarded", err);
}

/* Strings without quotes, for scripts; anything else as JSON. */
static void print_value(const char *json)
{
	AUTO(json_free_ptr) cJSON *value = json_parse(json, strlen(json), NULL);
	const char *text = json_string(value);

	puts(text != NULL ? text : json);
}

static bool run_settings_get(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_setting_change params = { .key = args[0] };
	struct ipc_setting setting = { 0 };
	bool ok = ctl_call(ctl, "settings.get", ipc_setting_change_fields, &params,
		ipc_setting_fields, &setting, err);

	if (ok && !ctl->json) {
		print_value(setting.value);
	}
	json_finish(&setting, ipc_setting_fields);
	return ok;
}

static bool run_settings_set(struct ctl *ctl, char **args, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf typed = { 0 };
	struct ipc_setting_change params = { .key = args[0] };
	struct ipc_setting setting = { 0 };
	bool ok;

	json_write_string(&typed, args[1]);
	params.value = typed.data;
	ok = ctl_call(ctl, "settings.set", ipc_setting_change_fields, &params, ipc_setting_fields,
		&setting, err);
	if (ok && !ctl->json) {
		printf("%s = %s%s\n", args[0], setting.value,
			setting.restart_needed ? "; takes effect when the agent restarts" : "");
	}
	json_finish(&setting, ipc_setting_fields);
	return ok;
}

static bool run_lockouts_reset(struct ctl *ctl, char **args, struct error *err)
{
	return ctl_tell(ctl, "lockouts.reset", NULL, NULL, "every address may try again", err);
}

static bool run_socket(struct ctl *ctl, char **args, struct error *err)
{
	AUTO(strvec_finish) struct strvec dirs = { 0 };
	AUTO(strbuf_finish) struct strbuf list = { 0 };

	if (ctl->options.runtime_dir != NULL) {
		strvec_push(&dirs, ctl->paths.runtime_dir);
	} else {
		paths_runtime_dirs(&ctl->paths, &dirs);
	}
	for (size_t i = 0; i < dirs.count; i++) {
		AUTO(free_ptr) char *path = path_join(dirs.items[i], IPC_SOCKET_NAME);

		if (ctl->json) {
			strbuf_append_char(&list, i == 0 ? '[' : ',');
			json_write_string(&list, path);
		} else {
			strbuf_appendf(&list, "%s%s", i == 0 ? "" : "\n", path);
		}
	}
	printf("%s%s\n", strbuf_text(&list), ctl->json ? "]" : "");
	return true;
}

static bool follow_log(struct ctl *ctl, struct error *err)
{
	bool ok = true;

	while (ok) {
		AUTO(strbuf_finish) struct strbuf params = { 0 };
		struct ipc_log_line line = { 0 };

		ok = ctl_follow(ctl, "log_line", &params, err) &&
		     json_read_text(&line, ipc_log_line_fields, params.data, params.length, err);
		if (ok) {
			puts(ctl->json ? params.data : line.line);
			fflush(stdout);
		}
		json_finish(&line, ipc_log_line_fields);
	}
	return ok;
}

static bool run_log(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_log_request params = { .lines = ctl->lines };
	struct ipc_subscription subscription = { 0 };
	AUTO(strbuf_finish) struct strbuf ignored = { 0 };
	struct ipc_log log = { 0 };
	bool ok = true;

	if (ctl->follow) {
		strvec_push(&subscription.events, "log_line");
		ok = ctl_request(
			ctl, "subscribe", ipc_subscription_fields, &subscription, &ignored, err);
	}
	ok = ok &&
	     ctl_call(ctl, "log.tail", ipc_log_request_fields, &params, ipc_log_fields, &log, err);
	for (size_t i = 0; i < log.lines.count; i++) {
		puts(log.lines.items[i]);
	}
	fflush(stdout);
	json_finish(&log, ipc_log_fields);
	json_finish(&subscription, ipc_subscription_fields);
	return ok && (!ctl->follow || follow_log(ctl, err));
}

/* --- Games and Steam --- */

static void print_note(const char *note)
{
	if (note != NULL && *note != '\0') {
		ctl_say("%s", note);
	}
}

/* Without following links or entering other file systems; what cannot be read does not count. */
static int64_t tree_bytes(const char *path)
{
	AUTO(free_ptr) char *copy = xstrdup(path);
	char *paths[] = { copy, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	const FTSENT *entry;
	int64_t bytes = 0;

	while (tree != NULL && (entry = fts_read(tree)) != NULL) {
		bytes += entry->fts_info == FTS_F ? entry->fts_statp->st_size : 0;
	}
	if (tree != NULL) {
		fts_close(tree);
	}
	return bytes;
}

static void print_prefix(const char *prefix)
{
	if (prefix != NULL && *prefix != '\0') {
		ctl_say("its saves and settings of Windows stay in '%s' (%s)", prefix,
			size_shown(tree_bytes(prefix)).text);
	}
}

static void print_deleted(const struct ipc_game_moved *moved)
{
	if (*moved->trash_id != '\0') {
		ctl_say("deleted '%s'; undo with 'capydeck ctl games restore %s'", moved->name,
			moved->trash_id);
	} else {
		ctl_say("removed '%s' from Steam; there was no folder to delete", moved->name);
	}
	print_note(moved->note);
	print_prefix(moved->prefix);
}

static bool run_games_delete(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_game_ref ref = { 0 };
	struct ipc_game_moved moved = { 0 };
	AUTO(free_ptr) char *question = NULL;
	bool ok = ctl_choice_game(ctl, args[0], &ref, &question, err) &&
		  ctl_confirm(ctl, question, err) &&
		  ctl_call(ctl, "games.delete", ipc_game_ref_fields, &ref, ipc_game_deleted_fields,
			  &moved, err);

	if (ok && !ctl->json) {
		print_deleted(&moved);
	}
	json_finish(&moved, ipc_game_deleted_fields);
	json_finish(&ref, ipc_game_ref_fields);
	return ok;
}

static bool run_games_restore(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	struct ipc_game_moved moved = { 0 };
	AUTO(free_ptr) char *name = NULL;
	bool ok = ctl_choice_trashed(ctl, args[0], true, &params, &name, err) &&
		  ctl_call(ctl, "games.restore", ipc_trash_id_fields, &params,
			  ipc_game_restored_fields, &moved, err);

	if (ok && !ctl->json) {
		ctl_say("restored '%s'", moved.name);
		print_note(moved.note);
	}
	json_finish(&moved, ipc_game_restored_fields);
	json_finish(&params, ipc_trash_id_fields);
	return ok;
}

static bool run_games_discard(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_trash_id params = { 0 };
	AUTO(free_ptr) char *name = NULL;
	AUTO(free_ptr) char *question = NULL;
	bool ok = ctl_choice_trashed(ctl, args[0], false, &params, &name, err);

	if (ok) {
		question = xasprintf("Permanently delete '%s'?", name);
	}
	ok = ok && ctl_confirm(ctl, question, err) &&
	     ctl_tell(ctl, "games.discard", ipc_trash_id_fields, &params, "permanently deleted",
		     err);
	json_finish(&params, ipc_trash_id_fields);
	return ok;
}

/* Nobody is to confirm what is then refused. An agent of an earlier build cannot tell. */
static bool check_forgettable(
	struct ctl *ctl, const struct ipc_library_id *params, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf result = { 0 };
	struct error why = { 0 };

	return ctl_request(
		       ctl, "libraries.may_forget", ipc_library_id_fields, params, &result, &why) ||
	       why.kind == ERROR_NOT_IMPLEMENTED || error_pass(err, &why);
}

static bool run_games_restore_kept(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_kept_ref params = { .id = args[0], .path = args[1] };
	struct ipc_kept_restored restored = { 0 };
	bool ok = ctl_call(ctl, "games.kept.restore", ipc_kept_ref_fields, &params,
		ipc_kept_restored_fields, &restored, err);

	if (ok && !ctl->json) {
		ctl_say("restored %lld %s of '%s'; what was there is kept instead",
			(long long)restored.count, restored.count == 1 ? "file" : "files",
			restored.name);
	}
	json_finish(&restored, ipc_kept_restored_fields);
	return ok;
}

static bool run_games_rollback(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_game_ref ref = { 0 };
	struct ipc_game_moved moved = { 0 };
	AUTO(free_ptr) char *question = NULL;
	bool ok = ctl_choice_game(ctl, args[0], &ref, &question, err) &&
		  ctl_call(ctl, "games.rollback", ipc_game_ref_fields, &ref,
			  ipc_game_restored_fields, &moved, err);

	if (ok && !ctl->json) {
		ctl_say("'%s' is its previous build again", moved.name);
		print_note(moved.note);
	}
	json_finish(&moved, ipc_game_restored_fields);
	json_finish(&ref, ipc_game_ref_fields);
	return ok;
}

static bool run_games_discard_kept(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_kept_ref params = { .id = args[0] };
	AUTO(free_ptr)
	char *question = xasprintf("Permanently delete your files that are kept in '%s'?", args[0]);

	return ctl_confirm(ctl, question, err) &&
	       ctl_tell(ctl, "games.kept.discard", ipc_kept_ref_fields, &params,
		       "permanently deleted", err);
}

static bool run_libraries_forget(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_library_id params = { 0 };
	AUTO(free_ptr) char *question = NULL;
	bool ok =
		ctl_choice_library(ctl, args[0], &params, &question, err) &&
		check_forgettable(ctl, &params, err) && ctl_confirm(ctl, question, err) &&
		ctl_tell(ctl, "libraries.forget", ipc_library_id_fields, &params, "forgotten", err);

	json_finish(&params, ipc_library_id_fields);
	return ok;
}

static bool run_steam_show(struct ctl *ctl, char **args, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf json = { 0 };
	struct ipc_status status = { 0 };
	bool ok = ctl_fetch(ctl, "status", ipc_status_fields, &status, err);

	if (ok && ctl->json) {
		json_write(&json, ipc_steam_fields, &status.steam);
		puts(json.data);
	} else if (ok) {
		ctl_print_steam(&status.steam);
	}
	json_finish(&status, ipc_status_fields);
	return ok;
}

static bool run_steam_restart(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_restart params = { .force = ctl->force };
	struct ipc_restarted restarted = { 0 };
	bool ok = ctl_call(ctl, "steam.restart", ipc_restart_fields, &params, ipc_restarted_fields,
		&restarted, err);

	if (ok && !ctl->json) {
		ctl_say("%s", restarted.message);
	}
	json_finish(&restarted, ipc_restarted_fields);
	return ok;
}

/* --- The table --- */

#define LISTING(method_, struct_, print_)                                                          \
	{                                                                                          \
		.method = (method_), .fields = struct_##_fields, .bytes = sizeof(struct struct_),  \
		.print = (print_)                                                                  \
	}

static const struct ctl_listing games_listing = LISTING("games.list", ipc_games, ctl_print_games);
static const struct ctl_listing kept_listing = LISTING("games.kept", ipc_kept_list, ctl_print_kept);
static const struct ctl_listing hubs_listing = LISTING("hubs.list", ipc_hubs, ctl_print_hubs);
static const struct ctl_listing libraries_listing =
	LISTING("libraries.list", ipc_libraries, ctl_print_libraries);
static const struct ctl_listing reopened_listing =
	LISTING("pairing.reopen", ipc_pairing, ctl_print_pairing);
static const struct ctl_listing settings_listing =
	LISTING("settings.list", ipc_settings, ctl_print_settings);
static const struct ctl_listing status_listing = LISTING("status", ipc_status, ctl_print_status);
static const struct ctl_listing trash_listing = LISTING("games.trash", ipc_trash, ctl_print_trash);
static const struct ctl_listing waiting_listing =
	LISTING("pairing.waiting", ipc_waiting_hubs, ctl_print_waiting);
static const struct ctl_listing uploads_listing =
	LISTING("uploads.list", ipc_uploads, ctl_print_uploads);

static const struct ctl_command commands[] = {
	{ "games", NULL, 0, .listing = &games_listing },
	{ "games", "delete", 1, .run = run_games_delete },
	{ "games", "discard", 1, .run = run_games_discard },
	{ "games", "discard-kept", 1, .run = run_games_discard_kept },
	{ "games", "kept", 0, .listing = &kept_listing },
	{ "games", "list", 0, .listing = &games_listing },
	{ "games", "restore", 1, .run = run_games_restore },
	{ "games", "restore-kept", 1, .optional_count = 1, .run = run_games_restore_kept },
	{ "games", "rollback", 1, .run = run_games_rollback },
	{ "games", "trash", 0, .listing = &trash_listing },
	{ "hubs", NULL, 0, .listing = &hubs_listing },
	{ "hubs", "list", 0, .listing = &hubs_listing },
	{ "hubs", "revoke", 1, .run = run_hubs_revoke },
	{ "libraries", NULL, 0, .listing = &libraries_listing },
	{ "libraries", "forget", 1, .run = run_libraries_forget },
	{ "libraries", "list", 0, .listing = &libraries_listing },
	{ "lockouts", "reset", 0, .run = run_lockouts_reset },
	{ "log", NULL, 0, .run = run_log },
	{ "pairing", NULL, 0, .run = run_pairing },
	{ "pairing", "show", 0, .run = run_pairing },
	{ "pairing", "dismiss", 0, .run = run_pairing_dismiss },
	{ "pairing", "pick", 1, .run = run_pairing_pick },
	{ "pairing", "waiting", 0, .listing = &waiting_listing },
	{ "pairing", "reopen", 0, .listing = &reopened_listing },
	{ "settings", NULL, 0, .listing = &settings_listing },
	{ "settings", "get", 1, .run = run_settings_get },
	{ "settings", "list", 0, .listing = &settings_listing },
	{ "settings", "set", 2, .run = run_settings_set },
	{ "socket", NULL, 0, .run = run_socket, .is_local = true },
	{ "status", NULL, 0, .listing = &status_listing },
	{ "steam", NULL, 0, .run = run_steam_show },
	{ "steam", "restart", 0, .run = run_steam_restart },
	{ "uploads", NULL, 0, .listing = &uploads_listing },
	{ "uploads", "discard", 1, .run = run_uploads_discard },
	{ "uploads", "list", 0, .listing = &uploads_listing },
};

const struct ctl_command *ctl_command_find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct ctl_command *command = &commands[i];

		if (strcmp(command->noun, noun) == 0 &&
			(verb == NULL ? command->verb == NULL
				      : command->verb != NULL &&
						strcmp(command->verb, verb) == 0)) {
			return command;
		}
	}
	return NULL;
}

bool ctl_command_run(
	const struct ctl_command *command, struct ctl *ctl, char **args, struct error *err)
{
	return command->listing != NULL ? ctl_show(ctl, command->listing, err)
					: command->run(ctl, args, err);
}
