/*
 * Agents as strangers announce them: the test's network has one wire, and what comes in at its far
 * end is written here byte by byte.
 */
#include "push/agent_finder.h"

#include "core/error.h"
#include "core/loop.h"
#include "own_network.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define PATIENCE_S 60 /* bounds a hang */
#define AGAIN_MS 100  /* announcements may be lost */
#define SERVICE "\x0b_capydeploy\x04_tcp\x05local"
#define PORT 9999
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct claim {
	const char *instance; /* the service's and the host's name */
	const char *id;
	const char *name;
	const char *address;
};

/* --- The far end of the wire --- */

static int wire = -1;

struct packet {
	uint8_t bytes[1400];
	size_t length;
};

static void put(struct packet *packet, const void *bytes, size_t length)
{
	ck_assert_uint_le(packet->length + length, sizeof(packet->bytes));
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void put_number(struct packet *packet, uint32_t value, size_t length)
{
	for (size_t i = length; i > 0; i--) {
		uint8_t byte = (uint8_t)(value >> 8 * (i - 1));

		put(packet, &byte, 1);
	}
}

static void put_text(struct packet *packet, const char *text)
{
	put_number(packet, (uint32_t)strlen(text), 1);
	put(packet, text, strlen(text));
}

static void put_host(struct packet *packet, const struct claim *claim)
{
	put_text(packet, claim->instance);
	put(packet, "\x05local", sizeof("\x05local"));
}

static void put_service(struct packet *packet, const struct claim *claim)
{
	put_text(packet, claim->instance);
	put(packet, SERVICE, sizeof(SERVICE));
}

/* After the record's name. */
static void put_record(struct packet *packet, uint16_t type, const struct packet *data)
{
	const uint16_t in = 1, flush = 0x8000;

	put_number(packet, type, 2);
	put_number(packet, type == 12 ? in : in | flush, 2);
	put_number(packet, 120, 4);
	put_number(packet, (uint32_t)data->length, 2);
	put(packet, data->bytes, data->length);
}

/* RFC 6762: an announcement. */
static void put_claim(struct packet *packet, const struct claim *claim)
{
	struct packet pointer = { 0 }, location = { 0 }, texts = { 0 }, address = { 0 };
	struct in_addr parsed;
	char text[128];

	put_number(packet, 0, 2);
	put_number(packet, 0x8400, 2); /* an authoritative answer */
	put_number(packet, 0, 2);
	put_number(packet, 4, 2);
	put_number(packet, 0, 4);
	put_service(&pointer, claim);
	put(packet, SERVICE, sizeof(SERVICE));
	put_record(packet, 12, &pointer);
	put_number(&location, 0, 4);
	put_number(&location, PORT, 2);
	put_host(&location, claim);
	put_service(packet, claim);
	put_record(packet, 33, &location);
	snprintf(text, sizeof(text), "id=%s", claim->id);
	put_text(&texts, text);
	snprintf(text, sizeof(text), "name=%s", claim->name);
	put_text(&texts, text);
	put_service(packet, claim);
	put_record(packet, 16, &texts);
	ck_assert_int_eq(inet_pton(AF_INET, claim->address, &parsed), 1);
	put(&address, &parsed, sizeof(parsed));
	put_host(packet, claim);
	put_record(packet, 1, &address);
}

static uint16_t checksum(const void *bytes, size_t length)
{
	const uint16_t *words = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i < length / sizeof(*words); i++) {
		sum += words[i];
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void announce(const struct claim *claim)
{
	static const uint8_t ethernet[] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb, 2, 0, 0, 0, 0, 2,
		0x08, 0x00 };
	struct packet message = { 0 }, frame = { 0 };
	struct udphdr udp = { .source = htons(5353), .dest = htons(5353) };
	struct iphdr ip = { .version = 4,
		.ihl = 5,
		.ttl = 255,
		.protocol = IPPROTO_UDP,
		.saddr = inet_addr("10.77.0.2"),
		.daddr = inet_addr("224.0.0.251") };

	put_claim(&message, claim);
	udp.len = htons((uint16_t)(sizeof(udp) + message.length));
	ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + message.length));
	ip.check = checksum(&ip, sizeof(ip));
	put(&frame, ethernet, sizeof(ethernet));
	put(&frame, &ip, sizeof(ip));
	put(&frame, &udp, sizeof(udp));
	put(&frame, message.bytes, message.length);
	ck_assert_int_eq(send(wire, frame.bytes, frame.length, 0), (ssize_t)frame.length);
}

static bool open_wire(void)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("wire1") };

	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	return wire >= 0 && bind(wire, (const void *)&address, sizeof(address)) == 0;
}

/* --- The search --- */

static struct loop *loop;
static struct agent_finder *finder;
static bool is_finished;
static struct error err;
static const struct claim *claims;
static size_t claims_count;
static struct loop_timer *again;

static void on_finished(void *user, const struct error *why)
{
	ck_assert_msg(why == NULL, "%s", why != NULL ? why->message : "");
	is_finished = true;
	loop_stop(loop);
}

static void announce_all(void *user)
{
	for (size_t i = 0; i < claims_count; i++) {
		announce(&claims[i]);
	}
	loop_timer_set(again, AGAIN_MS);
	loop_stop(loop);
}

static void setup(void)
{
	loop = loop_create();
	again = loop_timer_create(loop, announce_all, NULL);
	err = (struct error){ 0 };
	is_finished = false;
}

static void teardown(void)
{
	agent_finder_destroy(finder);
	loop_timer_destroy(again);
	loop_destroy(loop);
}

