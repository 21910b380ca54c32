/* The driver over a plugin that is a struct of this test. */
#include "steam/steam_driver_ui.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/steam_ui.h"
#include "suite.h"

#include <check.h>
#include <string.h>

#define APP_ID 2931025216u
#define FILE_NUMBER 4711
#define FILE_BYTES 1000

static struct loop *loop;
static struct steam_driver *driver;
static struct error err;

/* The plugin's last request; the test answers it by hand. */
static struct plugin {
	bool attached;
	char *method;
	char *params;
	int64_t wait_ms;
	steam_ui_done *done; /* NULL: nothing is to be answered */
	void *user;
	char *offered; /* NULL: nothing is */
	bool no_file;
	unsigned forgotten_count;
} plugin;

/* What was reported to the driver's user. */
static struct {
	unsigned count;
	uint32_t app_id;
	struct error err;
} outcome;

static bool plugin_attached(void *owner)
{
	ck_assert_ptr_eq(owner, &plugin);
	return plugin.attached;
}

static void plugin_request(void *owner, const char *method, const char *params, int64_t wait_ms,
	steam_ui_done *done, void *user)
{
	ck_assert_ptr_eq(owner, &plugin);
	free(plugin.method);
	free(plugin.params);
	plugin.method = xstrdup(method);
	plugin.params = xstrdup(params);
	plugin.wait_ms = wait_ms;
	plugin.done = done;
	plugin.user = user;
}

static void plugin_forget(void *owner, void *user)
{
	ck_assert_ptr_eq(user, plugin.user);
	plugin.done = NULL;
	plugin.forgotten_count++;
}

static int64_t plugin_offer_file(void *owner, const char *path, int64_t *bytes, struct error *error)
{
	ck_assert_ptr_null(plugin.offered);
	if (plugin.no_file) {
		error_set(error, ERROR_NOT_FOUND, "there is no file '%s'", path);
		return 0;
	}
	plugin.offered = xstrdup(path);
	*bytes = FILE_BYTES;
	return FILE_NUMBER;
}

static void plugin_withdraw_file(void *owner, int64_t number)
{
	ck_assert_int_eq(number, FILE_NUMBER);
	ck_assert_ptr_nonnull(plugin.offered);
	free(plugin.offered);
	plugin.offered = NULL;
}

static const struct steam_ui ui = {
	.attached = plugin_attached,
	.request = plugin_request,
	.forget = plugin_forget,
	.offer_file = plugin_offer_file,
	.withdraw_file = plugin_withdraw_file,
	.owner = &plugin,
};

static void setup(void)
{
	plugin = (struct plugin){ .attached = true };
	memset(&outcome, 0, sizeof(outcome));
	loop = loop_create();
	driver = steam_driver_ui_create(loop, &ui);
}

static void teardown(void)
{
	if (driver != NULL) {
		driver->ops->destroy(driver);
	}
	loop_destroy(loop);
	ck_assert_ptr_null(plugin.offered);
	free(plugin.method);
	free(plugin.params);
}

static void on_done(void *user, uint32_t app_id, const struct error *error)
{
	ck_assert_ptr_eq(user, &outcome);
	outcome.count++;
	outcome.app_id = app_id;
	outcome.err = error != NULL ? *error : (struct error){ 0 };
}

static void apply(const struct steam_change *change)
{
	driver->ops->apply(driver, change, on_done, &outcome);
	ck_assert_uint_eq(outcome.count, 0);
	ck_assert_str_eq(plugin.method, "steam.apply");
	ck_assert_int_eq(plugin.wait_ms, 20000);
}

static void apply_put(uint32_t app_id)
{
	apply(&(struct steam_change){ .action = (char *)STEAM_CHANGE_PUT,
		.account_id = (char *)"22202",
		.app_id = app_id,
		.reported_app_id = APP_ID,
		.name = (char *)"Doom \"II\"",
		.exe = (char *)"/games/Doom/doom",
		.start_dir = (char *)"/games/Doom",
		.any_name = true });
}

