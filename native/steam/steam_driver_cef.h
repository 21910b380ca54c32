#pragma once

#include <stdint.h>

struct lws_loop;
struct steam_driver;

/*
 * The driver that speaks the DevTools protocol with a running Steam whose debugger is on:
 * http://127.0.0.1:<port>/json names the page with SteamClient (SharedJSContext, formerly SP);
 * there steam_script.js is run, with the change as its argument. *port is read at each use: it is
 * a setting.
 */
struct steam_driver *steam_driver_cef_create(struct lws_loop *lws_loop, const int64_t *port);
