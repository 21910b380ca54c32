#define LOG_MODULE "ipc"

#include "ipc/ipc_server.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/list.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "ipc/ipc_socket.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Read per turn; all requests in it are answered at once, so a larger one would delay uploads. */
#define READ_BYTES 2048
#define BACKLOG 16
/* A program that removes the folder, socket first, must not find a new socket in it half-way. */
#define REPAIR_WAIT_MS 250
/* With no descriptor left, connections wait this long, or until a client goes. */
#define ACCEPT_RETRY_MS 1000

struct ipc_client_conn {
	struct ipc_server *server;
	LIST_ENTRY(ipc_client_conn) link;
	struct loop_watch *watch;
	int fd;
	struct strbuf input;
	struct strbuf output;
	size_t sent; /* of output */
	bool broken; /* the peer has gone or misbehaves: nothing more is read or written */
	void *user;
};

struct ipc_server {
	struct loop *loop;
	const struct ipc_server_events *events;
	void *owner;
	char *path;
	char *dir;
	struct sockaddr_un address;

	int listen_fd; /* -1 while the folder is away */
	struct loop_watch *listen_watch;
	ino_t inode; /* of the socket file: is the one at path still ours? */

	int inotify_fd;
	struct loop_watch *inotify_watch;
	int watched; /* inotify's number for the folder, or for the nearest one that exists */

	LIST_HEAD(, ipc_client_conn) clients;
	unsigned client_count;
	struct loop_timer *repair; /* recreates the socket shortly after it disappeared */
	struct loop_timer *sweep;  /* frees what is closed, outside of any call from it */
};

static void on_client(void *user, uint32_t events);

/* --- Clients --- */

static void give_up(struct ipc_client_conn *client)
{
	client->broken = true;
	loop_watch_set(client->watch, 0);
	loop_timer_set(client->server->sweep, 0);
}

static void destroy_client(struct ipc_client_conn *client)
{
	loop_watch_remove(client->watch);
	close(client->fd);
	strbuf_finish(&client->input);
	strbuf_finish(&client->output);
	free(client);
}

static void remove_client(struct ipc_server *server, struct ipc_client_conn *client)
{
	LIST_REMOVE(client, link);
	server->client_count--;
	server->events->closed(server->owner, client);
	destroy_client(client);
}

static void on_sweep(void *user)
{
	struct ipc_server *server = user;
	struct ipc_client_conn *client, *next;

	LIST_FOREACH_SAFE (client, &server->clients, link, next) {
		if (client->broken) {
			remove_client(server, client);
		}
	}
	if (server->listen_watch != NULL) {
		loop_watch_set(server->listen_watch, LOOP_READ);
	}
}

static void flush(struct ipc_client_conn *client)
{
	while (client->sent < client->output.length) {
		ssize_t count = send(client->fd, client->output.data + client->sent,
			client->output.length - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count < 0 && errno == EAGAIN) {
			loop_watch_set(client->watch, LOOP_READ | LOOP_WRITE);
			return;
		}
		if (count < 0) {
			give_up(client);
			return;
		}
		client->sent += (size_t)count;
	}
	strbuf_finish(&client->output);
	client->sent = 0;
	loop_watch_set(client->watch, LOOP_READ);
}

void ipc_server_send(struct ipc_client_conn *client, const char *line, size_t length)
{
	if (client->broken) {
		return;
	}
	if (client->output.length - client->sent + length + 1 > IPC_QUEUE_MAX_BYTES) {
		log_warning("dropped a client that reads too slowly");
		give_up(client);
		return;
	}
	strbuf_append(&client->output, line, length);
	strbuf_append_char(&client->output, '\n');
	flush(client);
}

void ipc_server_set_user(struct ipc_client_conn *client, void *user)
{
	client->user = user;
}

void *ipc_server_user(const struct ipc_client_conn *client)
{
	return client->user;
}

