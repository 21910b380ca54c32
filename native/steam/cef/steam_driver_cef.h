#pragma once

#include <stdint.h>

struct lws_loop;
struct steam_driver;
struct worker;

/*
 * The driver that speaks the DevTools protocol with a running Steam whose debugger is on:
 * http://127.0.0.1:<port>/json names the page with SteamClient (cef_message.h); there
 * steam_script.js is run, with the change as its argument. One operation after another, each
 * answered within about 20 s. worker: reads images. *port is read at each use: it is a setting.
 */
struct steam_driver *steam_driver_cef_create(
	struct lws_loop *lws_loop, struct worker *worker, const int64_t *port);
