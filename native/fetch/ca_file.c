#include "fetch/ca_file.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const places[] = {
	"/etc/ssl/certs/ca-certificates.crt",		     /* Debian, Arch and SteamOS, NixOS */
	"/etc/ca-certificates/extracted/tls-ca-bundle.pem",  /* Arch */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora */
	"/etc/pki/tls/certs/ca-bundle.crt",		     /* Fedora before 43 */
	"/etc/ssl/ca-bundle.pem",			     /* openSUSE */
	"/etc/ssl/cert.pem",				     /* Alpine */
};

const char *ca_file_find(void)
{
	const char *named = getenv("SSL_CERT_FILE");

	if (named != NULL && named[0] != '\0') {
		return named;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (access(places[i], R_OK) == 0) {
			return places[i];
		}
	}
	return NULL;
}
