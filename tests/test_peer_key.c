#include "core/peer_key.h"
#include "suite.h"

#include <check.h>

static bool same(const char *a, const char *b)
{
	struct peer_key key_a = peer_key_of(a), key_b = peer_key_of(b);

	return peer_key_equal(&key_a, &key_b);
}

START_TEST(ipv4_counts_whole)
{
	ck_assert(same("10.0.0.1", "10.0.0.1"));
	ck_assert(same("10.0.0.1", "::ffff:10.0.0.1"));
	ck_assert(!same("10.0.0.1", "10.0.0.2"));
	ck_assert(!same("::ffff:10.0.0.1", "::ffff:10.0.0.2"));
}
END_TEST

START_TEST(ipv6_counts_by_its_network)
{
	ck_assert(same("2001:db8::1", "2001:db8::ffff:2"));
	ck_assert(!same("2001:db8::1", "2001:db8:0:1::1"));
	ck_assert(same("fe80::1%eth0", "fe80::2%wlan0"));
}
END_TEST

START_TEST(what_is_no_address_has_one_key)
{
	ck_assert(same("", "steamdeck"));
	ck_assert(same("", "1111111111222222222233333333334444444444555555555566666666667777"));
	ck_assert(!same("", "10.0.0.1"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("peer_key");

	tcase_add_test(tcase, ipv4_counts_whole);
	tcase_add_test(tcase, ipv6_counts_by_its_network);
	tcase_add_test(tcase, what_is_no_address_has_one_key);
	return run_tcase(tcase);
}
