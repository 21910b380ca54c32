#pragma once

#include <stdbool.h>

struct error;
struct strbuf;
struct sockaddr_un;

/* What both ends of the local IPC share. */

/* Errors: INVALID (the path does not fit a Unix socket's address). */
bool ipc_socket_address(const char *path, struct sockaddr_un *address, struct error *err);
/* A connected, close-on-exec socket, or −1 with errno kept. */
int ipc_socket_connect(const struct sockaddr_un *address);
/* Moves the first whole line of input, without its line feed, to line; false: there is none yet. */
bool ipc_socket_take_line(struct strbuf *input, struct strbuf *line);
