#include "fetch/download_error.h"

#include "core/error.h"
#include "core/xalloc.h"

#include <stddef.h>
#include <string.h>

/* Hosts that exist are shorter than twice this; the cause has to fit behind two of them. */
#define HOST_FORMAT "'%.120s'"

static const struct cause {
	CURLcode code;
	enum { LAST_HOST, FIRST_HOST, ONLY_HOST /* there was no redirect */ } blamed;
	const char *predicate;
} causes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, LAST_HOST, "cannot be found: no address for that name" },
	{ CURLE_COULDNT_CONNECT, LAST_HOST, "accepts no connection" },
	{ CURLE_GOT_NOTHING, LAST_HOST, "closed the connection without an answer" },
	{ CURLE_PARTIAL_FILE, LAST_HOST, "closed the connection before everything was sent" },
	{ CURLE_RECV_ERROR, LAST_HOST, "broke the connection off" },
	{ CURLE_SEND_ERROR, LAST_HOST, "broke the connection off" },
	{ CURLE_TOO_MANY_REDIRECTS, FIRST_HOST, "redirects more than five times" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ONLY_HOST, "does not answer in HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, FIRST_HOST,
		"redirects to something else than http and https" },
	{ CURLE_LOGIN_DENIED, FIRST_HOST, "redirects to a URL with a user name" },
	{ CURLE_URL_MALFORMAT, ONLY_HOST, "is no name that a host can have" },
	{ CURLE_URL_MALFORMAT, FIRST_HOST, "redirects to no URL that can be read" },
};

char *download_error_subject(CURL *curl, const char *first_host)
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

bool download_error_set(struct error *err, CURL *curl, CURLcode code, const char *subject,
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
		err, ERROR_IO, "%s cannot be asked: %s", subject, curl_easy_strerror(code));
}
