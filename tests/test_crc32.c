#include "core/crc32.h"

#include "suite.h"

#include <check.h>
#include <string.h>

/* Source: the check value of CRC-32/ISO-HDLC; the others by zlib. */
static const struct {
	const char *text;
	uint32_t crc;
} sums[] = {
	{ "", 0 },
	{ "a", 0xe8b7be43 },
	{ "123456789", 0xcbf43926 },
	{ "The quick brown fox jumps over the lazy dog", 0x414fa339 },
};

START_TEST(test_sums)
{
	const char *text = sums[_i].text;

	ck_assert_uint_eq(crc32_of(0, text, strlen(text)), sums[_i].crc);
	for (size_t i = 0; i <= strlen(text); i++) {
		ck_assert_uint_eq(
			crc32_of(crc32_of(0, text, i), text + i, strlen(text) - i), sums[_i].crc);
	}
}
END_TEST

START_TEST(test_every_byte)
{
	unsigned char bytes[256];

	for (int i = 0; i < 256; i++) {
		bytes[i] = (unsigned char)i;
	}
	ck_assert_uint_eq(crc32_of(0, bytes, sizeof(bytes)), 0x29058c73);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("crc32");

	tcase_add_loop_test(tcase, test_sums, 0, sizeof(sums) / sizeof(*sums));
	tcase_add_test(tcase, test_every_byte);
	return run_tcase(tcase);
}
