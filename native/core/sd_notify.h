#pragma once

struct loop;
struct sd_notify;

/*
 * News for the service manager: what sd_notify(3) and sd_watchdog_enabled(3) describe, without
 * their library. Nothing here fails: who does not get the news asks the process in other ways.
 *
 * NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID leave the environment, so that no child speaks for
 * this process; call it before there are threads. Where the manager wants life signs (and means
 * this process, not the one that started it) they are sent twice within the time it allows, as
 * long as the loop turns.
 *
 * NULL where nobody wants news, which the functions below take too.
 */
struct sd_notify *sd_notify_create(struct loop *loop);
void sd_notify_destroy(struct sd_notify *notify);
/* The start has succeeded; said again, it changes nothing. */
void sd_notify_ready(struct sd_notify *notify);
/* One sentence for `systemctl status`. */
void sd_notify_status(struct sd_notify *notify, const char *sentence);
void sd_notify_stopping(struct sd_notify *notify);
