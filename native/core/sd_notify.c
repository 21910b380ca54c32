#include "core/sd_notify.h"

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/xalloc.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct sd_notify {
	int fd;
	struct sockaddr_un address;
	socklen_t address_bytes;
	int64_t sign_period_ms;	 /* 0: the watchdog is off */
	struct loop_timer *sign; /* the next keep-alive */
};

/* An absolute path, or "@name" for the abstract name space. */
static bool read_address(struct sd_notify *notify, const char *text)
{
	size_t length = strlen(text);

	if ((*text != '/' && *text != '@') || length < 2 ||
		length >= sizeof(notify->address.sun_path)) {
		return false;
	}
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, text, length);
	if (*text == '@') {
		notify->address.sun_path[0] = '\0';
	}
	notify->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

/* 0: text is not such a number. */
static int64_t read_number(const char *text)
{
	char *end;
	long long value = text != NULL ? strtoll(text, &end, 10) : 0;

	return value > 0 && *end == '\0' ? value : 0;
}

static int64_t read_sign_period(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	int64_t allowed_ms = read_number(getenv("WATCHDOG_USEC")) / 1000;

	return pid == NULL || read_number(pid) == getpid() ? allowed_ms / 2 : 0;
}

/* If the manager's queue is full the message is lost: the loop must not block. */
static void say(const struct sd_notify *notify, const char *text)
{
	sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&notify->address, notify->address_bytes);
}

static void on_sign_due(void *user)
{
	const struct sd_notify *notify = user;

	say(notify, "WATCHDOG=1");
	loop_timer_set(notify->sign, notify->sign_period_ms);
}

static void forget_environment(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

struct sd_notify *sd_notify_create(struct loop *loop)
{
	const char *socket_name = getenv("NOTIFY_SOCKET");
	struct sd_notify *notify = NULL;

	if (socket_name != NULL) {
		notify = xcalloc(1, sizeof(*notify));
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		notify->sign_period_ms = read_sign_period();
		if (notify->fd < 0 || !read_address(notify, socket_name)) {
			sd_notify_destroy(TAKE_PTR(notify));
		} else if (notify->sign_period_ms > 0) {
			notify->sign = loop_timer_create(loop, on_sign_due, notify);
			loop_timer_set(notify->sign, 0);
		}
	}
	forget_environment();
	return notify;
}

void sd_notify_destroy(struct sd_notify *notify)
{
	if (notify == NULL) {
		return;
	}
	loop_timer_destroy(notify->sign);
	close_fd(&notify->fd);
	free(notify);
}

void sd_notify_ready(struct sd_notify *notify)
{
	if (notify != NULL) {
		say(notify, "READY=1");
	}
}

void sd_notify_status(struct sd_notify *notify, const char *sentence)
{
	AUTO(free_ptr) char *text = NULL;

	if (notify == NULL) {
		return;
	}
	/* Each further line would be read as a variable. */
	text = xasprintf("STATUS=%.*s", (int)strcspn(sentence, "\n"), sentence);
	say(notify, text);
}

void sd_notify_stopping(struct sd_notify *notify)
{
	if (notify != NULL) {
		say(notify, "STOPPING=1");
	}
}
