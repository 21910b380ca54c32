#include "cmd/cmd.h"

#include "cmd/cmd_options.h"
#include "cmd/ctl.h"
#include "cmd/ctl_games.h"
#include "cmd/ctl_print.h"
#include "cmd/ctl_session.h"
#include "cmd/ctl_steam.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "proto/proto_ipc.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: capydeck ctl COMMAND [options]\n"
	"\n"
	"Asks and tells the agent that runs on this device for this user.\n"
	"\n"
	"Commands:\n"
	"  status                     what the agent does: address, Hub, network, Steam, uploads\n"
	"  pairing                    the pairing code, if one is shown\n"
	"  pairing dismiss            take the code off the screen; it is void then\n"
	"  pairing reopen             show a new code for the Hub whose last one was not used\n"
	"  hubs [list]                the Hubs that are paired\n"
	"  hubs revoke ID             forget a Hub and end its connection\n"
	"  uploads [list]             uploads under way and interrupted ones\n"
	"  uploads discard ID         delete what an interrupted upload has sent so far\n"
	"  games [list]               the games that Hubs have installed\n"
	"  games delete GAME          move a game to the trash and take it out of Steam; GAME is\n"
	"                             its name, folder or app id. The app id of a shortcut that is\n"
	"                             not of such a game removes the shortcut only\n"
	"  games trash                deleted games that can still be restored\n"
	"  games restore GAME         bring a deleted game back; GAME is its id or name there\n"
	"  games discard ID           delete a game in the trash for good\n"
	"  steam                      how Steam is reached, why so, and how many changes wait\n"
	"  steam restart              end Steam, make the changes that wait, start it\n"
	"  settings [list]            all settings, with their meaning\n"
	"  settings get KEY           one setting\n"
	"  settings set KEY VALUE     change a setting; a list is written as '[\"a\",\"b\"]'\n"
	"  lockouts reset             let addresses try again that guessed too many wrong codes\n"
	"  log                        the latest lines of the agent's log\n"
	"  socket                     where the agent's socket may be, one path a line, the likeliest\n"
	"                             first; needs no agent\n"
	"\n"
	"Options:\n"
	"  --json             print JSON, for scripts\n"
	"  --yes              do not ask before deleting, as on a terminal\n"
	"  --force            with steam restart: even while a game runs\n"
	"  --wait             with pairing: wait until a code is shown\n"
	"  --follow           with log: go on printing new lines\n"
	"  --lines N          with log: how many lines (default: 50)\n"
	"  --runtime-dir DIR  where the agent's socket is (default: $XDG_RUNTIME_DIR/capydeck)\n"
	"  --config-dir DIR   taken for symmetry with the agent; not needed here\n"
	"  --state-dir DIR    where the agent's socket may be without $XDG_RUNTIME_DIR\n"
	"  --help             print this text\n"
	"\n"
	"Exit codes:\n"
	"  0  done\n"
	"  1  failed, e.g. no agent runs or the question was not answered with yes\n"
	"  2  wrong command or options\n"
	"\n"
	"JSON:\n"
	"  Results are those of the agent's local IPC; native/control/README.md describes them.\n"
	"  'pairing --json' prints {\"active\", \"code\", \"hubName\", \"expiresInSeconds\"}.\n";

#define DEFAULT_LINES 50

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

	/* Subscribed first, so that a code that comes in between is not missed. */
	if (ctl->wait && !ctl_session_call(&ctl->session, "subscribe", NULL, NULL, &text, err)) {
		return false;
	}
	if (!ctl_session_call(&ctl->session, "pairing.get", NULL, NULL, &text, err) ||
		!json_read_text(pairing, ipc_pairing_fields, text.data, text.length, err)) {
		return false;
	}
	if (pairing->active || !ctl->wait) {
		return true;
	}
	json_finish(pairing, ipc_pairing_fields);
	return ctl_session_follow(&ctl->session, "pairing_shown", &text, err) &&
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
	return ctl_tell(ctl, "pairing.dismiss", NULL, NULL, "the code is void now", err);
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

/* A text without its quotes, as scripts want it; anything else is JSON. */
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
			setting.restart_needed ? "; takes effect when the agent starts again" : "");
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

		ok = ctl_session_follow(&ctl->session, "log_line", &params, err) &&
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
		ok = ctl_session_call(&ctl->session, "subscribe", ipc_subscription_fields,
			&subscription, &ignored, err);
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

#define VIEW(method_, struct_, print_)                                                             \
	{                                                                                          \
		.method = (method_), .fields = struct_##_fields, .bytes = sizeof(struct struct_),  \
		.print = (print_)                                                                  \
	}

static const struct ctl_view games_view = VIEW("games.list", ipc_games, ctl_print_games);
static const struct ctl_view hubs_view = VIEW("hubs.list", ipc_hubs, ctl_print_hubs);
static const struct ctl_view reopened_view = VIEW("pairing.reopen", ipc_pairing, ctl_print_pairing);
static const struct ctl_view settings_view =
	VIEW("settings.list", ipc_settings, ctl_print_settings);
