#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Who listens on a TCP port of this machine, as far as /proc tells us (our own user's processes).
 */
struct port_holder {
	pid_t pid;
	char name[32];
};

bool port_holder_find(uint16_t port, struct port_holder *holder);
