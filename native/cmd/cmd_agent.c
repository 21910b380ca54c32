#define LOG_MODULE "agent"

#include "agent/agent.h"
#include "agent/agent_lock.h"
#include "cmd/cmd.h"
#include "cmd/terminal_code.h"
#include "control/control.h"
#include "control/ui_link.h"
#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "net/local_addresses.h"
#include "net/lws_loop.h"
#include "proto/proto_constants.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER_THREADS 2
#define PORT_FROM_SETTINGS (-1)

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
	"                         instead of failing\n"
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

struct agent_arguments {
	struct paths_options paths;
	const char *name;
	const char *steam_dir;
	const char *port_text;
	int64_t port;
	bool no_mdns;
	bool no_overlay;
	bool wait;
	bool exit_on_stdin_eof;
	bool allow_root;
	bool verbose;
	bool help;
};

/* The agent's process; lives on cmd_agent()'s stack. */
struct daemon {
	struct paths paths;
	struct config config;
	int lock_fd;
	struct loop *loop;
	struct lws_loop *lws_loop;
	struct worker *worker;
	struct ui_link *ui;
	struct agent *agent;
	struct control *control;
	struct terminal_code terminal;
	struct loop_watch *stdin_watch;
};

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
	if (arguments->verbose) {
		log_set_level(LOG_LEVEL_DEBUG);
	}
	return -1;
}

