#include "cmd/agent_arguments.h"

#include "agent/agent.h"
#include "cmd/cmd.h"
#include "cmd/cmd_options.h"
#include "core/log.h"

#include <getopt.h>
#include <stddef.h>

static const char help[] =
	"Usage: capydeck agent [options]\n"
	"\n"
	"Makes this device an Agent: a CapyDeploy Hub on the network finds it, pairs with a code\n"
	"and sends games, which are installed and get their shortcut in Steam. Runs until it gets\n"
	"SIGTERM or SIGINT; uploads that are under way then can be resumed.\n"
	"\n"
	"On standard output it prints 'socket PATH' once 'capydeck ctl' can reach it, and\n"
	"'listening on ADDRESS:PORT' once Hubs can, and after each change of the port. While another\n"
	"process uses the port it says which one, and tries again every few seconds. It prints\n"
	"'waiting for the end of WHOM' while --wait or --takeover wait for another agent, and\n"
	"'released' when it makes room for one. The pairing code appears on the terminal it runs\n"
	"on, if any, and in 'capydeck ctl pairing'.\n"
	"\n"
	"Options:\n"
	"  --port N               listen on this port; 0 takes any free one\n"
	"                         (default: the setting agent.port, 9999)\n"
	"  --name NAME            name shown to Hubs (default: the setting agent.name)\n"
	"  --library DIR          folder that games are installed in\n"
	"                         (default: the setting library.path, ~/Games)\n"
	"  --steam-dir DIR        use this Steam installation instead of looking for one\n"
	"  --config-dir DIR       settings and paired Hubs (default: ~/.config/capydeck)\n"
	"  --state-dir DIR        installed games and the lock\n"
	"                         (default: ~/.local/state/capydeck)\n"
	"  --runtime-dir DIR      the socket for 'capydeck ctl'\n"
	"                         (default: $XDG_RUNTIME_DIR/capydeck)\n"
	"  --no-mdns              do not announce this device on the network\n"
	"  --no-overlay           do not show the pairing code over the running game\n"
	"  --wait                 if another agent of this user is running, wait for its end\n"
	"                         instead of failing, and wait again after handing over to one\n"
	"                         started with --takeover: for a service\n"
	"  --takeover             if another agent of this user is running, ask it to hand over;\n"
	"                         its uploads continue here\n"
	"  --exit-on-stdin-eof    also end when standard input is closed, or when the process\n"
	"                         that started this one ends\n"
	"  --allow-root           run as root, which is refused otherwise\n"
	"  --verbose              log more\n"
	"  --help                 print this text\n"
	"\n"
	"Exit codes:\n"
	"  0  stopped on request\n"
	"  1  failed, e.g. because another agent is running\n"
	"  2  invalid options\n";

static int check_arguments(const struct agent_arguments *arguments, const char *surplus)
{
	if (surplus != NULL) {
		return cmd_usage("agent", "unexpected argument '%s'", surplus);
	}
	if (arguments->wait && arguments->takeover) {
		return cmd_usage("agent", "--wait and --takeover exclude each other");
	}
	if (arguments->verbose) {
		log_set_level(LOG_LEVEL_DEBUG);
	}
	return -1;
}

int agent_arguments_read(struct agent_arguments *arguments, int argc, char **argv)
{
	const struct cmd_option options[] = {
		{ "port", .number = &arguments->port, .high = UINT16_MAX },
		{ "name", .text = &arguments->name },
		{ "library", .text = &arguments->paths.library_dir },
		{ "steam-dir", .text = &arguments->steam_dir },
		{ "config-dir", .text = &arguments->paths.config_dir },
		{ "state-dir", .text = &arguments->paths.state_dir },
		{ "runtime-dir", .text = &arguments->paths.runtime_dir },
		{ "no-mdns", .flag = &arguments->no_mdns },
		{ "no-overlay", .flag = &arguments->no_overlay },
		{ "wait", .flag = &arguments->wait },
		{ "takeover", .flag = &arguments->takeover },
		{ "exit-on-stdin-eof", .flag = &arguments->exit_on_stdin_eof },
		{ "allow-root", .flag = &arguments->allow_root },
		{ "verbose", .flag = &arguments->verbose },
		{ .name = NULL },
	};
	int code;

	*arguments = (struct agent_arguments){ .port = AGENT_PORT_FROM_SETTINGS };
	code = cmd_options_read("agent", help, options, argc, argv);
	return code >= 0 ? code : check_arguments(arguments, optind < argc ? argv[optind] : NULL);
}