static void find(const char *wanted, int64_t wait_ms, const struct claim *made, size_t count)
{
	claims = made;
	claims_count = count;
	finder = agent_finder_create(loop, wanted, wait_ms, on_finished, NULL);
	loop_timer_set(again, 0);
}

static size_t count_found(void)
{
	size_t count;

	agent_finder_agents(finder, &count);
	return count;
}

static void wait_until_found(size_t count)
{
	while (count_found() < count) {
		loop_run(loop);
	}
}

static void wait_until_finished(void)
{
	while (!is_finished) {
		loop_run(loop);
	}
}

static const struct claim the_deck = { "1a2b3c4d", "1a2b3c4d", "Living Room", "10.77.0.5" };
static const struct claim impostor = { "aaaaaaaa", "1a2b3c4d", "Living Room", "10.77.0.66" };

/* The impostor comes first, or the Deck; neither takes the other's place, however often it comes.
 */
START_TEST(who_claims_anothers_id_does_not_hide_it)
{
	const struct claim both[] = { _i == 0 ? impostor : the_deck, _i == 0 ? the_deck : impostor,
		impostor };
	const struct found_agent *agents;
	size_t count;

	find(NULL, PATIENCE_S * 1000, both, COUNT(both));
	wait_until_found(2);
	agents = agent_finder_agents(finder, &count);
	ck_assert_uint_eq(count, 2);
	for (size_t i = 0; i < count; i++) {
		bool is_deck = strcmp(agents[i].instance, the_deck.instance) == 0;

		ck_assert_str_eq(agents[i].id, the_deck.id);
		ck_assert_str_eq(agents[i].address, is_deck ? the_deck.address : impostor.address);
		ck_assert_uint_eq(agents[i].port, PORT);
	}
	ck_assert_str_ne(agents[0].instance, agents[1].instance);
}
END_TEST

/* Neither is chosen: who it is only their owner knows. */
START_TEST(of_two_that_claim_one_id_neither_is_taken)
{
	static const char *const wanted[] = { "1a2b3c4d", "1A2B3C4D", "living room" };
	const struct claim both[] = { impostor, the_deck };

	find(wanted[_i], PATIENCE_S * 1000, both, COUNT(both));
	wait_until_found(2);
	wait_until_finished();
	ck_assert_ptr_null(agent_finder_match(finder, wanted[_i], &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_msg(strstr(err.message, the_deck.address) != NULL, "%s", err.message);
	ck_assert_msg(strstr(err.message, impostor.address) != NULL, "%s", err.message);
	ck_assert_msg(strstr(err.message, "use --to with the ") != NULL, "%s", err.message);
}
END_TEST

/* What has another name is found by it, whatever id others claim. */
START_TEST(what_is_unique_is_found)
{
	const struct claim both[] = { { "aaaaaaaa", "1a2b3c4d", "Other", "10.77.0.66" }, the_deck };
	const struct found_agent *found;

	find(_i == 0 ? "living room" : "1a2b3c4d.local", PATIENCE_S * 1000, both, COUNT(both));
	wait_until_finished();
	found = agent_finder_match(finder, "living room", &err);
	ck_assert_msg(found != NULL, "%s", err.message);
	ck_assert_str_eq(found->address, the_deck.address);
}
END_TEST

START_TEST(an_address_that_no_host_can_have_is_no_agents)
{
	static const char *const bad[] = { "0.0.0.0", "0.0.0.7", "127.0.0.1", "169.254.0.0",
		"169.254.255.255", "10.77.0.0", "10.77.0.255", "224.0.0.251", "240.0.0.1",
		"255.255.255.255" };
	static const char *const good[] = { "10.77.0.5", "169.254.0.1", "169.254.255.254",
		"192.168.7.255" };
	static char instances[COUNT(bad) + COUNT(good)][16];
	struct claim all[COUNT(instances)];
	const struct found_agent *agents;
	size_t count;

	for (size_t i = 0; i < COUNT(all); i++) {
		snprintf(instances[i], sizeof(instances[i]), "deck%zu", i);
		all[i] = (struct claim){ instances[i], instances[i], instances[i],
			i < COUNT(bad) ? bad[i] : good[i - COUNT(bad)] };
	}
	/* The last one announced is the wanted one: those before it have come by then. */
	find(instances[COUNT(all) - 1], PATIENCE_S * 1000, all, COUNT(all));
	wait_until_found(COUNT(good));
	wait_until_finished();
	agents = agent_finder_agents(finder, &count);
	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0; n < COUNT(bad); n++) {
			ck_assert_str_ne(agents[i].address, bad[n]);
		}
	}
	ck_assert_uint_eq(count, COUNT(good));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("agent_finder");

	if (!own_network_enter() ||
		system("ip link set lo up && ip link add wire0 type veth peer name wire1 && "
		       "ip addr add 10.77.0.1/24 dev wire0 && ip link set wire0 up && "
		       "ip link set wire1 addrgenmode none up") != 0 ||
		!open_wire()) {
		printf("skipped: cannot make a network namespace here\n");
		return 0;
	}
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	tcase_set_timeout(tcase, PATIENCE_S);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, who_claims_anothers_id_does_not_hide_it, 0, 2);
	tcase_add_loop_test(tcase, of_two_that_claim_one_id_neither_is_taken, 0, 3);
	tcase_add_loop_test(tcase, what_is_unique_is_found, 0, 2);
	tcase_add_test(tcase, an_address_that_no_host_can_have_is_no_agents);
	return run_tcase(tcase);
}
