/* Whatever the plugin answers, a change ends at most once, and never with an id that is no
 * shortcut's.
 */
#include "control/ui_link.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "ipc/ipc_client.h"
#include "ipc/ipc_server.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/steam_driver_ui.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop *loop;
static struct ipc_server *server;
static struct ipc_client *client; /* never reads: the requests do not matter */
static struct ipc_client_conn *conn;

struct outcome {
	unsigned count;
	bool succeeded;
	uint32_t app_id;
};

static void on_opened(void *owner, struct ipc_client_conn *opened)
{
	conn = opened;
}

static void on_line(void *owner, struct ipc_client_conn *from, const char *line, size_t length)
{
}

static void on_closed(void *owner, struct ipc_client_conn *closed)
{
}

static const struct ipc_server_events events = {
	.opened = on_opened,
	.line = on_line,
	.closed = on_closed,
};

static void finish(void)
{
	ipc_client_destroy(client);
	ipc_server_destroy(server);
	loop_destroy(loop);
}

static void init(void)
{
	char dir[] = "/tmp/fuzz-ui-link-XXXXXX";
	char *path;

	if (mkdtemp(dir) == NULL) {
		abort();
	}
	log_set_level(LOG_LEVEL_ERROR);
	path = xasprintf("%s/agent.sock", dir);
	loop = loop_create();
	server = ipc_server_create(loop, path, &events, NULL, NULL);
	client = ipc_client_create(path, NULL);
	while (conn == NULL) {
		loop_dispatch(loop);
	}
	unlink(path);
	rmdir(dir);
	free(path);
	atexit(finish);
}

static void on_done(void *user, uint32_t app_id, const struct error *err)
{
	struct outcome *outcome = user;

	outcome->count++;
	outcome->succeeded = err == NULL;
	outcome->app_id = app_id;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct steam_change change = {
		.action = (char *)STEAM_CHANGE_PUT,
		.account_id = (char *)"22202",
		.name = (char *)"Doom",
		.exe = (char *)"/doom",
		.start_dir = (char *)"/",
	};
	struct outcome outcome = { 0 };
	struct steam_driver *driver;
	struct ui_link *link;
	cJSON *message;

	if (loop == NULL) {
		init();
	}
	message = json_parse((const char *)data, size, NULL);
	link = ui_link_create(loop);
	driver = steam_driver_ui_create(loop, ui_link_steam_ui(link));
	ui_link_attach(link, conn, NULL);
	driver->ops->apply(driver, &change, on_done, &outcome);
	if (message != NULL && !ui_link_take_answer(link, conn, message)) {
		assert(outcome.count == 0);
	}
	assert(outcome.count <= 1);
	assert(!outcome.succeeded || (outcome.app_id & 0x80000000u) != 0);
	driver->ops->destroy(driver);
	assert(outcome.count == 1);
	ui_link_destroy(link);
	json_free(message);
	return 0;
}
