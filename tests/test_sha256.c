#include "core/sha256.h"

#include "suite.h"

#include <check.h>
#include <string.h>

/* FIPS 180-4, NIST's examples. */
static const char empty_hex[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char million_hex[] =
	"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

START_TEST(matches_the_standard)
{
	struct sha256 *sha256 = sha256_create();
	char hex[SHA256_HEX_BYTES], block[1000];

	sha256_hex(sha256, hex);
	ck_assert_str_eq(hex, empty_hex);
	sha256_update(sha256, "a", 1);
	sha256_update(sha256, "bc", 2);
	sha256_hex(sha256, hex);
	ck_assert_str_eq(hex, abc_hex);
	memset(block, 'a', sizeof(block));
	for (int i = 0; i < 1000; i++) {
		sha256_update(sha256, block, sizeof(block));
	}
	sha256_hex(sha256, hex);
	ck_assert_str_eq(hex, million_hex);
	sha256_of("abc", 3, hex);
	ck_assert_str_eq(hex, abc_hex);
	sha256_destroy(sha256);
	sha256_destroy(NULL);
}
END_TEST

START_TEST(reset_forgets)
{
	struct sha256 *sha256 = sha256_create();
	unsigned char digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	sha256_update(sha256, "left over", 9);
	sha256_reset(sha256);
	sha256_digest(sha256, digest);
	sha256_to_hex(digest, hex);
	ck_assert_str_eq(hex, empty_hex);
	sha256_destroy(sha256);
}
END_TEST

START_TEST(recognises_hex)
{
	char text[SHA256_HEX_BYTES + 1];

	ck_assert(sha256_is_hex(abc_hex));
	ck_assert(!sha256_is_hex(NULL));
	ck_assert(!sha256_is_hex(""));
	strcpy(text, abc_hex);
	text[63] = '\0';
	ck_assert(!sha256_is_hex(text));
	text[63] = 'g';
	ck_assert(!sha256_is_hex(text));
	text[63] = 'A';
	ck_assert(!sha256_is_hex(text));
	strcpy(text, abc_hex);
	strcat(text, "0");
	ck_assert(!sha256_is_hex(text));
}
END_TEST

START_TEST(compares)
{
	ck_assert(equal_in_constant_time("", ""));
	ck_assert(equal_in_constant_time("123456", "123456"));
	ck_assert(!equal_in_constant_time("123456", "123457"));
	ck_assert(!equal_in_constant_time("12345", "123456"));
	ck_assert(!equal_in_constant_time("123456", ""));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sha256");

	tcase_add_test(tcase, matches_the_standard);
	tcase_add_test(tcase, reset_forgets);
	tcase_add_test(tcase, recognises_hex);
	tcase_add_test(tcase, compares);
	return run_tcase(tcase);
}