static const struct ctl_view status_view = VIEW("status", ipc_status, ctl_print_status);
static const struct ctl_view trash_view = VIEW("games.trash", ipc_trash, ctl_print_trash);
static const struct ctl_view uploads_view = VIEW("uploads.list", ipc_uploads, ctl_print_uploads);

/* Has a view or a function. */
static const struct ctl_command {
	const char *noun;
	const char *verb; /* NULL: what the noun alone means */
	int argument_count;
	ctl_run *run;
	const struct ctl_view *view;
	bool is_local; /* needs no agent */
} commands[] = {
	{ "games", NULL, 0, .view = &games_view },
	{ "games", "delete", 1, .run = ctl_games_delete },
	{ "games", "discard", 1, .run = ctl_games_discard },
	{ "games", "list", 0, .view = &games_view },
	{ "games", "restore", 1, .run = ctl_games_restore },
	{ "games", "trash", 0, .view = &trash_view },
	{ "hubs", NULL, 0, .view = &hubs_view },
	{ "hubs", "list", 0, .view = &hubs_view },
	{ "hubs", "revoke", 1, .run = run_hubs_revoke },
	{ "lockouts", "reset", 0, .run = run_lockouts_reset },
	{ "log", NULL, 0, .run = run_log },
	{ "pairing", NULL, 0, .run = run_pairing },
	{ "pairing", "show", 0, .run = run_pairing },
	{ "pairing", "dismiss", 0, .run = run_pairing_dismiss },
	{ "pairing", "reopen", 0, .view = &reopened_view },
	{ "settings", NULL, 0, .view = &settings_view },
	{ "settings", "get", 1, .run = run_settings_get },
	{ "settings", "list", 0, .view = &settings_view },
	{ "settings", "set", 2, .run = run_settings_set },
	{ "socket", NULL, 0, .run = run_socket, .is_local = true },
	{ "status", NULL, 0, .view = &status_view },
	{ "steam", NULL, 0, .run = ctl_steam_show },
	{ "steam", "restart", 0, .run = ctl_steam_restart },
	{ "uploads", NULL, 0, .view = &uploads_view },
	{ "uploads", "discard", 1, .run = run_uploads_discard },
	{ "uploads", "list", 0, .view = &uploads_view },
};

static const struct ctl_command *find_command(const char *noun, const char *verb)
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

/* NULL after telling what is wrong. *args: the command's own arguments. */
static const struct ctl_command *choose(int argc, char **argv, char ***args)
{
	const char *noun = optind < argc ? argv[optind] : NULL;
	const char *verb = optind + 1 < argc ? argv[optind + 1] : NULL;
	const struct ctl_command *command;
	int given;

	if (noun == NULL) {
		cmd_usage("ctl", "a command is missing");
		return NULL;
	}
	command = find_command(noun, verb);
	if (command == NULL) {
		cmd_usage("ctl", "there is no command '%s%s%s'", noun, verb != NULL ? " " : "",
			verb != NULL ? verb : "");
		return NULL;
	}
	*args = argv + optind + (verb != NULL ? 2 : 1);
	given = (int)(argv + argc - *args);
	if (given != command->argument_count) {
		cmd_usage("ctl", "'%s%s%s' takes %d arguments, not %d", noun,
			verb != NULL ? " " : "", verb != NULL ? verb : "", command->argument_count,
			given);
		return NULL;
	}
	return command;
}

static bool run(const struct ctl_command *command, struct ctl *ctl, char **args, struct error *err)
{
	return command->view != NULL ? ctl_show(ctl, command->view, err)
				     : command->run(ctl, args, err);
}

int cmd_ctl(int argc, char **argv)
{
	struct ctl ctl = { .lines = DEFAULT_LINES };
	const struct cmd_option options[] = {
		{ "json", .flag = &ctl.json },
		{ "yes", .flag = &ctl.yes },
		{ "force", .flag = &ctl.force },
		{ "wait", .flag = &ctl.wait },
		{ "follow", .flag = &ctl.follow },
		{ "lines", .number = &ctl.lines, .high = UINT32_MAX },
		{ "runtime-dir", .text = &ctl.options.runtime_dir },
		{ "config-dir", .text = &ctl.options.config_dir },
		{ "state-dir", .text = &ctl.options.state_dir },
		{ .name = NULL },
	};
	const struct ctl_command *command;
	struct error err = { 0 };
	char **args = NULL;
	int code = cmd_options_read("ctl", help, options, argc, argv);
	bool ok;

	if (code >= 0) {
		return code;
	}
	command = choose(argc, argv, &args);
	if (command == NULL) {
		return CMD_USAGE;
	}
	ok = paths_init(&ctl.paths, &ctl.options, &err) &&
	     (command->is_local || ctl_session_init(&ctl.session, &ctl.paths, &err)) &&
	     run(command, &ctl, args, &err);
	ctl_session_finish(&ctl.session);
	paths_finish(&ctl.paths);
	return ok ? CMD_OK : cmd_failed("ctl", "%s", err.message);
}
