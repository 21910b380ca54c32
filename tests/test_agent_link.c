#define SUITE_ALONE /* replaces the resolver */
#include "push/agent_link.h"

#include "agent_fixture.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "folder.h"
#include "proto/proto_constants.h"
#include "push/agent_tokens.h"
#include "suite.h"
#include "ws/lws_loop.h"
#include "ws/ws_conn.h"

#include <arpa/inet.h>
#include <check.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS "deck.example:9999"

static struct agent_fixture agent;
static struct agent_link *link_;
static struct agent_tokens tokens;
static char root[FOLDER_BYTES];
static struct agent_client *up_client;
static unsigned up_count, broken_count, failed_count, wanted_count, paired_count;
static struct error failure;
static int64_t retry_ms;
static atomic_bool name_is_unknown; /* read by the resolver's thread */

/* "deck.example" is at an address that cannot be connected to, and at ours. */
static const char *const host_addresses[] = { "255.255.255.255", "127.0.0.1" };

static void fill(struct addrinfo **result, const char *address)
{
	struct {
		struct addrinfo info;
		struct sockaddr_in place;
	} *made = xcalloc(1, sizeof(*made));

	made->place.sin_family = AF_INET;
	ck_assert_int_eq(inet_pton(AF_INET, address, &made->place.sin_addr), 1);
	made->info.ai_family = AF_INET;
	made->info.ai_socktype = SOCK_STREAM;
	made->info.ai_addr = (struct sockaddr *)&made->place;
	made->info.ai_addrlen = sizeof(made->place);
	*result = &made->info;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	struct in_addr binary;

	if (inet_pton(AF_INET, node, &binary) == 1) {
		fill(result, node);
		return 0;
	}
	if ((hints->ai_flags & AI_NUMERICHOST) != 0 || atomic_load(&name_is_unknown)) {
		return EAI_NONAME;
	}
	fill(result, host_addresses[0]);
	fill(&(*result)->ai_next, host_addresses[1]);
	return 0;
}

void freeaddrinfo(struct addrinfo *infos)
{
	while (infos != NULL) {
		struct addrinfo *next = infos->ai_next;

		free(infos);
		infos = next;
	}
}

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	wanted_count++;
	loop_stop(agent.loop);
}

static void on_paired(void *user)
{
	paired_count++;
}

static void on_up(void *user, struct agent_client *client, const struct agent_link_agent *about)
{
	ck_assert_str_eq(about->name, "Fixture");
	up_client = client;
	up_count++;
	loop_stop(agent.loop);
}

static void on_drained(void *user)
{
}

static void on_broken(void *user, const struct error *why)
{
	up_client = NULL;
	broken_count++;
	loop_stop(agent.loop);
}

static void on_failed(void *user, const struct error *err)
{
	failed_count++;
	failure = *err;
	loop_stop(agent.loop);
}

static void on_notice(void *user, const char *text)
{
	ck_abort_msg("%s", text);
}

static const struct agent_link_events events = {
	.code_wanted = on_code_wanted,
	.paired = on_paired,
	.up = on_up,
	.drained = on_drained,
	.broken = on_broken,
	.failed = on_failed,
	.notice = on_notice,
};

static void put_key(const char *id)
{
	const struct agent_token token = {
		.agent_id = (char *)id,
		.address = (char *)ADDRESS,
		.name = (char *)"Deck",
		.token = (char *)AGENT_FIXTURE_KEY,
	};

	ck_assert(agent_tokens_put(&tokens, &token, NULL));
}

static void start(void)
{
	AUTO(free_ptr) char *notice = NULL;

	folder_make(root);
	ck_assert(agent_tokens_init(&tokens, root, &notice, NULL));
	agent = (struct agent_fixture){ .script = NULL };
	agent_fixture_start(&agent);
	retry_ms = 60 * 1000;
}

static void stop(void)
{
	agent_link_destroy(link_);
	agent_fixture_stop(&agent);
	agent_tokens_finish(&tokens);
	folder_remove(root);
}