/* An exit code, or −1: go on. */
static int read_arguments(struct agent_arguments *arguments, int argc, char **argv)
{
	enum { PORT, NAME, LIBRARY, STEAM, CONFIG, STATE, RUNTIME, TEXT_COUNT };
	enum {
		NO_MDNS = TEXT_COUNT,
		NO_OVERLAY,
		WAIT,
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
		[STDIN_EOF] = &arguments->exit_on_stdin_eof,
		[ALLOW_ROOT] = &arguments->allow_root,
		[VERBOSE] = &arguments->verbose,
		[HELP] = &arguments->help,
	};
	int option;

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

static void on_signal(void *user, int signal_number)
{
	struct daemon *daemon = user;

	log_info("told to end (%s)", strsignal(signal_number));
	loop_stop(daemon->loop);
}

static void on_stdin(void *user, uint32_t events)
{
	struct daemon *daemon = user;
	char discarded[512];

	if (read(STDIN_FILENO, discarded, sizeof(discarded)) <= 0) {
		log_info("standard input is closed: ending");
		loop_watch_remove(TAKE_PTR(daemon->stdin_watch));
		loop_stop(daemon->loop);
	}
}

static bool watch_stdin(struct daemon *daemon, struct error *err)
{
	struct stat input;

	/* Files and /dev/null cannot be waited for. */
	if (fstat(STDIN_FILENO, &input) < 0 ||
		(!S_ISFIFO(input.st_mode) && !S_ISSOCK(input.st_mode) && !isatty(STDIN_FILENO))) {
		return error_set(err, ERROR_INVALID,
			"--exit-on-stdin-eof needs a pipe, socket or terminal as standard input");
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	daemon->stdin_watch =
		loop_watch_add(daemon->loop, STDIN_FILENO, LOOP_READ, on_stdin, daemon);
	return true;
}

/* What the command line says goes before the settings, without being kept among them. */
static bool load_config(struct daemon *daemon, const struct agent_arguments *arguments,
	char **notice, struct error *err)
{
	AUTO(free_ptr) char *path = path_join(daemon->paths.config_dir, "settings.json");

	config_load(&daemon->config, path, notice);
	return (arguments->name == NULL ||
		       config_set(&daemon->config, "agent.name", arguments->name, err)) &&
	       (arguments->paths.library_dir == NULL ||
		       config_set(&daemon->config, "library.path", daemon->paths.library_dir, err));
}

static bool start(struct daemon *daemon, const struct agent_arguments *arguments, struct error *err)
{
	AUTO(free_ptr) char *notice = NULL;
	AUTO(free_ptr) char *description = NULL;

	if (!paths_init(&daemon->paths, &arguments->paths, err)) {
		return false;
	}
	description = xasprintf(
		"capydeck agent %s, socket in %s", CAPYDECK_VERSION, daemon->paths.runtime_dir);
	daemon->lock_fd =
		agent_lock_take(daemon->paths.state_dir, description, arguments->wait, err);
	if (daemon->lock_fd < 0 || !load_config(daemon, arguments, &notice, err)) {
		return false;
	}
	daemon->loop = loop_create();
	loop_on_signal(daemon->loop, SIGTERM, on_signal, daemon);
	loop_on_signal(daemon->loop, SIGINT, on_signal, daemon);
	if (arguments->exit_on_stdin_eof && !watch_stdin(daemon, err)) {
		return false;
	}
	daemon->lws_loop = lws_loop_create(daemon->loop, err);
	if (daemon->lws_loop == NULL) {
		return false;
	}
	daemon->worker = worker_create(daemon->loop, WORKER_THREADS);
	daemon->ui = ui_link_create(daemon->loop);
	daemon->agent = agent_create(
		&(struct agent_options){
			.loop = daemon->loop,
			.lws_loop = daemon->lws_loop,
			.worker = daemon->worker,
			.paths = &daemon->paths,
			.config = &daemon->config,
			.port = arguments->port != PORT_FROM_SETTINGS ? arguments->port
								      : daemon->config.agent_port,
			.steam_dir = arguments->steam_dir,
			.steam_ui = ui_link_steam_ui(daemon->ui),
		},
		err);
	if (daemon->agent == NULL) {
		return false;
	}
	if (notice != NULL) {
		agent_add_notice(daemon->agent, notice);
	}
	terminal_code_init(&daemon->terminal, agent_pairing(daemon->agent));
	if (!arguments->no_overlay) {
		agent_show_codes(daemon->agent);
	}
	daemon->control = control_create(
		&(struct control_options){
			.loop = daemon->loop,
			.agent = daemon->agent,
			.ui = daemon->ui,
			.runtime_dir = daemon->paths.runtime_dir,
		},
		err);
	return daemon->control != NULL;
}

static void say_listening(const struct daemon *daemon)
{
	AUTO(strvec_finish) struct strvec addresses = { 0 };

	local_addresses(&addresses);
	printf("listening on %s:%u\n", addresses.count > 0 ? addresses.items[0] : "127.0.0.1",
		agent_port(daemon->agent));
	fflush(stdout);
}

static void stop(struct daemon *daemon)
{
	control_destroy(daemon->control);
	if (daemon->agent != NULL) {
		terminal_code_finish(&daemon->terminal, agent_pairing(daemon->agent));
	}
	agent_destroy(daemon->agent);
	ui_link_destroy(daemon->ui);
	if (daemon->worker != NULL) {
		worker_destroy(daemon->worker);
	}
	if (daemon->lws_loop != NULL) {
		lws_loop_destroy(daemon->lws_loop);
	}
	loop_watch_remove(daemon->stdin_watch);
	if (daemon->loop != NULL) {
		loop_destroy(daemon->loop);
	}
	config_finish(&daemon->config);
	paths_finish(&daemon->paths);
	close_fd(&daemon->lock_fd);
}

int cmd_agent(int argc, char **argv)
{
	struct agent_arguments arguments = { .port = PORT_FROM_SETTINGS };
	struct daemon daemon = { .lock_fd = -1, .terminal = { .fd = -1 } };
	struct error err = { 0 };
	int code = read_arguments(&arguments, argc, argv);

	if (code >= 0) {
		return code;
	}
	if (geteuid() == 0 && !arguments.allow_root) {
		return cmd_failed("agent", "refuses to run as root: start it as the user who "
					   "plays, or add --allow-root");
	}
	signal(SIGPIPE, SIG_IGN);
	if (start(&daemon, &arguments, &err)) {
		say_listening(&daemon);
		if (!arguments.no_mdns) {
			agent_announce(daemon.agent);
		}
		lws_loop_run(daemon.lws_loop);
		code = CMD_OK;
	} else {
		code = cmd_failed("agent", "%s", err.message);
	}
	stop(&daemon);
	return code;
}
