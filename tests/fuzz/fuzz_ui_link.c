/*
 * Whatever the plugin answers, a change ends at most once, and never with an id that is no
 * shortcut's.
 *
 * An input's lines: "+" asks for a change, "s" for a restart, "a" for images; "p" attaches another
 * plugin, "q" the same again, "x" detaches the newest; "r<offset>" reads a file that is offered,
 * "w" lets time pass, "l" asks with a text that is too long; everything else is what the plugin
 * sends.
 */
#include "control/ui_link.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "ipc/ipc_server.h"
#include "ipc/ipc_socket.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/steam_driver_ui.h"
#include "steam/steam_ui.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PLUGINS 2
#define STEPS_MAX 64
#define REQUESTS_MAX (UI_LINK_REQUESTS_MAX + 4)

static const char image_bytes[] = "not an image";

struct outcome {
	unsigned count;
	bool succeeded;
	uint32_t app_id;
};

static struct loop *loop;
static struct ipc_server *server;
static struct ipc_client_conn *conns[PLUGINS];
static int fds[PLUGINS]; /* of the plugins: what they are asked does not matter */
static size_t conn_count;
static struct outcome outcomes[REQUESTS_MAX];
static unsigned changes;
static const struct ipc_client_conn *attached;

static void on_opened(void *owner, struct ipc_client_conn *opened)
{
	conns[conn_count++] = opened;
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
	for (size_t i = 0; i < PLUGINS; i++) {
		close(fds[i]);
	}
	ipc_server_destroy(server);
	loop_destroy(loop);
}

static void init(const char *folder)
{
	AUTO(free_ptr) char *path = xasprintf("%s/agent.sock", folder);
	struct sockaddr_un address;

	log_set_level(LOG_LEVEL_ERROR);
	loop = loop_create();
	server = ipc_server_create(loop, path, &events, NULL, NULL);
	fuzz_require(server != NULL && ipc_socket_address(path, &address, NULL));
	for (size_t i = 0; i < PLUGINS; i++) {
		fds[i] = ipc_socket_connect(&address);
		while (conn_count <= i) {
			loop_dispatch(loop);
		}
	}
	atexit(finish);
}

static void turn(void)
{
	char bytes[64 * 1024];

	for (unsigned i = 0; i < 4; i++) {
		loop_dispatch(loop);
		for (size_t j = 0; j < PLUGINS; j++) {
			while (recv(fds[j], bytes, sizeof(bytes), MSG_DONTWAIT) > 0) {
			}
		}
	}
}

static void on_done(void *user, uint32_t app_id, const struct error *err)
{
	struct outcome *outcome = user;

	outcome->count++;
	outcome->succeeded = err == NULL;
	outcome->app_id = app_id;
	fuzz_require(outcome->count == 1);
	fuzz_require(err != NULL || (app_id & 0x80000000u) != 0);
	fuzz_require(err == NULL || (err->kind != ERROR_NONE && err->message[0] != '\0'));
}

static void on_answer(void *user, const cJSON *result, const struct error *err)
{
	struct outcome *outcome = user;

	fuzz_require(++outcome->count == 1);
	fuzz_require((result == NULL) == (err != NULL));
}

static void on_changed(void *user)
{
	changes++;
}

static const struct steam_change change = {
	.action = (char *)STEAM_CHANGE_PUT,
	.account_id = (char *)"22202",
	.name = (char *)"Doom",
	.exe = (char *)"/doom",
	.start_dir = (char *)"/",
};

static void read_offered(struct ui_link *link, const char *image, int64_t offset)
{
	const struct steam_ui *ui = ui_link_steam_ui(link);
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	struct error err = { 0 };
	int64_t bytes = 0, total = 0, number;

	fuzz_require(ui->offer_file(ui->owner, "/no/such/file", &bytes, NULL) == 0);
	fuzz_require(ui->offer_file(ui->owner, "/", &bytes, NULL) == 0);
	number = ui->offer_file(ui->owner, image, &bytes, NULL);
	fuzz_require(number != 0 && bytes == sizeof(image_bytes) - 1);
	if (ui_link_read_file(link, conns[0], number, offset, &data, &total, &err)) {
		fuzz_require(offset >= 0 && offset <= bytes && total == bytes);
		fuzz_require(data.length == (size_t)(bytes - offset));
		fuzz_require(memcmp(strbuf_text(&data), image_bytes + offset, data.length) == 0);
	} else {
		fuzz_require(err.kind == ERROR_NOT_FOUND || err.kind == ERROR_INVALID);
	}
	ui->withdraw_file(ui->owner, number);
	fuzz_require(!ui_link_read_file(link, conns[0], number, 0, &data, &total, NULL));
}

