#include "cmd/cmd.h"

#include "cmd/push_arguments.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/tcp_socket.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_steam.h"
#include "proto/proto_upload.h"
#include "push/agent_address.h"
#include "push/agent_finder.h"
#include "push/agent_tokens.h"
#include "push/executable_guess.h"
#include "push/hash_cache.h"
#include "push/push_manifest.h"
#include "push/push_report.h"
#include "push/push_transfer.h"
#include "terminal/code_prompt.h"
#include "ws/lws_loop.h"

#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIND_WAIT_MS (5 * 1000)
#define WORKER_THREADS_MAX 4
/* Wrong codes, and codes that ran out with nobody at the keyboard. */
#define CODE_TRIES 3

struct push_command {
	struct push_arguments options;
	struct push_report report;
	struct paths paths;
	struct push_manifest manifest;
	struct agent_tokens tokens;
	struct hash_cache *cache;
	struct loop *loop;
	struct lws_loop *lws_loop;
	struct worker *worker;
	struct agent_finder *finder;
	struct push_transfer *push;
	struct code_prompt *prompt;
	struct agent_address address;
	char *address_text;
	char *agent_id;	  /* NULL: not known */
	char *agent_name; /* for the prompt */
	char *hub_name;
	char *game_name;
	const char *executable; /* borrowed; NULL: none */
	struct upload_config upload;
	struct shortcut_config shortcut;
	unsigned wrong_codes;
	unsigned unused_codes;
	bool is_over;
	enum push_end end;
	struct error err;
};

static void finish(struct push_command *command, enum push_end end, const struct error *err)
{
	if (command->is_over) {
		return;
	}
	command->is_over = true;
	command->end = end;
	if (err != NULL) {
		command->err = *err;
	}
	loop_stop(command->loop);
}

static void give_up_pairing(struct push_command *command, const char *why)
{
	struct error err = { 0 };

	error_set(&err, ERROR_UNAUTHORIZED, "%s", why);
	finish(command, PUSH_PAIRING_NEEDED, &err);
}

static void on_code_entered(void *user, const char *code)
{
	struct push_command *command = user;

	command->unused_codes = 0;
	push_transfer_confirm(command->push, code);
}

static void on_input_closed(void *user)
{
	give_up_pairing(user, "not paired with this agent yet, and nobody gave the code: run this "
			      "on a terminal once, or give --code with what the Deck shows");
}

static void renew_code(struct push_command *command)
{
	if (++command->unused_codes == CODE_TRIES) {
		give_up_pairing(command, "nobody entered the code that the Deck showed; run this "
					 "again when somebody is there");
		return;
	}
	push_transfer_renew_code(command->push);
}

static void on_prompt_expired(void *user)
{
	renew_code(user);
}

static const struct code_prompt_events prompt_events = {
	.entered = on_code_entered,
	.closed = on_input_closed,
	.expired = on_prompt_expired,
};

static void ask(struct push_command *command, const char *hint, int64_t expires_in_s)
{
	push_report_make_way(&command->report);
	if (command->prompt == NULL) {
		command->prompt = code_prompt_create(
			command->loop, command->agent_name, &prompt_events, command);
	}
	code_prompt_ask(command->prompt, hint, expires_in_s);
}

static bool may_ask(const struct push_command *command)
{
	return command->options.mode != PUSH_REPORT_JSON || command->options.code_from_input;
}

static void on_code_wanted(void *user, enum agent_code_reason reason, int64_t expires_in_s)
{
	struct push_command *command = user;
	const char *code = command->options.code;

	if (reason == AGENT_CODE_WRONG && (code != NULL || ++command->wrong_codes == CODE_TRIES)) {
		give_up_pairing(command, "the Deck does not take this code; run the command again "
					 "for a new one");
		return;
	}
	if (reason == AGENT_CODE_EXPIRED) {
		code_prompt_destroy(TAKE_PTR(command->prompt));
		renew_code(command);
		return;
	}
	if (reason == AGENT_CODE_NEW) {
		push_report_pairing(&command->report, expires_in_s);
	}
	if (code != NULL) {
		push_transfer_confirm(command->push, code);
	} else if (may_ask(command)) {
		ask(command, reason == AGENT_CODE_WRONG ? "That is not the code." : NULL,
			expires_in_s);
	} else {
		give_up_pairing(command, "not paired with this agent yet: give --code with what "
					 "the Deck shows, --code - to send it on standard input, "
					 "or push once without --json");
	}
}

static void on_code_unwanted(void *user)
{
	struct push_command *command = user;

	code_prompt_destroy(TAKE_PTR(command->prompt));
}

