#include "push/agent_address.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/tcp_socket.h"
#include "suite.h"

#include <check.h>

START_TEST(addresses_are_read)
{
	static const struct {
		const char *text;
		const char *host;
		uint16_t port;
	} cases[] = {
		{ "192.168.1.20", "192.168.1.20", 9999 },
		{ "192.168.1.20:80", "192.168.1.20", 80 },
		{ "deck.local", "deck.local", 9999 },
		{ "deck:65535", "deck", 65535 },
		{ "localhost", "localhost", 9999 },
		{ "::1", "::1", 9999 },
		{ "[::1]", "::1", 9999 },
		{ "[::1]:1", "::1", 1 },
		{ "fe80::1%eth0", "fe80::1%eth0", 9999 },
		{ "[fe80::1%eth0]:9998", "fe80::1%eth0", 9998 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(agent_address_finish) struct agent_address address = { 0 };
		bool is_address = false;

		ck_assert(agent_address_parse(&address, cases[i].text, &is_address, NULL));
		ck_assert(is_address);
		ck_assert_str_eq(address.host, cases[i].host);
		ck_assert_uint_eq(address.port, cases[i].port);
	}
}
END_TEST

START_TEST(names_are_left_alone)
{
	static const char *const names[] = { "Steam Deck", "livingroom", "a1b2c3d4", "Deck v2.0 b",
		"Deck: mine", "日本" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		AUTO(agent_address_finish) struct agent_address address = { 0 };
		bool is_address = true;

		ck_assert(agent_address_parse(&address, names[i], &is_address, NULL));
		ck_assert(!is_address);
		ck_assert_ptr_null(address.host);
	}
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const char *const texts[] = { "host:0", "host:65536", "host:123456", "[::1",
		"[::1]x", "[::1]:", "[]", "[localhost]:1", "[::1]:0" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO(agent_address_finish) struct agent_address address = { 0 };
		struct error err = { 0 };
		bool is_address;

		ck_assert_msg(!agent_address_parse(&address, texts[i], &is_address, &err), "%s",
			texts[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
}
END_TEST

START_TEST(addresses_are_written)
{
	AUTO(free_ptr) char *v4 = tcp_socket_host_port("10.0.0.1", 9999);
	AUTO(free_ptr) char *v6 = tcp_socket_host_port("::1", 1);

	ck_assert_str_eq(v4, "10.0.0.1:9999");
	ck_assert_str_eq(v6, "[::1]:1");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("agent_address");

	tcase_add_test(tcase, addresses_are_read);
	tcase_add_test(tcase, names_are_left_alone);
	tcase_add_test(tcase, nonsense_is_refused);
	tcase_add_test(tcase, addresses_are_written);
	return run_tcase(tcase);
}
