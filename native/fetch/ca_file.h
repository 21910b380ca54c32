#pragma once

/*
 * The certificate authorities that this system trusts, as one PEM file; borrowed. $SSL_CERT_FILE,
 * else where the common distributions keep it: libcurl's built-in place is that of the system it
 * was built on. NULL: none found.
 */
const char *ca_file_find(void);
