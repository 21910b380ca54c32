#include "cmd/cmd.h"

#include "cmd/cmd_options.h"
#include "cmd/ctl.h"
#include "cmd/ctl_commands.h"
#include "core/error.h"
#include "core/paths.h"

#include <getopt.h>
#include <string.h>

static const char help[] =
	"Usage: capydeck ctl COMMAND [options]\n"
	"\n"
	"Controls the agent that runs on this device for this user.\n"
	"\n"
	"Commands:\n"
	"  status                     what the agent does: address, Hub, network, Steam, uploads\n"
	"  pairing                    the pairing code, if one is shown\n"
	"  pairing dismiss            remove the code from the screen; it becomes invalid\n"
	"  pairing waiting            Hubs that ask for a code while another's is shown\n"
	"  pairing pick ADDRESS       give the next code to the Hub at this address, and to no other\n"
	"  pairing reopen             show a new code for the Hub whose last one was not used\n"
	"  hubs [list]                the Hubs that are paired\n"
	"  hubs revoke ID             forget a Hub and end its connection\n"
	"  uploads [list]             uploads in progress and interrupted ones\n"
	"  uploads discard ID         delete the data of an interrupted upload\n"
	"  games [list]               the games that Hubs have installed\n"
	"  games delete GAME          move a game to the trash and remove it from Steam; GAME is\n"
	"                             its name, folder or app id. The app id of a shortcut that is\n"
	"                             not of such a game removes the shortcut only\n"
	"  games trash                deleted games that can still be restored\n"
	"  games restore GAME         restore a deleted game; GAME is its id or name in the trash\n"
	"  games discard ID           permanently delete a game in the trash\n"
	"  games kept                 files of yours that updates have replaced, until they expire, and\n"
	"                             previous builds\n"
	"  games restore-kept ID [FILE]\n"
	"                             put a kept file, or all that are kept under this id, back into\n"
	"                             the game; what is there now is kept in its place\n"
	"  games rollback GAME        bring the previous build back, as long as it is kept; once more\n"
	"                             undoes that. GAME is its name or folder\n"
	"  games discard-kept ID      permanently delete the files of yours that are kept there\n"
	"  libraries [list]           the folders that games are installed in: whether their cards\n"
	"                             are there, their room, and what they hold\n"
	"  libraries forget LIBRARY   forget one that will not come back, with its games and their\n"
	"                             shortcuts; LIBRARY is its card's name, its folder or its id\n"
	"  steam                      how Steam is reached and why, and how many changes wait\n"
	"  steam restart              end Steam, make the waiting changes, start Steam\n"
	"  settings [list]            all settings, with their meaning\n"
	"  settings get KEY           one setting\n"
	"  settings set KEY VALUE     change a setting; a list is written as '[\"a\",\"b\"]'\n"
	"  lockouts reset             unlock addresses with too many wrong codes\n"
	"  log                        the latest lines of the agent's log\n"
	"  socket                     possible paths of the agent's socket, one per line, most likely\n"
	"                             first; needs no agent\n"
	"\n"
	"Options:\n"
	"  --json             print JSON, for scripts\n"
	"  --yes              do not ask before deleting, as on a terminal\n"
	"  --force            with steam restart: even while a game runs\n"
	"  --wait             with pairing: wait until a code is shown\n"
	"  --follow           with log: keep printing new lines\n"
	"  --lines N          with log: how many lines (default: 50)\n"
	"  --runtime-dir DIR  where the agent's socket is (default: $XDG_RUNTIME_DIR/capydeck)\n"
	"  --config-dir DIR   accepted as by the agent, but not used\n"
	"  --state-dir DIR    where the agent's socket may be without $XDG_RUNTIME_DIR\n"
	"  --help             print this text\n"
	"\n"
	"Exit codes:\n"
	"  0  done\n"
	"  1  failed, e.g. no agent is running, or the question was not answered with yes\n"
	"  2  invalid command or options\n"
	"\n"
	"JSON:\n"
	"  Results are those of the agent's local IPC; native/control/README.md describes them.\n"
	"  'pairing --json' prints {\"active\", \"code\", \"hubName\", \"expiresInSeconds\"}.\n";

#define DEFAULT_LINES 50

/* NULL after printing what is wrong. *args: the command's own arguments. */
static const struct ctl_command *choose_command(int argc, char **argv, char ***args)
{
	const char *noun = optind < argc ? argv[optind] : NULL;
	const char *verb = optind + 1 < argc ? argv[optind + 1] : NULL;
	const struct ctl_command *command;
	int given;

	if (noun == NULL) {
		cmd_usage("ctl", "missing command");
		return NULL;
	}
	command = ctl_command_find(noun, verb);
	if (command == NULL) {
		cmd_usage("ctl", "unknown command '%s%s%s'", noun, verb != NULL ? " " : "",
			verb != NULL ? verb : "");
		return NULL;
	}
	*args = argv + optind + (verb != NULL ? 2 : 1);
	given = (int)(argv + argc - *args);
	if (given < command->argument_count ||
		given > command->argument_count + command->optional_count) {
		cmd_usage("ctl", "'%s%s%s' takes %d argument%s, not %d", noun,
			verb != NULL ? " " : "", verb != NULL ? verb : "", command->argument_count,
			command->argument_count == 1 ? "" : "s", given);
		return NULL;
	}
	return command;
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
	command = choose_command(argc, argv, &args);
	if (command == NULL) {
		return CMD_USAGE;
	}
	ok = paths_init(&ctl.paths, &ctl.options, &err) &&
	     (command->is_local || ctl_open(&ctl, &err)) &&
	     ctl_command_run(command, &ctl, args, &err);
	ctl_close(&ctl);
	paths_finish(&ctl.paths);
	return ok ? CMD_OK : cmd_failed("ctl", "%s", err.message);
}
