#include "core/log.h"

#include "core/utf8.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 2048
/* Extra bytes formatted past the limit, so that the text can be cut between characters. */
#define LOOK_AHEAD_BYTES 4

static const struct {
	const char *name;
	char priority; /* sd-daemon(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", '3' },
	[LOG_LEVEL_WARNING] = { "warning", '4' },
	[LOG_LEVEL_INFO] = { "info", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", '7' },
};

/* The program's only mutable statics. The lock is held for one call of the sink. */
static _Atomic enum log_level current_level = LOG_LEVEL_INFO;
static atomic_flag sink_lock = ATOMIC_FLAG_INIT;
static void (*current_sink)(void *user, enum log_level level, const char *line);
static void *current_sink_user;

static void lock_sink(void)
{
	while (atomic_flag_test_and_set_explicit(&sink_lock, memory_order_acquire)) {
		sched_yield();
	}
}

static void unlock_sink(void)
{
	atomic_flag_clear_explicit(&sink_lock, memory_order_release);
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

void log_set_sink(void (*sink)(void *user, enum log_level level, const char *line), void *user)
{
	lock_sink();
	current_sink = sink;
	current_sink_user = user;
	unlock_sink();
}

/* systemd.exec(5), $JOURNAL_STREAM: "<device>:<inode>" of the stream it connected. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat stat;

	return stream != NULL && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(fd, &stat) == 0 && stat.st_dev == device && stat.st_ino == inode;
}

static void write_line(enum log_level level, char *line, size_t length)
{
	char lead[64];
	size_t lead_length;

	if (is_journal(STDERR_FILENO)) {
		lead_length = (size_t)snprintf(lead, sizeof(lead), "<%c>", levels[level].priority);
	} else {
		struct timespec now;
		struct tm local;

		clock_gettime(CLOCK_REALTIME, &now);
		localtime_r(&now.tv_sec, &local);
		lead_length = strftime(lead, sizeof(lead), "%F %T", &local);
		lead_length += (size_t)snprintf(lead + lead_length, sizeof(lead) - lead_length,
			".%03ld %-7s ", now.tv_nsec / 1000000, levels[level].name);
	}
	line[length] = '\n';
	/* One call, so that lines of different threads or processes do not mix. */
	while (writev(STDERR_FILENO,
		       (struct iovec[]){ { lead, lead_length }, { line, length + 1 } }, 2) < 0 &&
		errno == EINTR) {
	}
	line[length] = '\0';
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
	char line[LINE_BYTES + LOOK_AHEAD_BYTES];
	int saved_errno = errno;
	va_list values;
	size_t length;

	if (!log_enabled(level)) {
		return;
	}
	length = (size_t)snprintf(line, sizeof(line), "%.64s: ", module);
	va_start(values, format);
	vsnprintf(line + length, sizeof(line) - length, format, values);
	va_end(values);
	utf8_make_printable(line);
	length = utf8_cut(line, strlen(line), LINE_BYTES - 1);
	line[length] = '\0';

	write_line(level, line, length);
	lock_sink();
	if (current_sink != NULL) {
		current_sink(current_sink_user, level, line);
	}
	unlock_sink();
	errno = saved_errno;
}
