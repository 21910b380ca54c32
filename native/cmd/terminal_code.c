#include "cmd/terminal_code.h"

#include "core/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void on_show(void *user, const struct pairing_shown *shown)
{
	const struct terminal_code *terminal = user;
	int64_t left_ms = shown->expires_at_ms - loop_now_ms();

	dprintf(terminal->fd, "\n  Pairing code for '%s':  %s  (valid for %lld seconds)\n\n",
		shown->hub_name, shown->code, (long long)(left_ms + 999) / 1000);
}

static void on_hide(void *user, enum pairing_end end)
{
	const struct terminal_code *terminal = user;

	dprintf(terminal->fd, "  Pairing: %s\n\n", pairing_end_text(end));
}

void terminal_code_init(struct terminal_code *terminal, struct pairing *pairing)
{
	*terminal = (struct terminal_code){
		.listener = { .show = on_show, .hide = on_hide, .user = terminal },
		.fd = -1,
	};
	if (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO)) {
		terminal->fd = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	}
	if (terminal->fd >= 0) {
		pairing_listen(pairing, &terminal->listener);
	}
}

void terminal_code_finish(struct terminal_code *terminal, struct pairing *pairing)
{
	if (terminal->fd >= 0) {
		pairing_unlisten(pairing, &terminal->listener);
		close(terminal->fd);
		terminal->fd = -1;
	}
}
