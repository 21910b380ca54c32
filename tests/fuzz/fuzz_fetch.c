/*
 * Whatever capydeck-fetch is ordered and whatever servers answer: each URL has one result, a file
 * of no more than was allowed or a sentence without the URL's secrets, and only addresses that are
 * permitted are connected to.
 *
 * An input's first line is the order, "$" being the folder; then the servers' answers follow in the
 * order of connections, with a line "%%" after each but the last.
 */
#include "core/cleanup.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "fuzz.h"
#include "proto/fetch_orders.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define main fetch_main
int fetch_main(int argc, char **argv);
#include "../../native/fetch/main.c" /* NOLINT: the program itself is what is tested */
#undef main

#define URLS_MAX 8
#define SEPARATOR "\n%%\n"

static struct fuzz_lines answers; /* as one text */
static bool allows_local;

/* --- The network --- */

/* "….example" is somewhere, "localhost" is here, and nothing else is known. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	struct {
		struct addrinfo info;
		struct sockaddr_in place;
	} * made;
	struct in_addr address;
	size_t length = strlen(node);

	if (strcmp(node, "localhost") == 0) {
		address.s_addr = htonl(INADDR_LOOPBACK);
	} else if (length > 8 && strcmp(node + length - 8, ".example") == 0) {
		address.s_addr = htonl(0x5db8d822);
	} else if (inet_pton(AF_INET, node, &address) != 1) {
		return EAI_NONAME;
	}
	made = calloc(1, sizeof(*made));
	made->place.sin_family = AF_INET;
	made->place.sin_port = htons(service != NULL ? (uint16_t)atoi(service) : 0);
	made->place.sin_addr = address;
	made->info.ai_family = AF_INET;
	made->info.ai_socktype = SOCK_STREAM;
	made->info.ai_protocol = IPPROTO_TCP;
	made->info.ai_addr = (struct sockaddr *)&made->place;
	made->info.ai_addrlen = sizeof(made->place);
	*result = &made->info;
	return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

static bool on_connection(int fd)
{
	const char *end = memmem(answers.at, answers.left, SEPARATOR, sizeof(SEPARATOR) - 1);
	size_t length = end != NULL ? (size_t)(end - answers.at) : answers.left;
	size_t step = end != NULL ? length + sizeof(SEPARATOR) - 1 : length;

	if (length > 0) {
		fuzz_require(write(fd, answers.at, length) == (ssize_t)length);
	}
	answers.at += step;
	answers.left -= step;
	return true;
}

/* --- The order --- */

static void give_order(const char *line, size_t length, const char *folder)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	int fd = memfd_create("orders", MFD_CLOEXEC);

	for (size_t i = 0; i < length; i++) {
		if (line[i] == '$') {
			strbuf_append_text(&text, folder);
		} else {
			strbuf_append_char(&text, line[i]);
		}
	}
	fuzz_require(fd >= 0);
	fuzz_require(write(fd, strbuf_text(&text), text.length) == (ssize_t)text.length);
	fuzz_require(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
}

/* Is it one that this target can afford? Other orders would download for minutes, or to anywhere.
 */
static bool is_affordable(const struct fetch_orders *orders, const char *folder)
{
	return orders->urls.count <= URLS_MAX && strcmp(orders->dir, folder) == 0;
}

/* --- The results --- */

static void check_result(const struct fetch_result *result, const struct fetch_orders *orders,
	const char *folder, bool *has_ended)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%u", folder, result->index);
	struct stat stat_of;
	bool exists = stat(path, &stat_of) == 0;

	fuzz_require(result->index < orders->urls.count && !has_ended[result->index]);
	has_ended[result->index] = true;
	fuzz_require(exists == (result->error == NULL));
	fuzz_require(!exists || stat_of.st_size <= orders->max_bytes);
	/* In a path or as a password; a host may be called so, and is named. */
	fuzz_require(result->error == NULL || (strstr(result->error, "/s3cret") == NULL &&
						      strstr(result->error, ":s3cret") == NULL));
}

static void check_results(int fd, const struct fetch_orders *orders, const char *folder)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 }, line = { 0 };
	bool has_ended[URLS_MAX] = { false };
	size_t count = 0;

	fuzz_require(lseek(fd, 0, SEEK_SET) == 0);
	fuzz_require(read_all(fd, &text, NULL));
	while (strbuf_take_line(&text, &line)) {
		struct fetch_result result = { 0 };

		fuzz_require(json_read_text(
			&result, fetch_result_fields, strbuf_text(&line), line.length, NULL));
		check_result(&result, orders, folder, has_ended);
		json_finish(&result, fetch_result_fields);
		count++;
	}
	fuzz_require(count == orders->urls.count && text.length == 0);
}

static void fetch(const char *line, size_t length, const char *folder)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(close_fd) int results = memfd_create("results", MFD_CLOEXEC);
	struct fetch_orders orders = { 0 };
	char *argv[] = { (char *)"capydeck-fetch", NULL };
	int status;

	give_order(line, length, folder);
	fuzz_require(read_all(STDIN_FILENO, &text, NULL) && lseek(STDIN_FILENO, 0, SEEK_SET) == 0);
	if (json_read_text(&orders, fetch_orders_fields, strbuf_text(&text), text.length, NULL) &&
		is_affordable(&orders, folder)) {
		allows_local = orders.allow_local;
		fuzz_require(dup2(results, STDOUT_FILENO) == STDOUT_FILENO);
		status = fetch_main(1, argv);
		fuzz_require(status == 0 || status == 2);
		if (status == 0) {
			check_results(results, &orders, folder);
		}
	} else if (orders.dir == NULL) {
		fuzz_require(fetch_main(1, argv) == 2);
	}
	json_finish(&orders, fetch_orders_fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	const char *line = "";
	size_t length = 0;

	setenv("SSL_CERT_FILE", "/dev/null", 1);
	fuzz_connect_to(on_connection);
	answers = fuzz_lines_of(data, size);
	fuzz_next_line(&answers, &line, &length);
	if (answers.left <= 100 * 1024) { /* what sockets take at once */
		fetch(line, length, folder);
	}
	fuzz_hang_up();
	return 0;
}
