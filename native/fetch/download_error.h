#pragma once

#include <curl/curl.h>
#include <stdbool.h>

struct error;

/* What libcurl reports, in words for the person who chose the URL. */

/*
 * Whom a sentence is about: the host that was asked last, quoted, and which one led there if that
 * was another. first_host: the URL's own. Caller frees.
 */
char *download_error_subject(CURL *curl, const char *first_host);

/* detail: libcurl's error buffer. Always IO; returns false. */
bool download_error_set(struct error *err, CURL *curl, CURLcode code, const char *subject,
	const char *first_host, const char *detail);
