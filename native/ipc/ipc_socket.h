#pragma once

#include <stdbool.h>

struct error;
struct sockaddr_un;

/* What both ends of the local IPC share. */

/* Errors: INVALID (the path does not fit a Unix socket's address). */
bool ipc_socket_address(const char *path, struct sockaddr_un *address, struct error *err);
/* A connected, close-on-exec socket, or −1 with errno kept. */
int ipc_socket_connect(const struct sockaddr_un *address);
