#define LOG_MODULE "agent"

#include "agent/agent.h"
#include "agent/agent_lock.h"
#include "agent/config.h"
#include "cmd/agent_arguments.h"
#include "cmd/cmd.h"
#include "cmd/terminal_code.h"
#include "control/control.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/sd_notify.h"
#include "core/sha256.h"
#include "core/strvec.h"
#include "core/tcp_socket.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "discovery/network_watch.h"
#include "proto/proto_ipc.h"
#include "ws/lws_loop.h"

#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER_THREADS 2
#define DESCRIPTORS_NEEDED 64
#define DESCRIPTORS_WANTED 1024
/*
 * Blocks of this size go back to the system once freed. By default malloc() keeps sizes that it has
 * seen a few times, in threads permanently: not even malloc_trim() frees those.
 */
#define LARGE_BYTES (256 * 1024)
/*
 * The previous holder may have been killed: its descriptors close one after another, the lock not
 * last.
 */
#define LEFTOVERS_WAIT_MS 2000
#define LEFTOVERS_PERIOD_MS 50

/* The agent's process; lives on cmd_agent()'s stack. */
struct daemon {
	const struct agent_arguments *arguments;
	struct paths paths;
	char *socket_path;
	char *description;
	struct loop *loop;
	struct sd_notify *notify;
	struct loop_watch *stdin_watch;
	struct loop_timer *rest;
	bool ending;   /* told to end */
	bool released; /* asked to hand over to another agent */

	/* While it wants to serve: */
	struct agent_lock *lock;
	bool locked;
	struct error lock_error;

	/* While it serves: */
	struct config config;
	struct lws_loop *lws_loop;
	struct worker *worker;
	struct agent *agent;
	struct control *control;
	struct terminal_code terminal;
};

/* --- Ending --- */

static void end_daemon(struct daemon *daemon)
{
	daemon->ending = true;
	loop_stop(daemon->loop);
}

static void on_signal(void *user, int signal_number)
{
	log_info("stopping (%s)", strsignal(signal_number));
	end_daemon(user);
}

static void on_stdin(void *user, uint32_t events)
{
	struct daemon *daemon = user;
	char discarded[512];

	if (read(STDIN_FILENO, discarded, sizeof(discarded)) <= 0) {
		log_info("stopping: standard input is closed");
		loop_watch_remove(TAKE_PTR(daemon->stdin_watch));
		end_daemon(daemon);
	}
}

/* The lines described by --help, for the program that started this one. */
static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

