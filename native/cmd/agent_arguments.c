#include "cmd/agent_arguments.h"

#include "agent/agent.h"
#include "cmd/cmd.h"
#include "core/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
	"Usage: capydeck agent [options]\n"
	"\n"
	"Makes this device an Agent: a CapyDeploy Hub on the network finds it, pairs with a code\n"
	"and sends games, which are installed and get their shortcut in Steam. Runs until it gets\n"
	"SIGTERM or SIGINT; uploads that are under way then can be resumed.\n"
	"\n"
	"When it serves, it prints one line, 'listening on ADDRESS:PORT', on standard output. The\n"
	"pairing code appears on the terminal it runs on, if any, and in 'capydeck ctl pairing'.\n"
	"\n"
	"Options:\n"
	"  --port N               listen on this port; 0 takes any free one\n"
	"                         (default: the setting agent.port, 9999)\n"
	"  --name NAME            name shown to Hubs (default: the setting agent.name)\n"
	"  --library DIR          folder that games are installed in\n"
	"                         (default: the setting library.path, ~/Games)\n"
	"  --steam-dir DIR        this Steam installation instead of Steam's own places\n"
	"  --config-dir DIR       settings and paired Hubs (default: ~/.config/capydeck)\n"
	"  --state-dir DIR        installed games and the lock\n"
	"                         (default: ~/.local/state/capydeck)\n"
	"  --runtime-dir DIR      the socket for 'capydeck ctl'\n"
	"                         (default: $XDG_RUNTIME_DIR/capydeck)\n"
	"  --no-mdns              do not announce this device on the network\n"
	"  --no-overlay           do not show the pairing code over the running game\n"
	"  --wait                 when another agent of this user runs, wait for its end\n"
	"                         instead of failing, and wait again after making room for one\n"
	"                         that takes over: for a service\n"
	"  --takeover             when another agent of this user runs, ask it to make room: its\n"
	"                         uploads go on here\n"
	"  --exit-on-stdin-eof    also end when standard input is closed, or when the process\n"
	"                         that started this one ends\n"
	"  --allow-root           run as root, which is refused otherwise\n"
	"  --verbose              log more\n"
	"  --help                 print this text\n"
	"\n"
	"Exit codes:\n"
	"  0  ended as it was told to\n"
	"  1  failed, e.g. the port is taken or another agent runs\n"
	"  2  wrong options\n";

static bool read_port(const char *text, int64_t *port)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 0 || value > 65535) {
		return false;
	}
	*port = value;
	return true;
}

static int check_arguments(struct agent_arguments *arguments, const char *surplus)
{
	if (arguments->help) {
		fputs(help, stdout);
		return CMD_OK;
	}
	if (surplus != NULL) {
		return cmd_usage("agent", "what is '%s' for?", surplus);
	}
	if (arguments->port_text != NULL && !read_port(arguments->port_text, &arguments->port)) {
		return cmd_usage("agent", "'%s' is not a port (0 to 65535)", arguments->port_text);
	}
	if (arguments->wait && arguments->takeover) {
		return cmd_usage("agent", "--wait lets another agent serve, --takeover does not: "
					  "give one of them");
	}
	if (arguments->verbose) {
		log_set_level(LOG_LEVEL_DEBUG);
	}
	return -1;
}

int agent_arguments_read(struct agent_arguments *arguments, int argc, char **argv)
{
	enum { PORT, NAME, LIBRARY, STEAM, CONFIG, STATE, RUNTIME, TEXT_COUNT };
	enum {
		NO_MDNS = TEXT_COUNT,
		NO_OVERLAY,
		WAIT,
		TAKEOVER,
		STDIN_EOF,
		ALLOW_ROOT,
		VERBOSE,
		HELP,
		COUNT
	};
	static const struct option options[COUNT + 1] = {
		[PORT] = { "port", required_argument, NULL, PORT },
		[NAME] = { "name", required_argument, NULL, NAME },
		[LIBRARY] = { "library", required_argument, NULL, LIBRARY },
		[STEAM] = { "steam-dir", required_argument, NULL, STEAM },
		[CONFIG] = { "config-dir", required_argument, NULL, CONFIG },
		[STATE] = { "state-dir", required_argument, NULL, STATE },
		[RUNTIME] = { "runtime-dir", required_argument, NULL, RUNTIME },
		[NO_MDNS] = { "no-mdns", no_argument, NULL, NO_MDNS },
		[NO_OVERLAY] = { "no-overlay", no_argument, NULL, NO_OVERLAY },
		[WAIT] = { "wait", no_argument, NULL, WAIT },
		[TAKEOVER] = { "takeover", no_argument, NULL, TAKEOVER },
		[STDIN_EOF] = { "exit-on-stdin-eof", no_argument, NULL, STDIN_EOF },
		[ALLOW_ROOT] = { "allow-root", no_argument, NULL, ALLOW_ROOT },
		[VERBOSE] = { "verbose", no_argument, NULL, VERBOSE },
		[HELP] = { "help", no_argument, NULL, HELP },
	};
	const char **const texts[TEXT_COUNT] = {
		[PORT] = &arguments->port_text,
		[NAME] = &arguments->name,
		[LIBRARY] = &arguments->paths.library_dir,
		[STEAM] = &arguments->steam_dir,
		[CONFIG] = &arguments->paths.config_dir,
		[STATE] = &arguments->paths.state_dir,
		[RUNTIME] = &arguments->paths.runtime_dir,
	};
	bool *const flags[COUNT] = {
		[NO_MDNS] = &arguments->no_mdns,
		[NO_OVERLAY] = &arguments->no_overlay,
		[WAIT] = &arguments->wait,
		[TAKEOVER] = &arguments->takeover,
		[STDIN_EOF] = &arguments->exit_on_stdin_eof,
		[ALLOW_ROOT] = &arguments->allow_root,
		[VERBOSE] = &arguments->verbose,
		[HELP] = &arguments->help,
	};
	int option;

	*arguments = (struct agent_arguments){ .port = AGENT_PORT_FROM_SETTINGS };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?') {
			return cmd_usage("agent", NULL);
		}
		if (option < TEXT_COUNT) {
			*texts[option] = optarg;
		} else {
			*flags[option] = true;
		}
	}
	return check_arguments(arguments, optind < argc ? argv[optind] : NULL);
}
