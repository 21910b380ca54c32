#include "ws/ws_listener.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Accepted per turn: a flood may take its share of the time, not that of the Hubs. */
#define ACCEPTS_A_TURN 64
/* A process that was just killed may still have the port; a running one may keep it for hours. */
#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS 3000
#define REST_MS 100

#define STATE_LISTEN 0x0A
#define SOCKETS_MAX 8 /* one per address that is listened on */

struct ws_listener {
	struct loop *loop;
	const struct ws_listener_events *events;
	void *user;
	uint16_t port; /* wanted, or listened on */
	int fd;	       /* −1: not listening */
	int spare_fd;  /* closed to accept and drop a connection when no descriptor is left */
	struct loop_watch *watch; /* of fd */
	int64_t rest_ms;	  /* not watched for so long after connections came */
	struct error problem;	  /* why not, while it does not listen */
	struct loop_timer *rest;  /* that time, or while not even a connection can be dropped */
	struct loop_timer *retry;
	int64_t retry_ms;
};

/* Who has the port, as far as /proc shows: processes of our own user. */

struct port_holder {
	pid_t pid;
	char name[32];
};

struct inodes {
	unsigned long items[SOCKETS_MAX];
	size_t count;
};

/* proc(5), /proc/net/tcp: sl local_address rem_address st tx:rx tr:when retrnsmt uid to inode */
static void collect_inodes(const char *table, uint16_t port, struct inodes *inodes)
{
	FILE *file = fopen(table, "re");
	char line[512];

	if (file == NULL) {
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL && inodes->count < SOCKETS_MAX) {
		unsigned local_port, state;
		unsigned long inode;

		if (sscanf(line,
			    " %*[^:]: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u "
			    "%*u %lu",
			    &local_port, &state, &inode) == 3 &&
			local_port == port && state == STATE_LISTEN) {
			inodes->items[inodes->count++] = inode;
		}
	}
	fclose(file);
}

static bool holds(const char *pid, const struct inodes *inodes)
{
	char folder[64], path[64 + NAME_MAX + 2], target[64];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	dir = opendir(folder);
	if (dir == NULL) {
		return false;
	}
	while (!found && (entry = readdir(dir)) != NULL) {
		unsigned long inode;
		ssize_t length;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		length = readlink(path, target, sizeof(target) - 1);
		if (length <= 0) {
			continue;
		}
		target[length] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) != 1) {
			continue;
		}
		for (size_t i = 0; i < inodes->count; i++) {
			found = found || inodes->items[i] == inode;
		}
	}
	closedir(dir);
	return found;
}

static void read_name(const char *pid, struct port_holder *holder)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	snprintf(holder->name, sizeof(holder->name), "?");
	file = fopen(path, "re");
	if (file == NULL) {
		return;
	}
	if (fgets(holder->name, sizeof(holder->name), file) != NULL) {
		holder->name[strcspn(holder->name, "\n")] = '\0';
	}
	fclose(file);
}

static bool find_holder(uint16_t port, struct port_holder *holder)
{
	struct inodes inodes = { .count = 0 };
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	collect_inodes("/proc/net/tcp", port, &inodes);
	collect_inodes("/proc/net/tcp6", port, &inodes);
	dir = inodes.count > 0 ? opendir("/proc") : NULL;
	if (dir == NULL) {
		return false;
	}
	while (!found && (entry = readdir(dir)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) && holds(entry->d_name, &inodes)) {
			holder->pid = (pid_t)strtol(entry->d_name, NULL, 10);
			read_name(entry->d_name, holder);
			found = true;
		}
	}
	closedir(dir);
	return found;
}

static bool fail_used(uint16_t port, struct error *err)
{
	struct port_holder holder;
	char number[8];

	if (find_holder(port, &holder)) {
		error_set(err, ERROR_CONFLICT,
			"port %u is in use by '%s' (pid %d); stop it or choose another port", port,
			holder.name, (int)holder.pid);
	} else {
		error_set(err, ERROR_CONFLICT,
			"port %u is in use by a process of another user; stop it or choose another "
			"port",
			port);
	}
	snprintf(number, sizeof(number), "%u", port);
	return error_explain(err, "port_taken", "port", number, NULL);
}

/* --- Accepting --- */

