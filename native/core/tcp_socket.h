#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/*
 * A non-blocking socket that connects to 127.0.0.1:<port>; the result is known once it is writable
 * or hung up. −1 with errno; the caller closes it.
 */
int tcp_socket_connect_local(uint16_t port);
/*
 * Does anything listen on 127.0.0.1:<port>? Refusals within one machine come at once; if the answer
 * takes longer than wait_ms, a slow program is listening.
 */
bool tcp_socket_local_answers(uint16_t port, int wait_ms);

/* Of a connected TCP socket. fds are borrowed. */

int64_t tcp_socket_silent_ms(int fd);	 /* since the last bytes came, header bytes included */
uint64_t tcp_socket_acked_bytes(int fd); /* of ours, since the connection began */
bool tcp_socket_input_pending(int fd);	 /* unread bytes */
/* While corked, what is sent waits for more; uncorking sends what has collected. */
void tcp_socket_cork(int fd, bool corked);

/* As in a URL: "host:port", or "[host]:port" for IPv6; caller frees. */
char *tcp_socket_host_port(const char *host, uint16_t port);

#define TCP_SOCKET_ADDRESS_BYTES 64
/* Numeric, without the port; IPv4 mapped into IPv6 as IPv4; link-local with %interface. */
void tcp_socket_address(const struct sockaddr *peer, char out[TCP_SOCKET_ADDRESS_BYTES]);
