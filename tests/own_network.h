#pragma once

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A network of this process and its children alone, for tests that change one. */

/* uid: ours outside. */
static inline bool own_network_map_root(unsigned uid)
{
	char map[32];
	int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	bool ok;

	snprintf(map, sizeof(map), "0 %u 1", uid);
	ok = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
	if (fd >= 0) {
		close(fd);
	}
	return ok;
}

/* False: this machine permits none, or nothing can be made in it. */
static inline bool own_network_enter(void)
{
	unsigned uid = getuid();

	if (unshare(CLONE_NEWNET) < 0 &&
		(unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || !own_network_map_root(uid))) {
		return false;
	}
	return system("ip link add probe0 type veth peer name probe1 "
		      "2>/dev/null && ip link del probe0") == 0;
}