static int accept_one(struct ws_listener *listener, struct sockaddr_storage *address)
{
	socklen_t size = sizeof(*address);

	return accept4(listener->fd, (void *)address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Otherwise the connection that cannot be taken would keep the loop busy. */
static void drop_one(struct ws_listener *listener)
{
	struct sockaddr_storage address;
	int fd;

	close_fd(&listener->spare_fd);
	listener->spare_fd = -1;
	fd = accept_one(listener, &address);
	if (fd >= 0) {
		close(fd);
	}
	listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (listener->spare_fd < 0) { /* somebody else took it: none can be dropped either */
		loop_watch_set(listener->watch, 0);
		loop_timer_set(listener->rest, REST_MS);
	}
}

static void on_rested(void *user)
{
	struct ws_listener *listener = user;

	if (listener->spare_fd < 0) {
		listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	if (listener->watch != NULL) {
		loop_watch_set(listener->watch, LOOP_READ);
	}
}

static void on_connection(void *user, uint32_t events)
{
	struct ws_listener *listener = user;
	struct sockaddr_storage address;

	if (listener->rest_ms > 0) {
		loop_watch_set(listener->watch, 0);
		loop_timer_set(listener->rest, listener->rest_ms);
	}
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept_one(listener, &address);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE) {
				drop_one(listener);
			}
			return; /* no connection waits, or only this one failed */
		}
		listener->events->accepted(listener->user, fd, (const void *)&address);
	}
}

/* --- Listening --- */

/* IPv6 that takes IPv4 as well, or IPv4 alone where the system has no IPv6. */
static int open_socket(struct sockaddr_storage *address, socklen_t *size, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;

	if (fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) {
		*size = sizeof(v6);
		memcpy(address, &v6, sizeof(v6));
		return fd;
	}
	close_fd(&fd);
	*size = sizeof(v4);
	memcpy(address, &v4, sizeof(v4));
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* A socket that listens, or −1. */
static int listen_on(uint16_t port, struct error *err)
{
	struct sockaddr_storage address = { 0 };
	AUTO(close_fd) int fd = -1;
	socklen_t size;
	int on = 1;

	fd = open_socket(&address, &size, port);
	if (fd < 0) {
		error_set_errno(err, "cannot open a socket for port %u", port);
		return -1;
	}
	/* On Linux this allows for what a crash left behind, but not for a second listener. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const void *)&address, size) == 0 && listen(fd, SOMAXCONN) == 0) {
		return TAKE_FD(fd);
	}
	if (errno == EADDRINUSE) {
		fail_used(port, err);
	} else {
		error_set_errno(err, "cannot listen on port %u", port);
	}
	return -1;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(fd, (void *)&address, &size);
	/* The port is at the same place in both families' addresses. */
	return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

static bool open_port(struct ws_listener *listener, uint16_t port, struct error *err)
{
	int fd = listen_on(port, err);

	if (fd < 0) {
		return false;
	}
	loop_timer_stop(listener->retry);
	loop_watch_remove(listener->watch);
	close_fd(&listener->fd);
	listener->fd = fd;
	listener->port = port_of(fd);
	listener->watch = loop_watch_add(listener->loop, fd, LOOP_READ, on_connection, listener);
	return true;
}

bool ws_listener_move(struct ws_listener *listener, uint16_t port, struct error *err)
{
	if (!open_port(listener, port, err)) {
		return false;
	}
	listener->events->changed(listener->user);
	return true;
}

static void retry_later(struct ws_listener *listener)
{
	loop_timer_set(listener->retry, listener->retry_ms);
	listener->retry_ms *= 2;
	if (listener->retry_ms > RETRY_MAX_MS) {
		listener->retry_ms = RETRY_MAX_MS;
	}
}

static void on_retry(void *user)
{
	struct ws_listener *listener = user;
	struct error problem;

	if (ws_listener_move(listener, listener->port, &problem)) {
		return;
	}
	retry_later(listener);
	if (strcmp(problem.message, listener->problem.message) != 0) {
		listener->problem = problem;
		listener->events->changed(listener->user);
	}
}

struct ws_listener *ws_listener_create(
	struct loop *loop, uint16_t port, const struct ws_listener_events *events, void *user)
{
	struct ws_listener *listener = xcalloc(1, sizeof(*listener));

	listener->loop = loop;
	listener->events = events;
	listener->user = user;
	listener->port = port;
	listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	listener->fd = -1;
	listener->rest = loop_timer_create(loop, on_rested, listener);
	listener->retry = loop_timer_create(loop, on_retry, listener);
	listener->retry_ms = RETRY_FIRST_MS;
	if (!open_port(listener, port, &listener->problem)) {
		retry_later(listener);
	}
	return listener;
}

void ws_listener_destroy(struct ws_listener *listener)
{
	if (listener == NULL) {
		return;
	}
	loop_timer_destroy(listener->rest);
	loop_timer_destroy(listener->retry);
	loop_watch_remove(listener->watch);
	close_fd(&listener->fd);
	close_fd(&listener->spare_fd);
	free(listener);
}

void ws_listener_set_rest(struct ws_listener *listener, int64_t rest_ms)
{
	listener->rest_ms = rest_ms;
}

uint16_t ws_listener_port(const struct ws_listener *listener)
{
	return listener->port;
}

const char *ws_listener_problem(const struct ws_listener *listener)
{
	return listener->fd >= 0 ? NULL : listener->problem.message;
}