static void handle_lines(struct ipc_client_conn *client)
{
	const struct ipc_server *server = client->server;
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	while (!client->broken && line.length <= IPC_LINE_MAX_BYTES &&
		strbuf_take_line(&client->input, &line)) {
		if (line.length <= IPC_LINE_MAX_BYTES) {
			server->events->line(
				server->owner, client, strbuf_text(&line), line.length);
		}
	}
	if (client->input.length > IPC_LINE_MAX_BYTES || line.length > IPC_LINE_MAX_BYTES) {
		log_warning("dropped a client that sent a line of more than %d bytes",
			IPC_LINE_MAX_BYTES);
		give_up(client);
	}
}

static void on_client(void *user, uint32_t events)
{
	struct ipc_client_conn *client = user;
	char bytes[READ_BYTES];
	ssize_t count;

	if (client->broken) {
		return;
	}
	if ((events & LOOP_WRITE) != 0) {
		flush(client);
	}
	if (client->broken) {
		return;
	}
	count = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (count > 0) {
		strbuf_append(&client->input, bytes, (size_t)count);
		handle_lines(client);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		give_up(client);
	}
}

static bool is_allowed(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       (peer.uid == getuid() || peer.uid == 0);
}

static void on_connect(void *user, uint32_t events)
{
	struct ipc_server *server = user;
	AUTO(close_fd)
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ipc_client_conn *client;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		loop_watch_set(server->listen_watch,
			0); /* it would stay readable and keep the loop busy */
		loop_timer_set(server->sweep, ACCEPT_RETRY_MS);
	}
	if (fd < 0 || !is_allowed(fd)) {
		return;
	}
	if (server->client_count >= IPC_CLIENTS_MAX) {
		log_warning("refused a local client: %d are connected", IPC_CLIENTS_MAX);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->server = server;
	client->fd = TAKE_FD(fd);
	client->watch = loop_watch_add(server->loop, client->fd, LOOP_READ, on_client, client);
	LIST_INSERT_HEAD(&server->clients, client, link);
	server->client_count++;
	server->events->opened(server->owner, client);
}

/* --- The socket and its folder --- */

static void stop_listening(struct ipc_server *server)
{
	loop_watch_remove(TAKE_PTR(server->listen_watch));
	if (server->listen_fd >= 0) {
		close(TAKE_FD(server->listen_fd));
	}
}

static bool is_in_place(const struct ipc_server *server)
{
	struct stat found;

	return server->listen_fd >= 0 && lstat(server->path, &found) == 0 &&
	       found.st_ino == server->inode;
}

/* A socket file is left behind by a process that was killed; one that answers is another's. */
static bool remove_stale(struct ipc_server *server, struct error *err)
{
	AUTO(close_fd) int fd = ipc_socket_connect(&server->address);
	struct stat found;

	if (fd >= 0) {
		return error_set(err, ERROR_CONFLICT,
			"another agent listens on '%s'; stop it first", server->path);
	}
	if (lstat(server->path, &found) < 0) {
		return errno == ENOENT || error_set_errno(err, "cannot check '%s'", server->path);
	}
	if (!S_ISSOCK(found.st_mode)) {
		return error_set(err, ERROR_CONFLICT,
			"'%s' is in the way of the agent's socket; remove it", server->path);
	}
	return unlink(server->path) == 0 ||
	       error_set_errno(err, "cannot remove the old socket '%s'", server->path);
}

/* A shared folder, such as /tmp, keeps its mode; a peer's uid is checked anyway. */
static bool close_folder(const char *dir)
{
	struct stat found;

	return stat(dir, &found) == 0 &&
	       (found.st_uid != geteuid() || (found.st_mode & S_ISVTX) != 0 ||
		       (found.st_mode & 0777) == 0700 || chmod(dir, 0700) == 0);
}

