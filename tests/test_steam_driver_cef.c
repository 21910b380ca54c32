/*
 * What the driver guarantees its user whatever Steam does; tests/e2e/cef.test.mjs checks what it
 * makes Steam do, in a real browser.
 */
#include "steam/cef/steam_driver_cef.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/worker.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "suite.h"
#include "ws/lws_loop.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct lws_loop *lws_loop;
static struct worker *worker;
static struct steam_driver *driver;
static int listener;
static int64_t port;
static char action[] = STEAM_CHANGE_REMOVE;
static char account_id[] = "1";
static struct steam_change change = { .action = action, .account_id = account_id, .app_id = 5 };

static unsigned done_count, awaited_count;
static struct error errors[4];

static void setup(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (void *)&address, size), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	getsockname(listener, (void *)&address, &size);
	port = ntohs(address.sin_port);
	loop = loop_create();
	lws_loop = lws_loop_create(loop, NULL);
	worker = worker_create(loop, 2);
	driver = steam_driver_cef_create(lws_loop, worker, &port);
	done_count = 0;
	memset(errors, 0, sizeof(errors));
}

static void destroy_driver(void)
{
	driver->ops->destroy(driver);
	driver = NULL;
}

static void teardown(void)
{
	if (driver != NULL) {
		destroy_driver();
	}
	worker_destroy(worker);
	lws_loop_destroy(lws_loop);
	loop_destroy(loop);
	close(listener);
}

static void on_done(void *user, uint32_t app_id, const struct error *err)
{
	ck_assert_uint_eq(app_id, 0);
	ck_assert_ptr_nonnull(err);
	errors[done_count++] = *err;
	if (done_count == awaited_count) {
		loop_stop(loop);
	}
}

static void await(unsigned count)
{
	ck_assert_uint_eq(done_count, 0);
	awaited_count = count;
	lws_loop_run(lws_loop);
	ck_assert_uint_eq(done_count, count);
}

static bool is_ready(const char *why)
{
	struct strbuf reason = { 0 };
	bool ready = driver->ops->ready(driver, &reason);

	ck_assert_msg(strstr(strbuf_text(&reason), why) != NULL, "%s", strbuf_text(&reason));
	strbuf_finish(&reason);
	return ready;
}

START_TEST(test_nothing_listens)
{
	ck_assert(is_ready("debugger answers on port"));
	close(listener);
	listener = -1;
	ck_assert(!is_ready("debugger is off"));
	driver->ops->apply(driver, &change, on_done, NULL);
	driver->ops->restart(driver, on_done, NULL);
	await(2);
	ck_assert_int_eq(errors[0].kind, ERROR_CONFLICT);
	ck_assert_int_eq(errors[1].kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(test_missing_image)
{
	struct steam_artwork_shown image = { .app_id = 5, .path = "/nonexistent/5p.png" };

	driver->ops->show_artwork(driver, &image, on_done, NULL);
	await(1);
	ck_assert_int_eq(errors[0].kind, ERROR_IO);
	ck_assert_ptr_nonnull(strstr(errors[0].message, "/nonexistent/5p.png"));
}
END_TEST

START_TEST(test_destroy_before_the_worker_is_done)
{
	driver->ops->apply(driver, &change, on_done, NULL);
	driver->ops->apply(driver, &change, on_done, NULL);
	ck_assert_uint_eq(done_count, 0);
	destroy_driver();
	ck_assert_uint_eq(done_count, 2);
	ck_assert_int_eq(errors[0].kind, ERROR_CANCELLED);
	ck_assert_int_eq(errors[1].kind, ERROR_CANCELLED);
	worker_drain(worker);
	ck_assert_uint_eq(done_count, 2);
}
END_TEST

static void on_asked(void *user, uint32_t events)
{
	loop_watch_remove(*(struct loop_watch **)user);
	loop_stop(loop);
}

START_TEST(test_destroy_while_steam_is_silent)
{
	struct loop_watch *watch;

	watch = loop_watch_add(loop, listener, LOOP_READ, on_asked, &watch);
	driver->ops->apply(driver, &change, on_done, NULL);
	driver->ops->apply(driver, &change, on_done, NULL);
	lws_loop_run(lws_loop);
	ck_assert_uint_eq(done_count, 0);
	destroy_driver();
	ck_assert_uint_eq(done_count, 2);
	ck_assert_int_eq(errors[0].kind, ERROR_CANCELLED);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_driver_cef");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_nothing_listens);
	tcase_add_test(tcase, test_missing_image);
	tcase_add_test(tcase, test_destroy_before_the_worker_is_done);
	tcase_add_test(tcase, test_destroy_while_steam_is_silent);
	return run_tcase(tcase);
}
