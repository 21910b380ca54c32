#pragma once

struct loop;
struct sd_notify;

/*
 * Notifications for the service manager, as in sd_notify(3) and sd_watchdog_enabled(3), without
 * their library. Nothing here fails: a manager can do without them.
 *
 * NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID leave the environment, so that no child notifies in
 * this process's place; call it before there are threads. If the manager wants keep-alives from
 * this process (not from its parent), two are sent per period that it allows, as long as the loop
 * turns.
 *
 * NULL without a manager to notify; the functions below accept NULL.
 */
struct sd_notify *sd_notify_create(struct loop *loop);
void sd_notify_destroy(struct sd_notify *notify);
/* Startup has finished; repeating it changes nothing. */
void sd_notify_ready(struct sd_notify *notify);
/* One sentence for `systemctl status`. */
void sd_notify_status(struct sd_notify *notify, const char *sentence);
void sd_notify_stopping(struct sd_notify *notify);