static void apply_remove(uint32_t app_id)
{
	apply(&(struct steam_change){ .action = (char *)STEAM_CHANGE_REMOVE,
		.account_id = (char *)"22202",
		.app_id = app_id });
}

static void show_artwork(const char *path)
{
	driver->ops->show_artwork(driver,
		&(struct steam_artwork_shown){ .account_id = "22202",
			.app_id = APP_ID,
			.type = "hero",
			.asset_type = 1,
			.path = path },
		on_done, &outcome);
	ck_assert_uint_eq(outcome.count, 0);
}

static void answer(const char *text)
{
	AUTO(json_free_ptr) cJSON *result = json_parse(text, strlen(text), &err);
	steam_ui_done *done = plugin.done;

	ck_assert_ptr_nonnull(result);
	plugin.done = NULL;
	done(plugin.user, result, NULL);
	ck_assert_uint_eq(outcome.count, 1);
	outcome.count = 0;
}

static void answer_error(enum error_kind kind)
{
	steam_ui_done *done = plugin.done;

	error_set(&err, kind, "why");
	plugin.done = NULL;
	done(plugin.user, NULL, &err);
	ck_assert_uint_eq(outcome.count, 1);
	outcome.count = 0;
}

START_TEST(test_put)
{
	apply_put(0);
	ck_assert_str_eq(plugin.params,
		"{\"action\":\"put\",\"accountId\":\"22202\",\"appId\":0,\"reportedAppId\":"
		"2931025216,\"name\":\"Doom \\\"II\\\"\",\"exe\":\"/games/Doom/doom\",\"startDir\":"
		"\"/games/Doom\",\"anyName\":true,\"launchOptions\":null,\"tags\":[],"
		"\"compatTool\":\"\",\"icon\":\"\"}");
	answer("{\"appId\":3000000000}");
	ck_assert_int_eq(outcome.err.kind, ERROR_NONE);
	ck_assert_uint_eq(outcome.app_id, 3000000000u);
	apply_put(APP_ID);
	answer("{\"appId\":2931025216,\"more\":[]}");
	ck_assert_uint_eq(outcome.app_id, APP_ID);
	apply_put(5); /* an id that only some old client can have given */
	answer("{\"appId\":5}");
	ck_assert_uint_eq(outcome.app_id, 5);
}
END_TEST

START_TEST(test_put_and_a_wrong_id)
{
	static const char *const wrong[] = { "{}", "{\"appId\":0}", "{\"appId\":440}",
		"{\"appId\":-1}", "{\"appId\":[]}", "{\"appId\":4294967296}", "{\"appId\":1.5}",
		"{\"appid\":3000000000}" };

	for (int known = 0; known < 2; known++) {
		apply_put(known ? APP_ID : 0);
		answer(wrong[_i]);
		ck_assert_int_eq(outcome.err.kind, ERROR_IO);
		ck_assert_ptr_nonnull(strstr(outcome.err.message, "game-mode plugin"));
		ck_assert_uint_eq(outcome.app_id, 0);
	}
}
END_TEST

START_TEST(test_remove)
{
	apply_remove(APP_ID);
	answer("{\"appId\":2931025216}");
	ck_assert_int_eq(outcome.err.kind, ERROR_NONE);
	ck_assert_uint_eq(outcome.app_id, APP_ID);
	apply_remove(APP_ID);
	answer("{\"appId\":3000000000}");
	ck_assert_int_eq(outcome.err.kind, ERROR_IO);
	ck_assert_str_eq(outcome.err.message,
		"the game-mode plugin answered for app id 3000000000, not 2931025216");
}
END_TEST

START_TEST(test_errors_are_passed_on)
{
	static const enum error_kind kinds[] = { ERROR_CONFLICT, ERROR_TIMEOUT, ERROR_NOT_FOUND,
		ERROR_IO };

	apply_remove(APP_ID);
	answer_error(kinds[_i]);
	ck_assert_int_eq(outcome.err.kind, kinds[_i]);
	ck_assert_str_eq(outcome.err.message, "why");
}
END_TEST

