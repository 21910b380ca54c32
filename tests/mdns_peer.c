/*
 * discovery/mdns on a command line, for tests/e2e/mdns_test.py: prints one line an event until
 *SIGTERM.
 *
 *	mdns_peer publish NAME PORT REFRESH_MS KEY=VALUE…	SIGHUP renames it
 *	mdns_peer browse
 */
#include "core/error.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "discovery/mdns.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "_capydeploy._tcp"

static void on_stop(void *user, int signal_number)
{
	loop_stop(user);
}

struct publisher {
	struct mdns *mdns;
	struct strvec txt;
};

static void on_state(void *user, enum mdns_state state)
{
	static const char *const names[] = {
		[MDNS_STARTING] = "starting",
		[MDNS_DAEMON] = "daemon",
		[MDNS_EMBEDDED] = "embedded",
		[MDNS_FAILED] = "failed",
	};
	struct publisher *publisher = user;

	printf("state %s %s\n", names[state], mdns_detail(publisher->mdns));
}

static void on_rename(void *user, int signal_number)
{
	struct publisher *publisher = user;

	strvec_push(&publisher->txt, "renamed=yes");
	mdns_update(publisher->mdns, &publisher->txt);
}

static void publish(struct loop *loop, char **arguments)
{
	struct publisher publisher = { 0 };
	char host[64];
	struct mdns_options options = {
		.type = TYPE,
		.name = arguments[0],
		.host = host,
		.port = (uint16_t)atoi(arguments[1]),
		.txt = &publisher.txt,
		.refresh_ms = atoi(arguments[2]),
	};

	snprintf(host, sizeof(host), "capydeck-%s", arguments[0]);
	for (char **pair = arguments + 3; *pair; pair++) {
		strvec_push(&publisher.txt, *pair);
	}
	loop_on_signal(loop, SIGHUP, on_rename, &publisher);
	publisher.mdns = mdns_create(loop, &options, on_state, &publisher);
	loop_run(loop);
	mdns_destroy(publisher.mdns);
	strvec_finish(&publisher.txt);
}

static void on_found(void *user, const struct mdns_found *found)
{
	printf("found %s %s %s %d", found->name, found->host, found->address, found->port);
	for (size_t i = 0; i < found->txt->count; i++) {
		printf(" %s", found->txt->items[i]);
	}
	printf("\n");
}

static void on_removed(void *user, const char *name)
{
	printf("removed %s\n", name);
}

static void on_settled(void *user)
{
	printf("settled\n");
}

static void on_failed(void *user, const struct error *err)
{
	printf("failed %s\n", err->message);
}

static void browse(struct loop *loop)
{
	static const struct mdns_browser_events events = {
		.found = on_found,
		.removed = on_removed,
		.settled = on_settled,
		.failed = on_failed,
	};
	struct mdns_browser *browser = mdns_browser_create(loop, TYPE, &events, NULL);

	loop_run(loop);
	mdns_browser_destroy(browser);
}

int main(int argc, char **argv)
{
	struct loop *loop = loop_create();
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	loop_on_signal(loop, SIGTERM, on_stop, loop);
	if (argc >= 5 && strcmp(argv[1], "publish") == 0) {
		publish(loop, argv + 2);
	} else if (argc == 2 && strcmp(argv[1], "browse") == 0) {
		browse(loop);
	} else {
		fprintf(stderr, "usage: mdns_peer publish NAME PORT REFRESH_MS KEY=VALUE…\n"
				"       mdns_peer browse\n");
		status = 2;
	}
	loop_destroy(loop);
	return status;
}
