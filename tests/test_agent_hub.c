#include "hubs/agent_hub.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "proto/proto_constants.h"
#include "proto/proto_session.h"
#include "suite.h"

#include <check.h>
#include <string.h>

#define LONG_TEXT                                                                                  \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"890123456789012345678901234567890123456789"

static struct error err;

START_TEST(what_a_hub_says_is_fit_to_be_shown)
{
	AUTO(agent_hub_finish) struct agent_hub hub = { 0 };
	const struct hub_connected hello = {
		.hub_id = "hub-1",
		.name = "My\n\x1b[31mPC",
		.version = LONG_TEXT,
		.platform = NULL,
	};

	ck_assert(agent_hub_init(&hub, &hello, &err));
	ck_assert_str_eq(hub.id, "hub-1");
	ck_assert_ptr_null(strpbrk(hub.name, "\n\x1b"));
	ck_assert_ptr_nonnull(strstr(hub.name, "PC"));
	ck_assert_uint_eq(strlen(hub.version), 64);
	ck_assert_str_eq(hub.platform, "");
}
END_TEST

START_TEST(nameless_hub_gets_a_name)
{
	static const char *const names[] = { NULL, "" };

	for (unsigned i = 0; i < 2; i++) {
		AUTO(agent_hub_finish) struct agent_hub hub = { 0 };
		const struct hub_connected hello = { .hub_id = "hub-1", .name = names[i] };

		ck_assert(agent_hub_init(&hub, &hello, &err));
		ck_assert_str_ne(hub.name, "");
	}
}
END_TEST

static const char *const bad_ids[] = { "", "a\nb", "\x7f", LONG_TEXT };

START_TEST(bad_id_is_refused)
{
	struct agent_hub hub = { 0 };
	const struct hub_connected hello = { .hub_id = bad_ids[_i] };

	ck_assert(!agent_hub_init(&hub, &hello, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_null(hub.id);
}
END_TEST

START_TEST(newer_protocol_is_refused)
{
	struct agent_hub hub = { 0 };
	const struct hub_connected hello = {
		.hub_id = "hub-1",
		.protocol_version = PROTO_VERSION + 1,
	};

	ck_assert(!agent_hub_init(&hub, &hello, &err));
	ck_assert_int_eq(err.kind, ERROR_BLOCKED);
	ck_assert_ptr_null(hub.id);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("agent_hub");

	tcase_add_test(tcase, what_a_hub_says_is_fit_to_be_shown);
	tcase_add_test(tcase, nameless_hub_gets_a_name);
	tcase_add_loop_test(tcase, bad_id_is_refused, 0, sizeof(bad_ids) / sizeof(bad_ids[0]));
	tcase_add_test(tcase, newer_protocol_is_refused);
	return run_tcase(tcase);
}