static void on_paired(void *user)
{
	struct push_command *command = user;

	code_prompt_destroy(TAKE_PTR(command->prompt));
	push_report_paired(&command->report);
}

static void on_connected(void *user, const char *agent_name)
{
	struct push_command *command = user;

	push_report_connected(&command->report, agent_name);
}

static void on_progress(void *user, const struct push_progress *progress)
{
	struct push_command *command = user;

	push_report_progress(&command->report, progress);
}

static void on_notice(void *user, const char *text)
{
	struct push_command *command = user;

	push_report_notice(&command->report, text);
}

static void on_push_finished(void *user, enum push_end end, const struct error *err)
{
	finish(user, end, err);
}

static const struct push_events push_events = {
	.code_wanted = on_code_wanted,
	.code_unwanted = on_code_unwanted,
	.paired = on_paired,
	.connected = on_connected,
	.progress = on_progress,
	.notice = on_notice,
	.finished = on_push_finished,
};

static void on_signal(void *user, int signal_number)
{
	finish(user, PUSH_INTERRUPTED, NULL);
}

static void start_push(struct push_command *command)
{
	const struct push_arguments *options = &command->options;
	struct push_transfer_options push;

	command->address_text = tcp_socket_host_port(command->address.host, command->address.port);
	if (command->agent_name == NULL) {
		command->agent_name = xstrdup(command->address_text);
	}
	push = (struct push_transfer_options){
		.link = {
			.lws_loop = command->lws_loop,
			.tokens = &command->tokens,
			.host = command->address.host,
			.port = command->address.port,
			.address = command->address_text,
			.agent_id = command->agent_id,
			.hub_name = command->hub_name,
			.retry_ms = options->retry_ms,
		},
		.worker = command->worker,
		.manifest = &command->manifest,
		.cache = command->cache,
		.upload = &command->upload,
		.shortcut = options->wants_shortcut ? &command->shortcut : NULL,
		.user_id = options->user_id,
		.chunk_size_bytes = options->chunk_size_bytes,
		.in_flight_count = (unsigned)options->in_flight_count,
	};
	command->push = push_transfer_create(&push, &push_events, command);
}

/* "deck" may be a host that does not announce itself. */
static bool resolves(const char *name)
{
	struct addrinfo *addresses = NULL;
	bool is_host = strpbrk(name, " \t") == NULL &&
		       getaddrinfo(name, NULL, &(struct addrinfo){ .ai_socktype = SOCK_STREAM },
			       &addresses) == 0;

	if (is_host) {
		freeaddrinfo(addresses);
	}
	return is_host;
}

static void drop_finder(void *user)
{
	struct push_command *command = user;

	agent_finder_destroy(TAKE_PTR(command->finder));
}

static void on_found(void *user, const struct error *err)
{
	struct push_command *command = user;
	const char *wanted = command->options.to;
	struct error failure = { 0 };
	const struct found_agent *agent =
		err == NULL ? agent_finder_match(command->finder, wanted, &failure) : NULL;

	if (agent != NULL) {
		command->address = (struct agent_address){ .host = xstrdup(agent->address),
			.port = (uint16_t)agent->port };
		command->agent_id = xstrdup(agent->id);
		command->agent_name = xstrdup(agent->name);
		start_push(command);
	} else if ((err != NULL || failure.kind == ERROR_NOT_FOUND) && resolves(wanted)) {
		command->address = (struct agent_address){
			.host = xstrdup(wanted),
			.port = PROTO_DEFAULT_PORT,
		};
		start_push(command);
	} else {
		finish(command, PUSH_UNREACHABLE, err != NULL ? err : &failure);
	}
	loop_defer(command->loop, drop_finder, command);
}

static bool describe_game(struct push_command *command, struct error *err)
{
	const struct push_arguments *options = &command->options;
	const char *name = command->game_name;

	if (options->exe != NULL) {
		command->executable =
			executable_named(&command->manifest, options->dir, options->exe, err);
	} else if (options->wants_shortcut) {
		command->executable = executable_guess(&command->manifest, name, err);
	}
	if (command->executable == NULL && (options->exe != NULL || options->wants_shortcut)) {
		return false;
	}
	command->upload = (struct upload_config){
		.game_name = command->game_name,
		.install_path = options->install_path,
		.executable = command->executable,
		.launch_options = options->launch_options,
		.tags = options->tags,
	};
	command->shortcut = (struct shortcut_config){
		.name = command->game_name,
		.exe = command->executable,
		.launch_options = options->launch_options,
		.tags = options->tags,
	};
	return true;
}