static void open_link(const char *host)
{
	const struct agent_link_options options = {
		.lws_loop = agent.lws_loop,
		.tokens = &tokens,
		.host = host,
		.port = agent_fixture_port(&agent),
		.address = ADDRESS,
		.hub_name = "test",
		.retry_ms = retry_ms,
	};

	link_ = agent_link_create(&options, &events, NULL);
}

#define RUN_UNTIL(condition) AGENT_FIXTURE_RUN_UNTIL(&agent, condition)

START_TEST(the_key_is_kept_and_used)
{
	open_link("127.0.0.1");
	RUN_UNTIL(wanted_count == 1);
	agent_link_confirm(link_, AGENT_FIXTURE_CODE);
	RUN_UNTIL(up_count == 1);
	ck_assert_uint_eq(paired_count, 1);
	ck_assert_str_eq(agent_tokens_find(&tokens, "a1b2c3d4", NULL), AGENT_FIXTURE_KEY);
	agent_link_destroy(link_);
	open_link("127.0.0.1");
	RUN_UNTIL(up_count == 2);
	ck_assert_uint_eq(wanted_count, 1);
}
END_TEST

START_TEST(another_agent_at_the_address_costs_no_key)
{
	const struct agent_token other = { .agent_id = (char *)"another",
		.address = (char *)ADDRESS,
		.name = (char *)"Other",
		.token = (char *)"key of another" };

	ck_assert(agent_tokens_put(&tokens, &other, NULL));
	open_link("127.0.0.1");
	RUN_UNTIL(wanted_count == 1);
	ck_assert_str_eq(agent_tokens_find(&tokens, "another", NULL), "key of another");
	agent_link_confirm(link_, AGENT_FIXTURE_CODE);
	RUN_UNTIL(up_count == 1);
	ck_assert_str_eq(agent_tokens_find(&tokens, "another", NULL), "key of another");
	ck_assert_str_eq(agent_tokens_find(&tokens, NULL, ADDRESS), AGENT_FIXTURE_KEY);
	ck_assert_str_eq(agent_tokens_find(&tokens, "a1b2c3d4", NULL), AGENT_FIXTURE_KEY);
}
END_TEST

START_TEST(each_address_of_a_host_is_tried)
{
	put_key("");
	open_link("deck.example");
	RUN_UNTIL(up_count == 1);
	ck_assert_uint_eq(agent.connections, 1);
	ck_assert_uint_eq(broken_count, 0);
}
END_TEST