static void ask(struct ui_link *link, size_t *asked, const char *method, size_t length)
{
	const struct steam_ui *ui = ui_link_steam_ui(link);
	AUTO(free_ptr) char *params = xasprintf("{\"text\":\"%*s\"}", (int)length, "");

	if (*asked < REQUESTS_MAX) {
		ui->request(ui->owner, method, params, 1000, on_answer, &outcomes[(*asked)++]);
	}
}

/* The JSON that a plugin has sent. */
static void answer(struct ui_link *link, const char *line, size_t length)
{
	AUTO(json_free_ptr) cJSON *message = json_parse(line, length, NULL);
	bool is_answer;

	if (message != NULL) {
		is_answer = ui_link_take_answer(link, attached, message);
		fuzz_require(!is_answer || json_member(message, "method") == NULL);
	}
}

static void take_line(struct ui_link *link, struct steam_driver *driver, const char *image,
	size_t *asked, const char *line, size_t length)
{
	switch (length > 0 ? line[0] : '\0') {
	case '+':
		if (*asked < REQUESTS_MAX) {
			driver->ops->apply(driver, &change, on_done, &outcomes[(*asked)++]);
		}
		break;
	case 's':
		ask(link, asked, "steam.restart", 0);
		break;
	case 'a':
		ask(link, asked, "steam.show_artwork", 0);
		break;
	case 'l':
		ask(link, asked, "steam.apply", IPC_LINE_MAX_BYTES);
		break;
	case 'p':
	case 'q':
		attached = conns[line[0] == 'p'];
		ui_link_attach(link, conns[line[0] == 'p'], line[0] == 'p' ? "plugin" : NULL);
		break;
	case 'x':
		ui_link_detach(link, attached);
		break;
	case 'r':
		read_offered(link, image, length > 1 ? strtoll(line + 1, NULL, 10) : 0);
		break;
	case 'w':
		fuzz_clock_skip(60 * 1000);
		break;
	default:
		answer(link, line, length);
		return;
	}
	turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	AUTO(free_ptr) char *image = xasprintf("%s/image", folder);
	AUTO(free_ptr) char *text = xcalloc(1, size + 1);
	struct fuzz_lines lines = { .at = text, .left = size };
	struct steam_driver *driver;
	struct ui_link *link;
	const struct steam_ui *ui;
	const char *line;
	size_t length, asked = 0;

	if (loop == NULL) {
		init(folder);
	}
	memcpy(text, data, size); /* numbers in it end */
	fuzz_write_file(image, image_bytes, sizeof(image_bytes) - 1);
	memset(outcomes, 0, sizeof(outcomes));
	changes = 0;
	link = ui_link_create(loop);
	ui = ui_link_steam_ui(link);
	ui_link_set_changed(link, on_changed, NULL);
	driver = steam_driver_ui_create(loop, ui);
	attached = conns[0];
	ui_link_attach(link, conns[0], NULL);
	driver->ops->apply(driver, &change, on_done, &outcomes[asked++]);
	for (unsigned i = 0; i < STEPS_MAX && fuzz_next_line(&lines, &line, &length); i++) {
		take_line(link, driver, image, &asked, line, length);
	}
	driver->ops->destroy(driver);
	for (size_t i = 0; i < asked; i++) {
		ui->forget(ui->owner, &outcomes[i]);
		ui->forget(ui->owner, &outcomes[i]); /* it is forgotten already */
	}
	ui_link_destroy(link);
	turn();
	return 0;
}
