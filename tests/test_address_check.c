#include "fetch/address_check.h"

#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char *const refused[] = {
	"0.0.0.0",
	"0.255.255.255",
	"10.0.0.0",
	"10.255.255.255",
	"100.64.0.0",
	"100.127.255.255",
	"127.0.0.0",
	"127.0.0.1",
	"127.255.255.255",
	"169.254.0.0",
	"169.254.169.254",
	"169.254.255.255",
	"172.16.0.0",
	"172.31.255.255",
	"192.0.0.0",
	"192.0.0.255",
	"192.88.99.1",
	"192.168.0.0",
	"192.168.255.255",
	"198.18.0.0",
	"198.19.255.255",
	"224.0.0.0",
	"224.0.0.251",
	"239.255.255.255",
	"240.0.0.0",
	"255.255.255.255",
	"::",
	"::1",
	"::2",
	"::127.0.0.1",
	"::8.8.8.8",
	"::ffff:0.0.0.0",
	"::ffff:8.8.8.8",
	"::ffff:127.0.0.1",
	"::ffff:10.1.2.3",
	"::ffff:169.254.169.254",
	"::fffe:8.8.8.8",
	"::ffff:0:8.8.8.8",
	"64:ff9b::127.0.0.1",
	"64:ff9b::192.168.1.1",
	"64:ff9b::1:808:808",
	"64:ff9b:1::8.8.8.8",
	"100::",
	"100::1",
	"2001::",
	"2001::1",
	"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2002:7f00:1::",
	"2002:808:808::1",
	"2002:a00:1::1",
	"2002:c0a8:101::1",
	"2002:a9fe:a9fe::",
	"2002:e000:1::",
	"4000::1",
	"5f00::1",
	"fc00::",
	"fd12:3456:789a::1",
	"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"fe80::",
	"fe80::1",
	"febf::1",
	"fec0::1",
	"feff::1",
	"ff00::",
	"ff02::1",
	"ff02::fb",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

static const char *const global[] = {
	"1.0.0.0",
	"1.1.1.1",
	"8.8.8.8",
	"9.255.255.255",
	"11.0.0.0",
	"100.63.255.255",
	"100.128.0.0",
	"126.255.255.255",
	"128.0.0.0",
	"169.253.255.255",
	"169.255.0.0",
	"172.15.255.255",
	"172.32.0.0",
	"191.255.255.255",
	"192.0.1.0",
	"192.88.98.255",
	"192.88.100.0",
	"192.167.255.255",
	"192.169.0.0",
	"198.17.255.255",
	"198.20.0.0",
	"203.0.113.7",
	"223.255.255.255",
	"64:ff9b::8.8.8.8",
	"2001:200::",
	"2001:4860:4860::8888",
	"2003::1",
	"2606:4700:4700::1111",
	"2a00:1450::1",
	"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

static const struct sockaddr *parse(const char *text, struct sockaddr_storage *storage)
{
	struct sockaddr_in *v4 = (void *)storage;
	struct sockaddr_in6 *v6 = (void *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
	} else {
		memset(storage, 0, sizeof(*storage));
		ck_assert_int_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
		v6->sin6_family = AF_INET6;
	}
	return (const struct sockaddr *)storage;
}

START_TEST(special_addresses_are_not_global)
{
	struct sockaddr_storage storage;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		ck_assert_msg(
			!address_check_is_global(parse(refused[i], &storage)), "%s", refused[i]);
		ck_assert_msg(
			!address_check_is_foreign(parse(refused[i], &storage)), "%s", refused[i]);
	}
}
END_TEST

START_TEST(their_neighbours_are)
{
	struct sockaddr_storage storage;

	for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
		ck_assert_msg(address_check_is_global(parse(global[i], &storage)), "%s", global[i]);
	}
}
END_TEST

START_TEST(other_families_are_refused)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/tmp/socket" };

	ck_assert(!address_check_is_global((const struct sockaddr *)&local));
	ck_assert(!address_check_is_foreign((const struct sockaddr *)&local));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("address_check");

	tcase_add_test(tcase, special_addresses_are_not_global);
	tcase_add_test(tcase, their_neighbours_are);
	tcase_add_test(tcase, other_families_are_refused);
	return run_tcase(tcase);
}