START_TEST(a_name_that_is_unknown_at_first_is_the_end)
{
	atomic_store(&name_is_unknown, true);
	open_link("deck.example");
	RUN_UNTIL(failed_count == 1);
	ck_assert_int_eq(failure.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(broken_count, 0);
}
END_TEST

START_TEST(a_link_that_breaks_is_made_again)
{
	put_key("");
	open_link("deck.example");
	RUN_UNTIL(up_count == 1);
	ws_conn_close(agent.conn, WS_CLOSE_GOING_AWAY, "");
	RUN_UNTIL(broken_count == 1);
	atomic_store(&name_is_unknown, true); /* our Wi-Fi is down as well */
	RUN_UNTIL(broken_count == 2);
	atomic_store(&name_is_unknown, false);
	RUN_UNTIL(up_count == 2);
	ck_assert_uint_eq(failed_count, 0);
}
END_TEST

START_TEST(patience_ends_unless_something_is_gained)
{
	put_key("");
	retry_ms = 600;
	open_link("127.0.0.1");
	for (unsigned i = 1; failed_count == 0; i++) {
		RUN_UNTIL(up_count == i || failed_count > 0);
		if (failed_count == 0) {
			unsigned broken = broken_count;

			if (i <= 2) {
				agent_link_note_progress(link_);
			}
			ws_conn_close(agent.conn, WS_CLOSE_GOING_AWAY, "bye");
			RUN_UNTIL(broken_count > broken || failed_count > 0);
		}
	}
	ck_assert_ptr_nonnull(strstr(failure.message, "still failing after 0 s: "));
	/* 250 ms, twice: progress; then 250 and 500 ms more, which is past 600. */
	ck_assert_uint_le(agent.connections, 5);
	ck_assert_uint_ge(agent.connections, 3);
}
END_TEST

START_TEST(a_refusal_is_the_end)
{
	put_key("");
	open_link("127.0.0.1");
	RUN_UNTIL(up_count == 1);
	ws_conn_close(agent.conn, WS_CLOSE_NORMAL, "replaced");
	RUN_UNTIL(failed_count == 1);
	ck_assert_int_eq(failure.kind, ERROR_CONFLICT);
	ck_assert_uint_eq(broken_count, 0);
}
END_TEST

/* This crashed: the code comes when there is no client to give it to. */
START_TEST(a_code_for_a_link_that_is_gone_goes_nowhere)
{
	put_key("");
	open_link("deck.example");
	RUN_UNTIL(up_count == 1);
	agent.forgets_key = true;
	ws_conn_close(agent.conn, CLOSE_TOKEN_REVOKED, "");
	RUN_UNTIL(wanted_count == 1);
	ck_assert_ptr_null(agent_tokens_find(&tokens, "a1b2c3d4", ADDRESS));
	atomic_store(&name_is_unknown, true);
	ws_conn_close(agent.conn, WS_CLOSE_GOING_AWAY, "");
	RUN_UNTIL(broken_count == 3); /* revoked, broken, not found */
	agent_link_confirm(link_, AGENT_FIXTURE_CODE);
	agent_link_renew_code(link_);
	atomic_store(&name_is_unknown, false);
	RUN_UNTIL(wanted_count == 2);
	agent_link_confirm(link_, AGENT_FIXTURE_CODE);
	RUN_UNTIL(up_count == 2);
}
END_TEST

START_TEST(a_key_is_replaced_once)
{
	put_key("");
	open_link("127.0.0.1");
	RUN_UNTIL(up_count == 1);
	ws_conn_close(agent.conn, CLOSE_TOKEN_REVOKED, "");
	RUN_UNTIL(wanted_count == 1);
	agent_link_confirm(link_, AGENT_FIXTURE_CODE);
	RUN_UNTIL(up_count == 2);
	ws_conn_close(agent.conn, CLOSE_TOKEN_REVOKED, "");
	RUN_UNTIL(failed_count == 1);
	ck_assert_int_eq(failure.kind, ERROR_UNAUTHORIZED);
}
END_TEST

static bool say_pong(struct agent_fixture *fixture, const struct envelope *request)
{
	if (strcmp(request->type, "get_info") != 0) {
		return false;
	}
	agent_fixture_reply(fixture, request->id, "pong", NULL);
	return true;
}

START_TEST(what_the_agent_says_of_itself_is_not_needed)
{
	put_key("");
	agent.script = say_pong;
	open_link("127.0.0.1");
	RUN_UNTIL(up_count == 1);
	ck_assert_ptr_null(agent_tokens_find(&tokens, "a1b2c3d4", NULL));
	ck_assert_ptr_nonnull(agent_tokens_find(&tokens, NULL, ADDRESS));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("agent_link");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, the_key_is_kept_and_used);
	tcase_add_test(tcase, another_agent_at_the_address_costs_no_key);
	tcase_add_test(tcase, each_address_of_a_host_is_tried);
	tcase_add_test(tcase, a_name_that_is_unknown_at_first_is_the_end);
	tcase_add_test(tcase, a_link_that_breaks_is_made_again);
	tcase_add_test(tcase, patience_ends_unless_something_is_gained);
	tcase_add_test(tcase, a_refusal_is_the_end);
	tcase_add_test(tcase, a_code_for_a_link_that_is_gone_goes_nowhere);
	tcase_add_test(tcase, a_key_is_replaced_once);
	tcase_add_test(tcase, what_the_agent_says_of_itself_is_not_needed);
	return run_tcase(tcase);
}