START_TEST(test_artwork)
{
	show_artwork("/grid/2931025216_hero.png");
	ck_assert_str_eq(plugin.method, "steam.show_artwork");
	ck_assert_int_eq(plugin.wait_ms, 10000);
	ck_assert_str_eq(plugin.params,
		"{\"appId\":2931025216,\"artworkType\":\"hero\",\"assetType\":1,\"imageType\":\"png\","
		"\"file\":4711,\"bytes\":1000}");
	ck_assert_str_eq(plugin.offered, "/grid/2931025216_hero.png");
	answer("{\"appId\":2931025216}");
	ck_assert_int_eq(outcome.err.kind, ERROR_NONE);
	ck_assert_ptr_null(plugin.offered);

	show_artwork("/grid/2931025216_hero.jpg");
	ck_assert_ptr_nonnull(strstr(plugin.params, "\"imageType\":\"jpg\""));
	answer_error(ERROR_TIMEOUT);
	ck_assert_int_eq(outcome.err.kind, ERROR_TIMEOUT);
	ck_assert_ptr_null(plugin.offered);
}
END_TEST

START_TEST(test_artwork_without_its_file)
{
	plugin.no_file = true;
	show_artwork("/nonexistent.png");
	loop_dispatch(loop);
	ck_assert_uint_eq(outcome.count, 1);
	ck_assert_int_eq(outcome.err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_null(plugin.method);
}
END_TEST

START_TEST(test_restart)
{
	driver->ops->restart(driver, on_done, &outcome);
	ck_assert_str_eq(plugin.method, "steam.restart");
	ck_assert_str_eq(plugin.params, "{}");
	ck_assert_int_eq(plugin.wait_ms, 5000);
	answer("{}");
	ck_assert_int_eq(outcome.err.kind, ERROR_NONE);
}
END_TEST

START_TEST(test_ready)
{
	struct strbuf reason = { 0 };

	ck_assert(driver->ops->ready(driver, &reason));
	ck_assert_ptr_nonnull(strstr(reason.data, "is attached"));
	plugin.attached = false;
	strbuf_reset(&reason);
	ck_assert(!driver->ops->ready(driver, &reason));
	ck_assert_ptr_nonnull(strstr(reason.data, "not attached"));
	ck_assert_str_eq(driver->ops->name, "ui");
	strbuf_finish(&reason);
}
END_TEST

static void destroy_driver(void)
{
	driver->ops->destroy(driver);
	driver = NULL;
	ck_assert_uint_eq(outcome.count, 1);
	ck_assert_int_eq(outcome.err.kind, ERROR_CANCELLED);
}

START_TEST(test_destroy_answers_what_is_under_way)
{
	show_artwork("/grid/2931025216_hero.png");
	destroy_driver();
	ck_assert_uint_eq(plugin.forgotten_count, 1);
	ck_assert_ptr_null(plugin.offered);
}
END_TEST

START_TEST(test_destroy_before_a_failure_is_told)
{
	plugin.no_file = true;
	show_artwork("/nonexistent.png");
	destroy_driver();
	loop_dispatch(loop);
	ck_assert_uint_eq(outcome.count, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_driver_ui");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_put);
	tcase_add_loop_test(tcase, test_put_and_a_wrong_id, 0, 8);
	tcase_add_test(tcase, test_remove);
	tcase_add_loop_test(tcase, test_errors_are_passed_on, 0, 4);
	tcase_add_test(tcase, test_artwork);
	tcase_add_test(tcase, test_artwork_without_its_file);
	tcase_add_test(tcase, test_restart);
	tcase_add_test(tcase, test_ready);
	tcase_add_test(tcase, test_destroy_answers_what_is_under_way);
	tcase_add_test(tcase, test_destroy_before_a_failure_is_told);
	return run_tcase(tcase);
}
