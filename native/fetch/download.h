#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

struct download;
struct error;
struct fetch_orders;

/*
 * Downloads one URL to one file, within limits: only http and https, five redirects, no user names,
 * no proxy, no cookies, only permitted addresses and never more bytes than ordered.
 */

/*
 * A transfer, ready to start. dir_fd, orders and ca_file (may be NULL) are borrowed until
 * it is destroyed. NULL on error: INVALID (not a URL that is fetched), IO.
 */
struct download *download_create(const struct fetch_orders *orders, size_t index, int dir_fd,
	const char *ca_file, struct error *err);
CURL *download_handle(const struct download *download); /* borrowed; its CURLOPT_PRIVATE is it */
size_t download_index(const struct download *download);
/*
 * The result, once it has ended with code; unless true the file was removed. The error names
 * the host and never the rest of the URL, which may hold secrets. Errors: TOO_LARGE, BLOCKED (a
 * forbidden address), TIMEOUT, NO_SPACE, IO (all others).
 */
bool download_end(struct download *download, CURLcode code, struct error *err);
void download_destroy(
	struct download *download); /* after curl_multi_remove_handle(); NULL is fine */

/*
 * The certificate authorities that this system trusts, as one PEM file; borrowed. $SSL_CERT_FILE,
 * else where common distributions keep it: libcurl's built-in path is that of the system it was
 * built on. NULL: none found.
 */
const char *download_ca_file(void);
