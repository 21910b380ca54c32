#include "push/push.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/program_file.h"
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
#include "push/host_lookup.h"
#include "push/push_manifest.h"
#include "push/push_transfer.h"
#include "ws/lws_loop.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIND_WAIT_MS (5 * 1000)
#define WORKER_THREADS_MAX 4

struct push {
	struct push_options options;
	const struct push_events *events;
	void *user;
	struct paths paths;
	struct push_manifest manifest;
	struct agent_tokens tokens;
	struct hash_cache *cache;
	struct worker *worker;

	/* Finding the Deck. One of these at a time, in this order: */
	struct agent_finder *finder;	/* looks for the name on the network */
	struct host_lookup *lookup;	/* then looks for a host of that name */
	struct push_transfer *transfer; /* the address is known */
	struct error not_found;		/* the finder's error */
	struct agent_address address;
	char *address_text;
	char *agent_id;	  /* NULL: not known */
	char *agent_name; /* NULL: not known; the address then */

	char *hub_name;
	char *game_name;
	const char *executable; /* borrowed; NULL: none */
	struct upload_config upload;
	struct shortcut_config shortcut;
};

bool push_check_target(const char *to, struct error *err)
{
	struct agent_address address = { 0 };
	bool is_address;
	bool is_good = agent_address_parse(&address, to, &is_address, err);

	agent_address_finish(&address);
	return is_good;
}

/* --- Finding the Deck --- */

static void start_transfer(struct push *push)
{
	const struct push_options *options = &push->options;
	struct push_transfer_options transfer;

	push->address_text = tcp_socket_host_port(push->address.host, push->address.port);
	transfer = (struct push_transfer_options){
		.link = {
			.lws_loop = options->lws_loop,
			.tokens = &push->tokens,
			.host = push->address.host,
			.port = push->address.port,
			.address = push->address_text,
			.agent_id = push->agent_id,
			.hub_name = push->hub_name,
			.retry_ms = options->retry_ms,
		},
		.worker = push->worker,
		.manifest = &push->manifest,
		.cache = push->cache,
		.upload = &push->upload,
		.shortcut = options->wants_shortcut ? &push->shortcut : NULL,
		.user_id = options->user_id,
		.chunk_size_bytes = options->chunk_size_bytes,
		.overwrite = &push->options.overwrite,
		.dry_run = push->options.dry_run,
		.in_flight_count = (unsigned)options->in_flight_count,
	};
	push->transfer = push_transfer_create(&transfer, push->events, push->user);
}

static void on_looked_up(void *user, const struct strvec *addresses, const struct error *err)
{
	struct push *push = user;
	bool is_host = addresses->count > 0; /* owned by the lookup */

	host_lookup_destroy(TAKE_PTR(push->lookup));
	if (!is_host) {
		push->events->finished(push->user, PUSH_UNREACHABLE, &push->not_found);
		return;
	}
	push->address = (struct agent_address){
		.host = xstrdup(push->options.to),
		.port = PROTO_DEFAULT_PORT,
	};
	start_transfer(push);
}

/* "deck" may be a host that does not announce itself. */
static void try_as_host(struct push *push)
{
	const char *name = push->options.to;

	if (strpbrk(name, " \t") != NULL) {
		push->events->finished(push->user, PUSH_UNREACHABLE, &push->not_found);
		return;
	}
	push->lookup =
		host_lookup_create(lws_loop_core(push->options.lws_loop), name, on_looked_up, push);
}

static void on_found(void *user, const struct error *err)
{
	struct push *push = user;
	const struct found_agent *agent = NULL;

	if (err != NULL) {
		push->not_found = *err;
	} else {
		agent = agent_finder_match(push->finder, push->options.to, &push->not_found);
	}
	if (agent != NULL) {
		push->address = (struct agent_address){
			.host = xstrdup(agent->address),
			.port = (uint16_t)agent->port,
		};
		push->agent_id = xstrdup(agent->id);
		push->agent_name = xstrdup(agent->name);
	}
	agent_finder_destroy(TAKE_PTR(push->finder));
	if (push->address.host != NULL) {
		start_transfer(push);
	} else if (err != NULL || push->not_found.kind == ERROR_NOT_FOUND) {
		try_as_host(push);
	} else {
		push->events->finished(push->user, PUSH_UNREACHABLE, &push->not_found);
	}
}

static bool find_agent(struct push *push, struct error *err)
{
	const char *to = push->options.to;
	bool is_address;

	if (!agent_address_parse(&push->address, to, &is_address, err)) {
		return false;
	}
	if (is_address) {
		start_transfer(push);
	} else {
		push->finder = agent_finder_create(
			lws_loop_core(push->options.lws_loop), to, FIND_WAIT_MS, on_found, push);
	}
	return true;
}

/* --- The content --- */

