#include "fetch/download.h"

#include "core/atomic_file.h"
#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "fetch/address_check.h"
#include "proto/fetch_orders.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define URL_MAX_BYTES 8192
#define REDIRECT_LIMIT 5L

struct download {
	const struct fetch_orders *orders;
	size_t index;
	char *host; /* the URL's own, before any redirect */
	CURL *curl;
	int dir_fd; /* borrowed */
	int fd;
	char name[24];
	int64_t received_bytes;
	/* Why a callback stopped the transfer, which libcurl does not know. */
	bool is_too_large;
	int write_errno;
	char refused_address[NI_MAXHOST];
	char detail[CURL_ERROR_SIZE];
};

static size_t on_data(char *data, size_t one, size_t length, void *user)
{
	struct download *download = user;
	long status = 0;

	/* An error page is not the requested file; its status is reported instead. */
	curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299) {
		return 0;
	}
	if ((int64_t)length > download->orders->max_bytes - download->received_bytes) {
		download->is_too_large = true;
		return 0;
	}
	if (!write_all(download->fd, data, length)) {
		download->write_errno = errno;
		return 0;
	}
	download->received_bytes += (int64_t)length;
	return length;
}

/*
 * Asked for each address that a connection is tried to, also after a redirect: the address checked
 * here is the one connected to, whatever a name server says the next time.
 */
static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct download *download = user;

	if (!download->orders->allow_local && !address_check_is_foreign(&address->addr)) {
		getnameinfo(&address->addr, address->addrlen, download->refused_address,
			sizeof(download->refused_address), NULL, 0, NI_NUMERICHOST);
		return CURL_SOCKET_BAD;
	}
	download->refused_address[0] = '\0'; /* another address of the host will do */
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Checked part by part: a URL that libcurl would correct is still one that we did not check. */
static bool check_url(const char *url, char **host, struct error *err)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *user = NULL, *name = NULL;
	bool is_good = false;

	if (strlen(url) > URL_MAX_BYTES) {
		error_set(err, ERROR_INVALID,
			"the URL is too long: it has %zu bytes; the limit is %d", strlen(url),
			URL_MAX_BYTES);
	} else if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
		   curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		   (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
		   curl_url_get(parts, CURLUPART_HOST, &name, 0) != CURLUE_OK) {
		error_set(err, ERROR_INVALID,
			"cannot fetch this URL: only http and https are supported");
	} else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		error_set(err, ERROR_INVALID,
			"the URL for '%.120s' contains a user name; leave it out", name);
	} else {
		*host = xstrdup(name);
		is_good = true;
	}
	curl_free(scheme);
	curl_free(user);
	curl_free(name);
	curl_url_cleanup(parts);
	return is_good;
}

static bool set_options(CURL *curl, struct download *download, const char *ca_file)
{
	unsigned failed = 0;

	failed |=
		curl_easy_setopt(curl, CURLOPT_URL, download->orders->urls.items[download->index]);
	failed |= curl_easy_setopt(curl, CURLOPT_PRIVATE, download);
	failed |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, download->detail);
	failed |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	failed |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, download);
	failed |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "CapyDeck/" CAPYDECK_VERSION);
	/* What it may connect to. */
	failed |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	failed |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, download);
	failed |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	failed |= curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	failed |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	failed |= curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECT_LIMIT);
	failed |= curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	failed |= curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* none of the environment's either */
	/* What may come back: unencoded bytes, over the simplest protocol. */
	failed |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	failed |= curl_easy_setopt(
		curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)download->orders->max_bytes);
	failed |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	failed |= curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
	/*
	 * The caller has the deadline, so no signals; and no waiting for a name server at the end.
	 */
	failed |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	failed |= curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	return failed == 0;
}

struct download *download_create(const struct fetch_orders *orders, size_t index, int dir_fd,
	const char *ca_file, struct error *err)
{
	struct download *download = xcalloc(1, sizeof(*download));

	download->orders = orders;
	download->index = index;
	download->dir_fd = dir_fd;
	download->fd = -1;
	snprintf(download->name, sizeof(download->name), "%zu", index);
	if (!check_url(orders->urls.items[index], &download->host, err)) {
		goto fail;
	}
	download->curl = curl_easy_init();
	if (download->curl == NULL || !set_options(download->curl, download, ca_file)) {
		error_set(err, ERROR_IO, "libcurl %s cannot be set up", curl_version());
		goto fail;
	}
	download->fd = beneath_open(dir_fd, download->name, O_WRONLY | O_CREAT | O_EXCL, 0600, err);
	if (download->fd < 0) {
		goto fail;
	}
	return download;
fail:
	download_destroy(download);
	return NULL;
}

CURL *download_handle(const struct download *download)
{
	return download->curl;
}

size_t download_index(const struct download *download)
{
	return download->index;
}

/* --- The result --- */

/* Hosts that exist are shorter than twice this; the cause has to fit behind two of them. */
#define HOST_FORMAT "'%.120s'"