static bool watch_stdin(struct daemon *daemon, struct error *err)
{
	struct stat input;

	/* Files and /dev/null cannot be watched. */
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

/* If it was asked too late, e.g. after a debugger's pause, it goes on. */
static bool on_release(void *user, struct error *err)
{
	struct daemon *daemon = user;

	if (!agent_lock_is_claimed(daemon->lock)) {
		return error_set(err, ERROR_CONFLICT,
			"no other agent is waiting to take over; start it with --takeover");
	}
	say("released");
	daemon->released = true;
	loop_stop(daemon->loop);
	return true;
}

/* --- The lock --- */

static const char *role(const struct agent_arguments *arguments)
{
	return arguments->wait ? "desktop" : arguments->takeover ? "decky" : "terminal";
}

static enum agent_lock_manner manner(const struct agent_arguments *arguments)
{
	return arguments->wait	     ? AGENT_LOCK_WAIT
	       : arguments->takeover ? AGENT_LOCK_TAKE_OVER
				     : AGENT_LOCK_AT_ONCE;
}

static void on_waiting(void *user, const char *holder)
{
	struct daemon *daemon = user;
	AUTO(free_ptr) char *text = xasprintf("waiting for the end of %s", holder);

	say(text);
	sd_notify_status(daemon->notify, text);
	if (daemon->arguments->wait) {
		sd_notify_ready(daemon->notify); /* a start that is waiting must not time out */
	}
}

static void on_lock_taken(void *user, const struct error *err)
{
	struct daemon *daemon = user;

	daemon->locked = err == NULL;
	if (err != NULL) {
		daemon->lock_error = *err;
	}
	loop_stop(daemon->loop);
}

static const struct agent_lock_events lock_events = {
	.waiting = on_waiting,
	.taken = on_lock_taken,
};

/* False without an error if told to end meanwhile. */
static bool take_lock(struct daemon *daemon, struct error *err)
{
	daemon->locked = false;
	daemon->lock = agent_lock_create(
		&(struct agent_lock_options){
			.loop = daemon->loop,
			.manner = manner(daemon->arguments),
			.state_dir = daemon->paths.state_dir,
			.description = daemon->description,
			.socket_path = daemon->socket_path,
		},
		err);
	if (daemon->lock == NULL) {
		return false;
	}
	agent_lock_take(daemon->lock, &lock_events, daemon);
	loop_run(daemon->loop);
	*err = daemon->lock_error;
	return daemon->locked && !daemon->ending;
}

/* --- Serving --- */

/* Startup has succeeded even without the port: the status says what is wrong. */
static void say_listening(void *user)
{
	const struct daemon *daemon = user;
	const char *problem = agent_listening_problem(daemon->agent);
	AUTO(strvec_finish) struct strvec addresses = { 0 };
	AUTO(free_ptr) char *place = NULL;
	AUTO(free_ptr) char *text = NULL;

	if (problem != NULL) {
		sd_notify_status(daemon->notify, problem);
		return;
	}
	network_watch_addresses(&addresses);
	place = tcp_socket_host_port(
		addresses.count > 0 ? addresses.items[0] : "127.0.0.1", agent_port(daemon->agent));
	text = xasprintf("listening on %s", place);
	say(text);
	sd_notify_status(daemon->notify, text);
}

static void say_serving(struct daemon *daemon)
{
	AUTO(free_ptr) char *text = xasprintf("socket %s", daemon->socket_path);

	say(text);
	say_listening(daemon);
	sd_notify_ready(daemon->notify);
}

/* The command line overrides the settings, without being saved in them. */
static bool load_config(struct daemon *daemon, char **notice, struct error *err)
{
	const struct agent_arguments *arguments = daemon->arguments;
	AUTO(free_ptr) char *path = path_join(daemon->paths.config_dir, "settings.json");

	config_load(&daemon->config, path, notice);
	if (daemon->config.is_unread) {
		free(TAKE_PTR(*notice)); /* the agent tells it for as long as it is true */
	}
	return (arguments->name == NULL ||
		       config_set(&daemon->config, "agent.name", arguments->name, err)) &&
	       (arguments->paths.library_dir == NULL ||
		       config_set(&daemon->config, "library.path", daemon->paths.library_dir, err));
}

static bool create_agent(struct daemon *daemon, struct error *err)
{
	const struct agent_arguments *arguments = daemon->arguments;

	daemon->lws_loop = lws_loop_create(daemon->loop, err);
	if (daemon->lws_loop == NULL) {
		return false;
	}
	daemon->worker = worker_create(daemon->loop, WORKER_THREADS);
	daemon->control = control_create(daemon->loop);
	daemon->agent = agent_create(
		&(struct agent_options){
			.loop = daemon->loop,
			.lws_loop = daemon->lws_loop,
			.worker = daemon->worker,
			.paths = &daemon->paths,
			.config = &daemon->config,
			.port = arguments->port,
			.steam_dir = arguments->steam_dir,
			.steam_ui = control_steam_ui(daemon->control),
			.listening_changed = say_listening,
			.user = daemon,
		},
		err);
	return daemon->agent != NULL;
}

static bool open_services(struct daemon *daemon, struct error *err)
{
	AUTO(free_ptr) char *notice = NULL;

	if (!load_config(daemon, &notice, err) || !create_agent(daemon, err)) {
		return false;
	}
	if (notice != NULL) {
		agent_add_notice(daemon->agent, notice);
	}
	terminal_code_init(&daemon->terminal, agent_pairing(daemon->agent));
	if (!daemon->arguments->no_overlay) {
		agent_show_codes(daemon->agent);
	}
	return control_open(daemon->control,
		&(struct control_options){
			.agent = daemon->agent,
			.socket_path = daemon->socket_path,
			.role = role(daemon->arguments),
			.release = on_release,
			.user = daemon,
		},
		err);
}

/* Connections are closed and uploads checkpointed when it returns; the lock is still held. */
static void close_services(struct daemon *daemon)
{
	control_close(daemon->control);
	if (daemon->agent != NULL) {
		terminal_code_finish(&daemon->terminal, agent_pairing(daemon->agent));
	}
	agent_destroy(TAKE_PTR(daemon->agent));
	control_destroy(TAKE_PTR(daemon->control));
	worker_destroy(TAKE_PTR(daemon->worker));
	lws_loop_destroy(TAKE_PTR(daemon->lws_loop));
	config_finish(&daemon->config);
}

static void on_rested(void *user)
{
	loop_stop(user);
}

/* As open_services(); the previous agent may still be exiting. */
static bool open_after_another(struct daemon *daemon, struct error *err)
{
	int64_t deadline_ms = loop_now_ms() + LEFTOVERS_WAIT_MS;
	bool patient = manner(daemon->arguments) != AGENT_LOCK_AT_ONCE;

	while (!open_services(daemon, err)) {
		close_services(daemon);
		if (err->kind != ERROR_CONFLICT || !patient || loop_now_ms() >= deadline_ms) {
			return false;
		}
		loop_timer_set(daemon->rest, LEFTOVERS_PERIOD_MS);
		loop_run(daemon->loop);
		if (daemon->ending) {
			*err = (struct error){ 0 };
			return false;
		}
	}
	return true;
}

/* Until it is told to end, or to hand over. False without an error: before it served. */
static bool serve(struct daemon *daemon, struct error *err)
{
	if (!open_after_another(daemon, err)) {
		return false;
	}
	say_serving(daemon);
	if (!daemon->arguments->no_mdns) {
		agent_announce(daemon->agent);
	}
	lws_loop_run(daemon->lws_loop);
	if (daemon->released && daemon->arguments->wait && !daemon->ending) {
		sd_notify_status(daemon->notify, "handing over to another agent");
	} else {
		sd_notify_stopping(daemon->notify);
	}
	close_services(daemon);
	return true;
}

/* --- The process --- */

static bool open_daemon(struct daemon *daemon, struct error *err)
{
	if (!paths_init(&daemon->paths, &daemon->arguments->paths, err)) {
		return false;
	}
	daemon->socket_path = path_join(daemon->paths.runtime_dir, IPC_SOCKET_NAME);
	daemon->description = xasprintf(
		"capydeck agent %s, socket in %s", CAPYDECK_VERSION, daemon->paths.runtime_dir);
	daemon->loop = loop_create();
	daemon->notify = sd_notify_create(daemon->loop);
	daemon->rest = loop_timer_create(daemon->loop, on_rested, daemon->loop);
	loop_on_signal(daemon->loop, SIGTERM, on_signal, daemon);
	loop_on_signal(daemon->loop, SIGINT, on_signal, daemon);
	return !daemon->arguments->exit_on_stdin_eof || watch_stdin(daemon, err);
}

/* Waits for the lock and serves; repeatedly with --wait. */
static bool take_turns(struct daemon *daemon, struct error *err)
{
	bool ok;

	do {
		daemon->released = false;
		ok = take_lock(daemon, err) && serve(daemon, err);
		agent_lock_destroy(TAKE_PTR(daemon->lock));
	} while (ok && daemon->released && daemon->arguments->wait && !daemon->ending);
	return ok || err->kind == ERROR_NONE;
}

static void close_daemon(struct daemon *daemon)
{
	sd_notify_destroy(daemon->notify);
	loop_watch_remove(daemon->stdin_watch);
	loop_timer_destroy(daemon->rest);
	loop_destroy(daemon->loop);
	free(daemon->socket_path);
	free(daemon->description);
	paths_finish(&daemon->paths);
}

/* With a few less it would start, and then leave Hubs or its owner without an answer. */
static bool check_descriptors(struct error *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED) {
		return true;
	}
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	return (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= DESCRIPTORS_NEEDED) ||
	       error_set(err, ERROR_IO,
		       "cannot serve with %ju open files; raise 'ulimit -n' to %d or more",
		       (uintmax_t)limit.rlim_cur, DESCRIPTORS_NEEDED);
}

int cmd_agent(int argc, char **argv)
{
	struct agent_arguments arguments;
	struct daemon daemon = { .arguments = &arguments, .terminal = { .fd = -1 } };
	struct error err = { 0 };
	int code = agent_arguments_read(&arguments, argc, argv);

	if (code >= 0) {
		return code;
	}
	if (geteuid() == 0 && !arguments.allow_root) {
		return cmd_failed("agent", "refusing to run as root; start it as the user who "
					   "plays, or add --allow-root");
	}
	signal(SIGPIPE, SIG_IGN);
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	/*
	 * One arena for all threads: memory freed by the loop can be used by workers. With one
	 * arena each, both would keep their peak.
	 */
	mallopt(M_ARENA_MAX, 1);
	if (!check_descriptors(&err)) {
		return cmd_failed("agent", "%s", err.message);
	}
	sha256_prepare();
	code = open_daemon(&daemon, &err) && take_turns(&daemon, &err)
		       ? CMD_OK
		       : cmd_failed("agent", "%s", err.message);
	close_daemon(&daemon);
	return code;
}