/* Told before anything is sent. Which processor the Deck has is its own to judge. */
static bool check_executable(const struct push *push, struct error *err)
{
	struct program_file file;
	struct error why = { 0 };

	program_file_read(&file, push->manifest.root_fd, push->executable);
	if (program_file_check(&file, &why)) {
		return true;
	}
	if (push->options.wants_shortcut && why.kind == ERROR_INVALID) {
		return error_set(
			err, ERROR_INVALID, "%s with --exe, or use --no-shortcut", why.message);
	}
	push->events->notice(push->user, why.message);
	return true;
}

static bool describe_game(struct push *push, struct error *err)
{
	const struct push_options *options = &push->options;
	const char *launch_options = options->launch_options;
	const char *arguments = "";

	if (options->exe != NULL) {
		push->executable = executable_named(
			&push->manifest, options->dir, options->exe, &arguments, err);
	} else if (options->wants_shortcut) {
		push->executable = executable_guess(&push->manifest, push->game_name, err);
	}
	if (push->executable == NULL && (options->exe != NULL || options->wants_shortcut)) {
		return false;
	}
	if (push->executable != NULL && !check_executable(push, err)) {
		return false;
	}
	if (launch_options == NULL && *arguments != '\0') {
		launch_options = arguments;
	}
	push->upload = (struct upload_config){
		.game_name = push->game_name,
		.install_path = options->install_path,
		.executable = push->executable,
		.launch_options = launch_options,
		.tags = options->tags,
	};
	push->shortcut = (struct shortcut_config){
		.name = push->game_name,
		.exe = push->executable,
		.launch_options = launch_options,
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

static bool read_game(struct push *push, struct error *err)
{
	const struct push_options *options = &push->options;

	if (!push_manifest_init(&push->manifest, options->dir, &options->excludes, err)) {
		return false;
	}
	for (size_t i = 0; i < push->manifest.warnings.count; i++) {
		push->events->notice(push->user, push->manifest.warnings.items[i]);
	}
	if (push->manifest.files_count == 0) {
		return error_set(
			err, ERROR_INVALID, "there is nothing to send in '%s'", options->dir);
	}
	push->game_name =
		options->name != NULL ? xstrdup(options->name) : folder_name(options->dir);
	return describe_game(push, err);
}

/* --- Identity --- */

static struct hash_cache *open_cache(const struct paths *paths)
{
	const char *base = getenv("XDG_CACHE_HOME");
	AUTO(free_ptr)
	char *path = base != NULL && base[0] == '/'
			     ? path_join(base, "capydeck/hashes")
			     : path_join(paths->home, ".cache/capydeck/hashes");

	return hash_cache_create(path);
}

static bool open_config(struct push *push, struct error *err)
{
	const struct paths_options options = { .config_dir = push->options.config_dir };
	AUTO(free_ptr) char *notice = NULL;
	char host[HOST_NAME_MAX + 1] = "";

	if (!paths_init(&push->paths, &options, err) ||
		!agent_tokens_init(&push->tokens, push->paths.config_dir, &notice, err)) {
		return false;
	}
	if (notice != NULL) {
		push->events->notice(push->user, notice);
	}
	gethostname(host, sizeof(host) - 1);
	push->hub_name = xstrdup(host[0] != '\0' ? host : "capydeck push");
	push->cache = open_cache(&push->paths);
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

struct push *push_create(const struct push_options *options, const struct push_events *events,
	void *user, struct error *err)
{
	struct push *push = xcalloc(1, sizeof(*push));

	push->options = *options;
	push->events = events;
	push->user = user;
	push->worker = worker_create(lws_loop_core(options->lws_loop), thread_limit());
	if (!read_game(push, err) || !open_config(push, err) || !find_agent(push, err)) {
		push_destroy(push);
		return NULL;
	}
	return push;
}

void push_destroy(struct push *push)
{
	if (push == NULL) {
		return;
	}
	agent_finder_destroy(push->finder);
	host_lookup_destroy(push->lookup);
	push_transfer_destroy(push->transfer);
	worker_destroy(push->worker); /* its jobs read the manifest */
	hash_cache_destroy(push->cache);
	agent_tokens_finish(&push->tokens);
	push_manifest_finish(&push->manifest);
	agent_address_finish(&push->address);
	paths_finish(&push->paths);
	free(push->address_text);
	free(push->agent_id);
	free(push->agent_name);
	free(push->hub_name);
	free(push->game_name);
	free(push);
}

void push_confirm(struct push *push, const char *code)
{
	if (push->transfer != NULL) {
		push_transfer_confirm(push->transfer, code);
	}
}

void push_renew_code(struct push *push)
{
	if (push->transfer != NULL) {
		push_transfer_renew_code(push->transfer);
	}
}

const char *push_agent_name(const struct push *push)
{
	if (push->agent_name != NULL) {
		return push->agent_name;
	}
	return push->address_text != NULL ? push->address_text : "";
}

struct push_outcome push_outcome(const struct push *push)
{
	if (push->transfer == NULL) {
		return (struct push_outcome){ 0 };
	}
	return push_transfer_outcome(push->transfer);
}