static const struct cause {
	CURLcode code;
	enum { LAST_HOST, FIRST_HOST, ONLY_HOST /* there was no redirect */ } blamed;
	const char *predicate;
} causes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, LAST_HOST, "cannot be found: the name has no address" },
	{ CURLE_COULDNT_CONNECT, LAST_HOST, "does not accept connections" },
	{ CURLE_GOT_NOTHING, LAST_HOST, "closed the connection without an answer" },
	{ CURLE_PARTIAL_FILE, LAST_HOST, "closed the connection before everything was sent" },
	{ CURLE_RECV_ERROR, LAST_HOST, "dropped the connection" },
	{ CURLE_SEND_ERROR, LAST_HOST, "dropped the connection" },
	{ CURLE_TOO_MANY_REDIRECTS, FIRST_HOST, "redirects more than five times" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ONLY_HOST, "does not answer in HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, FIRST_HOST,
		"redirects to a URL that is neither http nor https" },
	{ CURLE_LOGIN_DENIED, FIRST_HOST, "redirects to a URL with a user name" },
	{ CURLE_URL_MALFORMAT, ONLY_HOST, "is not a valid host name" },
	{ CURLE_URL_MALFORMAT, FIRST_HOST, "redirects to an invalid URL" },
};

/*
 * The subject of a sentence: the last host, quoted, and the one that redirected there if it
 * differs. first_host: the URL's own. Caller frees.
 */
static char *subject_of(CURL *curl, const char *first_host)
{
	CURLU *parts = curl_url();
	char *url = NULL, *last_host = NULL, *subject;

	curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &url);
	if (url != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK) {
		curl_url_get(parts, CURLUPART_HOST, &last_host, 0);
	}
	if (last_host == NULL || strcmp(last_host, first_host) == 0) {
		subject = xasprintf(HOST_FORMAT, first_host);
	} else {
		subject = xasprintf(
			HOST_FORMAT ", where " HOST_FORMAT " redirects to,", last_host, first_host);
	}
	curl_free(last_host);
	curl_url_cleanup(parts);
	return subject;
}

/* Translates libcurl's error for the user who chose the URL. Returns false. */
static bool set_cause(struct error *err, CURL *curl, CURLcode code, const char *subject,
	const char *first_host, const char *detail)
{
	long redirect_count = 0;

	curl_easy_getinfo(curl, CURLINFO_REDIRECT_COUNT, &redirect_count);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		const struct cause *cause = &causes[i];

		if (cause->code != code || (cause->blamed == ONLY_HOST && redirect_count > 0)) {
			continue;
		}
		return cause->blamed == LAST_HOST
			       ? error_set(err, ERROR_IO, "%s %s", subject, cause->predicate)
			       : error_set(err, ERROR_IO, HOST_FORMAT " %s", first_host,
					 cause->predicate);
	}
	/* Only certificates have details worth telling, and theirs do not quote the URL. */
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
		return error_set(err, ERROR_IO, "%s cannot be trusted: %s", subject, detail);
	}
	return error_set(
		err, ERROR_IO, "%s cannot be reached: %s", subject, curl_easy_strerror(code));
}

static bool check_outcome(const struct download *download, CURLcode code, struct error *err)
{
	AUTO(free_ptr) char *subject = subject_of(download->curl, download->host);
	long status = 0;

	curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
	if (download->write_errno != 0) {
		errno = download->write_errno;
		return error_set_errno(err, "cannot save the data from %s", subject);
	}
	if (download->is_too_large || code == CURLE_FILESIZE_EXCEEDED) {
		return error_set(err, ERROR_TOO_LARGE, "%s sends more than %lld bytes", subject,
			(long long)download->orders->max_bytes);
	}
	if (code == CURLE_COULDNT_CONNECT && download->refused_address[0] != '\0') {
		return error_set(err, ERROR_BLOCKED,
			"%s has the address %s, which is this device's, its network's or reserved: "
			"the setting artwork.localServers allows it",
			subject, download->refused_address);
	}
	if (code == CURLE_OPERATION_TIMEDOUT) {
		return error_set(err, ERROR_TIMEOUT, "%s did not finish within %g s", subject,
			(double)download->orders->deadline_ms / 1000);
	}
	if ((code == CURLE_OK || code == CURLE_WRITE_ERROR) && (status < 200 || status > 299)) {
		return error_set(err, ERROR_IO, "%s answered with status %ld", subject, status);
	}
	return code == CURLE_OK ||
	       set_cause(err, download->curl, code, subject, download->host, download->detail);
}

bool download_end(struct download *download, CURLcode code, struct error *err)
{
	if (check_outcome(download, code, err)) {
		return true;
	}
	unlinkat(download->dir_fd, download->name, 0);
	return false;
}

void download_destroy(struct download *download)
{
	if (download == NULL) {
		return;
	}
	curl_easy_cleanup(download->curl);
	close_fd(&download->fd);
	free(download->host);
	free(download);
}

/* --- Certificate authorities --- */

static const char *const ca_files[] = {
	"/etc/ssl/certs/ca-certificates.crt",		     /* Debian, Arch and SteamOS, NixOS */
	"/etc/ca-certificates/extracted/tls-ca-bundle.pem",  /* Arch */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora */
	"/etc/pki/tls/certs/ca-bundle.crt",		     /* Fedora before 43 */
	"/etc/ssl/ca-bundle.pem",			     /* openSUSE */
	"/etc/ssl/cert.pem",				     /* Alpine */
};

const char *download_ca_file(void)
{
	const char *named = getenv("SSL_CERT_FILE");

	if (named != NULL && named[0] != '\0') {
		return named;
	}
	for (size_t i = 0; i < sizeof(ca_files) / sizeof(ca_files[0]); i++) {
		if (access(ca_files[i], R_OK) == 0) {
			return ca_files[i];
		}
	}
	return NULL;
}