static bool listen_at(struct ipc_server *server, struct error *err)
{
	AUTO(close_fd) int fd = -1;
	struct stat made;

	if (!make_dirs(server->dir, 0700, err) || !remove_stale(server, err)) {
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || fchmod(fd, 0600) < 0 ||
		bind(fd, (struct sockaddr *)&server->address, sizeof(server->address)) < 0 ||
		chmod(server->path, 0600) < 0 || !close_folder(server->dir) ||
		listen(fd, BACKLOG) < 0 || lstat(server->path, &made) < 0) {
		return error_set_errno(err, "cannot create the socket '%s'", server->path);
	}
	server->inode = made.st_ino;
	server->listen_fd = TAKE_FD(fd);
	server->listen_watch =
		loop_watch_add(server->loop, server->listen_fd, LOOP_READ, on_connect, server);
	return true;
}

/* Watches the folder or, while that is away, the nearest folder above it that exists. */
static void watch_folder(struct ipc_server *server)
{
	AUTO(free_ptr) char *dir = xstrdup(server->dir);
	int watched;

	for (;;) {
		char *slash = strrchr(dir, '/');

		watched = inotify_add_watch(server->inotify_fd, *dir != '\0' ? dir : "/",
			IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF |
				IN_ONLYDIR);
		if (watched >= 0 || slash == NULL) {
			break;
		}
		*slash = '\0';
	}
	if (server->watched >= 0 && server->watched != watched) {
		inotify_rm_watch(server->inotify_fd, server->watched);
	}
	server->watched = watched;
}

static bool establish(struct ipc_server *server, struct error *err)
{
	bool ok;

	if (is_in_place(server)) {
		return true;
	}
	stop_listening(server);
	/*
	 * Watched before and after, so that no change is missed; the folder may have been created
	 * just now.
	 */
	watch_folder(server);
	ok = listen_at(server, err);
	watch_folder(server);
	return ok;
}

static void on_folder(void *user, uint32_t events)
{
	struct ipc_server *server = user;
	char records[sizeof(struct inotify_event) + NAME_MAX + 1]
		__attribute__((aligned(__alignof__(struct inotify_event))));

	/* The events themselves do not matter: the socket is checked a moment later. */
	while (read(server->inotify_fd, records, sizeof(records)) > 0) {
	}
	if (!is_in_place(server)) {
		loop_timer_set(server->repair, REPAIR_WAIT_MS);
	}
}

static void on_repair(void *user)
{
	struct ipc_server *server = user;
	struct error err;

	if (is_in_place(server)) {
		return;
	}
	if (establish(server, &err)) {
		log_info("the local socket '%s' was recreated", server->path);
	} else {
		log_debug("%s", err.message);
	}
}

struct ipc_server *ipc_server_create(struct loop *loop, const char *path,
	const struct ipc_server_events *events, void *owner, struct error *err)
{
	struct ipc_server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	server->events = events;
	server->owner = owner;
	server->path = xstrdup(path);
	server->dir = path_parent(path);
	server->listen_fd = -1;
	server->watched = -1;
	server->repair = loop_timer_create(loop, on_repair, server);
	server->sweep = loop_timer_create(loop, on_sweep, server);
	server->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (server->inotify_fd < 0) {
		error_set_errno(err, "cannot watch folders; raise fs.inotify.max_user_instances");
		goto fail;
	}
	server->inotify_watch =
		loop_watch_add(loop, server->inotify_fd, LOOP_READ, on_folder, server);
	if (!ipc_socket_address(path, &server->address, err) || !establish(server, err)) {
		goto fail;
	}
	return server;

fail:
	ipc_server_destroy(server);
	return NULL;
}

void ipc_server_destroy(struct ipc_server *server)
{
	if (server == NULL) {
		return;
	}
	while (!LIST_EMPTY(&server->clients)) {
		remove_client(server, LIST_FIRST(&server->clients));
	}
	if (is_in_place(server)) {
		unlink(server->path);
	}
	stop_listening(server);
	loop_watch_remove(server->inotify_watch);
	if (server->inotify_fd >= 0) {
		close(server->inotify_fd);
	}
	loop_timer_destroy(server->repair);
	loop_timer_destroy(server->sweep);
	free(server->path);
	free(server->dir);
	free(server);
}
