#include "core/sha256.h"

#include "core/fatal.h"
#include "core/xalloc.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct sha256 {
	EVP_MD *method; /* fetched once: an implicit fetch costs locks and look-ups at each start */
	EVP_MD_CTX *context;
};

/* OpenSSL fails here only if it is out of memory or badly installed. */
static void require(bool succeeded)
{
	if (!succeeded) {
		fatal("OpenSSL cannot compute SHA-256: out of memory, or it is badly installed");
	}
}

void sha256_prepare(void)
{
	require(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1 &&
		OSSL_LIB_CTX_get0_global_default() != NULL);
	sha256_destroy(sha256_create());
}

struct sha256 *sha256_create(void)
{
	struct sha256 *sha256 = xcalloc(1, sizeof(*sha256));

	sha256->method = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha256->context = EVP_MD_CTX_new();
	require(sha256->method != NULL && sha256->context != NULL);
	sha256_reset(sha256);
	return sha256;
}

void sha256_destroy(struct sha256 *sha256)
{
	if (sha256 == NULL) {
		return;
	}
	EVP_MD_CTX_free(sha256->context);
	EVP_MD_free(sha256->method);
	free(sha256);
}

void sha256_reset(struct sha256 *sha256)
{
	require(EVP_DigestInit_ex(sha256->context, sha256->method, NULL) == 1);
}

void sha256_update(struct sha256 *sha256, const void *data, size_t length)
{
	require(EVP_DigestUpdate(sha256->context, data, length) == 1);
}

void sha256_digest(struct sha256 *sha256, unsigned char digest[SHA256_BYTES])
{
	require(EVP_DigestFinal_ex(sha256->context, digest, NULL) == 1);
	sha256_reset(sha256);
}

void sha256_hex(struct sha256 *sha256, char hex[SHA256_HEX_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	sha256_digest(sha256, digest);
	sha256_to_hex(digest, hex);
}

void sha256_to_hex(const unsigned char digest[SHA256_BYTES], char hex[SHA256_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_BYTES; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[SHA256_HEX_BYTES - 1] = '\0';
}

bool sha256_is_hex(const char *text)
{
	return text != NULL && strspn(text, "0123456789abcdef") == SHA256_HEX_BYTES - 1 &&
	       text[SHA256_HEX_BYTES - 1] == '\0';
}

void sha256_of(const void *data, size_t length, char hex[SHA256_HEX_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	require(EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) == 1);
	sha256_to_hex(digest, hex);
}

bool equal_in_constant_time(const char *a, const char *b)
{
	size_t length = strlen(a);

	return strlen(b) == length && CRYPTO_memcmp(a, b, length) == 0;
}
