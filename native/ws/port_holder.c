#include "ws/port_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_LISTEN 0x0A
#define SOCKETS_MAX 8 /* one per address that somebody listens on */

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

bool port_holder_find(uint16_t port, struct port_holder *holder)
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