/* The folder's own name, also for "." and "games/foo/". */
static char *folder_name(const char *dir)
{
	AUTO(free_ptr) char *absolute = realpath(dir, NULL);

	return xstrdup(path_base(absolute != NULL ? absolute : dir));
}

static bool look_at_game(struct push_command *command, struct error *err)
{
	const struct push_arguments *options = &command->options;

	if (!push_manifest_init(&command->manifest, options->dir, &options->excludes, err)) {
		return false;
	}
	for (size_t i = 0; i < command->manifest.warnings.count; i++) {
		push_report_notice(&command->report, command->manifest.warnings.items[i]);
	}
	if (command->manifest.files_count == 0) {
		return error_set(
			err, ERROR_INVALID, "there is nothing to send in '%s'", options->dir);
	}
	command->game_name =
		options->name != NULL ? xstrdup(options->name) : folder_name(options->dir);
	return describe_game(command, err);
}

static struct hash_cache *open_cache(const struct paths *paths)
{
	const char *base = getenv("XDG_CACHE_HOME");
	AUTO(free_ptr)
	char *path = base != NULL && base[0] == '/'
			     ? path_join(base, "capydeck/hashes")
			     : path_join(paths->home, ".cache/capydeck/hashes");

	return hash_cache_create(path);
}

static bool open_config(struct push_command *command, struct error *err)
{
	const struct paths_options options = { .config_dir = command->options.config_dir };
	AUTO(free_ptr) char *notice = NULL;
	char host[HOST_NAME_MAX + 1] = "";

	if (!paths_init(&command->paths, &options, err) ||
		!agent_tokens_init(&command->tokens, command->paths.config_dir, &notice, err)) {
		return false;
	}
	if (notice != NULL) {
		push_report_notice(&command->report, notice);
	}
	gethostname(host, sizeof(host) - 1);
	command->hub_name = xstrdup(host[0] != '\0' ? host : "capydeck push");
	command->cache = open_cache(&command->paths);
	return true;
}

static unsigned thread_limit(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (processors < 2) {
		return 2; /* one reads while the other hashes */
	}
	return processors < WORKER_THREADS_MAX ? (unsigned)processors : WORKER_THREADS_MAX;
}

static bool start(struct push_command *command, struct error *err)
{
	command->loop = loop_create();
	loop_on_signal(command->loop, SIGINT, on_signal, command);
	loop_on_signal(command->loop, SIGTERM, on_signal, command);
	loop_on_signal(command->loop, SIGHUP, on_signal, command);
	command->worker = worker_create(command->loop, thread_limit());
	command->lws_loop = lws_loop_create(command->loop, err);
	if (command->lws_loop == NULL) {
		return false;
	}
	if (command->options.is_address) {
		command->address = command->options.address;
		command->options.address = (struct agent_address){ 0 };
		start_push(command);
	} else {
		command->finder = agent_finder_create(
			command->loop, command->options.to, FIND_WAIT_MS, on_found, command);
	}
	return true;
}

static int report_end(struct push_command *command)
{
	struct push_outcome outcome;

	code_prompt_destroy(TAKE_PTR(command->prompt));
	if (command->push == NULL) {
		return push_report_end(&command->report, command->end, NULL, &command->err);
	}
	outcome = push_transfer_outcome(command->push);
	return push_report_end(&command->report, command->end, &outcome, &command->err);
}

static void tear_down(struct push_command *command)
{
	code_prompt_destroy(command->prompt);
	agent_finder_destroy(TAKE_PTR(command->finder)); /* drop_finder() may still come */
	push_transfer_destroy(command->push);
	worker_destroy(command->worker);
	lws_loop_destroy(command->lws_loop);
	loop_destroy(command->loop);
	hash_cache_destroy(command->cache);
	agent_tokens_finish(&command->tokens);
	push_manifest_finish(&command->manifest);
	agent_address_finish(&command->address);
	paths_finish(&command->paths);
	push_arguments_finish(&command->options);
	free(command->address_text);
	free(command->agent_id);
	free(command->agent_name);
	free(command->hub_name);
	free(command->game_name);
}

int cmd_push(int argc, char **argv)
{
	AUTO(tear_down) struct push_command command = { 0 };
	struct error err = { 0 };
	int code = push_arguments_read(&command.options, argc, argv);

	if (code >= 0) {
		return code;
	}
	push_report_init(&command.report, command.options.mode);
	if (!look_at_game(&command, &err) || !open_config(&command, &err) ||
		!start(&command, &err)) {
		return push_report_end(&command.report, PUSH_FAILED, NULL, &err);
	}
	lws_loop_run(command.lws_loop);
	return report_end(&command);
}
