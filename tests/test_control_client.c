#include "control/control_client.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "ipc/ipc_client.h"
#include "ipc/ipc_server.h"
#include "proto/proto_ipc.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <string.h>

/* A server of one client, every line of which is the id of a call that is kept. */
static struct steam_home home;
static struct loop *loop;
static struct ipc_server *server;
static struct ipc_client *client;
static struct control_client controlled;
static struct control_ticket *kept[CONTROL_TICKETS_MAX + 1];
static unsigned kept_count;
static bool is_closed;
static struct error err;

static void on_opened(void *owner, struct ipc_client_conn *conn)
{
	control_client_init(&controlled, conn);
}

static void on_line(void *owner, struct ipc_client_conn *conn, const char *line, size_t length)
{
	kept[kept_count++] = control_ticket_create(&controlled, length > 0 ? line : NULL, &err);
}

static void on_closed(void *owner, struct ipc_client_conn *conn)
{
	control_client_finish(&controlled);
	is_closed = true;
}

static const struct ipc_server_events events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

static void setup(void)
{
	AUTO(free_ptr) char *path = NULL;

	steam_home_init(&home);
	path = xasprintf("%s/agent.sock", home.path);
	loop = loop_create();
	server = ipc_server_create(loop, path, &events, NULL, &err);
	ck_assert_msg(server != NULL, "%s", err.message);
	client = ipc_client_create(path, &err);
	ck_assert_msg(client != NULL, "%s", err.message);
}

static void teardown(void)
{
	ipc_client_destroy(client);
	ipc_server_destroy(server);
	loop_destroy(loop);
	steam_home_finish(&home);
}

static struct control_ticket *keep_call(const char *id)
{
	unsigned before = kept_count;

	ck_assert(ipc_client_send(client, id, strlen(id), &err));
	while (kept_count == before) {
		loop_dispatch(loop);
	}
	return kept[before];
}

static void expect(const char *expected)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	ck_assert_msg(ipc_client_receive(client, 5000, &line, &err), "%s", err.message);
	ck_assert_str_eq(strbuf_text(&line), expected);
}

static void reply_take(struct control_ticket *ticket)
{
	const struct ipc_restarted result = { .message = "done" };

	control_ticket_reply_take(ticket, ipc_restarted_fields, &result);
}

static void fail_take(struct control_ticket *ticket)
{
	struct error why;

	error_set(&why, ERROR_CONFLICT, "not now");
	control_ticket_fail_take(ticket, &why);
}

START_TEST(test_answers)
{
	struct control_ticket *first = keep_call("1");
	struct control_ticket *second = keep_call("\"b\"");

	fail_take(second);
	reply_take(first);
	expect("{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"error\":{\"code\":-32002,\"message\":\"not "
	       "now\"}}");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"message\":\"done\"}}");
	ck_assert_uint_eq(controlled.ticket_count, 0);
}
END_TEST

START_TEST(test_without_an_id_nothing_is_said)
{
	reply_take(keep_call(""));
	fail_take(keep_call(""));
	reply_take(keep_call("3"));
	expect("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"message\":\"done\"}}");
}
END_TEST

START_TEST(test_the_client_goes_first)
{
	struct control_ticket *first = keep_call("1");
	struct control_ticket *second = keep_call("2");
	struct control_ticket *third = keep_call("3");

	reply_take(second);
	ipc_client_destroy(client);
	client = NULL;
	while (!is_closed) {
		loop_dispatch(loop);
	}
	reply_take(first);
	fail_take(third);
	ck_assert_uint_eq(controlled.ticket_count, 0);
}
END_TEST

START_TEST(test_the_server_goes_first)
{
	struct control_ticket *ticket = keep_call("1");

	ipc_server_destroy(server);
	server = NULL;
	fail_take(ticket);
}
END_TEST

START_TEST(test_limit)
{
	for (unsigned i = 0; i < CONTROL_TICKETS_MAX; i++) {
		ck_assert_ptr_nonnull(keep_call("1"));
	}
	ck_assert_ptr_null(keep_call("2"));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	reply_take(kept[0]);
	kept_count = 0;
	kept[0] = keep_call("3");
	ck_assert_ptr_nonnull(kept[0]);
	for (unsigned i = 0; i < CONTROL_TICKETS_MAX; i++) {
		reply_take(kept[i]);
	}
}
END_TEST

START_TEST(test_notifications_are_chosen)
{
	AUTO(strvec_finish) struct strvec names = { 0 };
	struct control_client chosen;

	control_client_init(&chosen, NULL);
	ck_assert(!control_client_wants(&chosen, CONTROL_EVENT_HUB_CONNECTED));
	ck_assert(control_client_subscribe(&chosen, &names, &err));
	ck_assert(control_client_wants(&chosen, CONTROL_EVENT_HUB_CONNECTED));
	ck_assert(!control_client_wants(&chosen, CONTROL_EVENT_LOG_LINE));

	strvec_push(&names, "log_line");
	ck_assert(control_client_subscribe(&chosen, &names, &err));
	ck_assert(!control_client_wants(&chosen, CONTROL_EVENT_HUB_CONNECTED));
	ck_assert(control_client_wants(&chosen, CONTROL_EVENT_LOG_LINE));

	strvec_push(&names, "no_such_thing");
	ck_assert(!control_client_subscribe(&chosen, &names, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	control_client_events(&chosen, &names);
	ck_assert_uint_eq(names.count, 1);
	ck_assert_str_eq(names.items[0], "log_line");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("control_client");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_answers);
	tcase_add_test(tcase, test_without_an_id_nothing_is_said);
	tcase_add_test(tcase, test_the_client_goes_first);
	tcase_add_test(tcase, test_the_server_goes_first);
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_notifications_are_chosen);
	return run_tcase(tcase);
}
