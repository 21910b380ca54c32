/*
 * What the machine itself can do, for the benchmark's ratios: the least work needed to receive a
 * verified upload, without a protocol. Its results go to stdout as one line of JSON.
 *
 *	bench_reference stream BYTES FILE      TCP loopback → SHA-256 of each MiB → file
 *	bench_reference files COUNT SIZE DIR   create → SHA-256 → write → close, one after the other
 */
#include "core/random.h"
#include "core/sha256.h"
#include "core/xalloc.h"
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK_BYTES (1024 * 1024)
#define PAYLOAD_COUNT 16 /* as bench_hub's: its sender reads from memory, not from a cache */

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print_result(int64_t bytes, int64_t elapsed_ns, double cpu)
{
	printf("{\"bytes\":%lld,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n", (long long)bytes,
		(double)elapsed_ns / 1e9, cpu);
}

/* A loopback connection; the child sends and ends, the parent's end is returned. */
static int start_sender(int64_t total_bytes)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
		getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
		die("cannot listen on the loopback");
	}
	pid_t sender = fork();
	if (sender < 0) {
		die("cannot fork");
	}
	if (sender == 0) {
		char *chunks = xcalloc(PAYLOAD_COUNT, CHUNK_BYTES);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		random_bytes(chunks, PAYLOAD_COUNT * CHUNK_BYTES);
		if (connect(fd, (struct sockaddr *)&address, length) != 0) {
			die("cannot connect to the loopback");
		}
		for (int64_t left = total_bytes; left > 0; left -= CHUNK_BYTES) {
			const char *chunk =
				chunks + left / CHUNK_BYTES % PAYLOAD_COUNT * CHUNK_BYTES;

			for (size_t at = 0; at < CHUNK_BYTES;) {
				ssize_t sent = send(fd, chunk + at, CHUNK_BYTES - at, 0);

				if (sent < 0) {
					_exit(1);
				}
				at += (size_t)sent;
			}
		}
		_exit(0);
	}
	int fd = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

static void write_chunk(int fd, const char *chunk, size_t length)
{
	if (write(fd, chunk, length) != (ssize_t)length) {
		die("cannot write: is the disk full?");
	}
}

static void run_stream(int64_t total_bytes, const char *path)
{
	struct sha256 *sha256 = sha256_create();
	char *chunk = xcalloc(1, CHUNK_BYTES);
	char hex[SHA256_HEX_BYTES];
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int peer = start_sender(total_bytes);
	double cpu = cpu_seconds();
	int64_t start_ns = now_ns();

	for (int64_t left = total_bytes; left > 0; left -= CHUNK_BYTES) {
		if (recv(peer, chunk, CHUNK_BYTES, MSG_WAITALL) != CHUNK_BYTES) {
			die("the sender hung up");
		}
		sha256_update(sha256, chunk, CHUNK_BYTES);
		sha256_hex(sha256, hex);
		write_chunk(file, chunk, CHUNK_BYTES);
	}
	print_result(total_bytes, now_ns() - start_ns, cpu_seconds() - cpu);
	close(peer);
	close(file);
	wait(NULL);
	sha256_destroy(sha256);
	free(chunk);
}

static void run_files(size_t count, size_t size, const char *dir)
{
	struct sha256 *sha256 = sha256_create();
	char *data = xcalloc(1, size);
	char hex[SHA256_HEX_BYTES], path[4096];

	random_bytes(data, size);
	double cpu = cpu_seconds();
	int64_t start_ns = now_ns();
	for (size_t i = 0; i < count; i++) {
		if (i % 256 == 0) {
			snprintf(path, sizeof(path), "%s/d%zu", dir, i / 256);
			mkdir(path, 0700);
		}
		snprintf(path, sizeof(path), "%s/d%zu/f%zu", dir, i / 256, i);
		int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		sha256_update(sha256, data, size);
		sha256_hex(sha256, hex);
		write_chunk(file, data, size);
		close(file);
	}
	print_result((int64_t)(count * size), now_ns() - start_ns, cpu_seconds() - cpu);
	sha256_destroy(sha256);
	free(data);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "stream") == 0) {
		run_stream(strtoll(argv[2], NULL, 10), argv[3]);
	} else if (argc == 5 && strcmp(argv[1], "files") == 0) {
		run_files(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), argv[4]);
	} else {
		die("usage: see the head of tests/bench/bench_reference.c");
	}
	return 0;
}
