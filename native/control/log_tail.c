#include "control/log_tail.h"

#include "core/fatal.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/xalloc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct log_tail {
	char *lines[LOG_TAIL_LINES]; /* a ring; next is the oldest once it is full */
	size_t next;
	int read_fd;
	int write_fd;
	struct loop_watch *watch;
	void (*line)(void *user, const char *line);
	void *user;
};

/* On any thread. One packet per line; when the pipe is full the line goes to stderr only. */
static void on_logged(void *user, enum log_level level, const char *line)
{
	const struct log_tail *tail = user;
	size_t length = strlen(line);
	ssize_t written;

	written = write(tail->write_fd, line, length < PIPE_BUF ? length : PIPE_BUF);
	(void)written;
}

static void on_readable(void *user, uint32_t events)
{
	struct log_tail *tail = user;
	char text[PIPE_BUF + 1];
	ssize_t length;

	while ((length = read(tail->read_fd, text, PIPE_BUF)) > 0) {
		text[length] = '\0';
		free(tail->lines[tail->next]);
		tail->lines[tail->next] = xstrdup(text);
		tail->next = (tail->next + 1) % LOG_TAIL_LINES;
		tail->line(tail->user, text);
	}
}

struct log_tail *log_tail_create(
	struct loop *loop, void (*line)(void *user, const char *line), void *user)
{
	struct log_tail *tail = xcalloc(1, sizeof(*tail));
	int fds[2];

	tail->line = line;
	tail->user = user;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK | O_DIRECT) < 0) {
		fatal_errno("keep the log for its readers");
	}
	tail->read_fd = fds[0];
	tail->write_fd = fds[1];
	tail->watch = loop_watch_add(loop, tail->read_fd, LOOP_READ, on_readable, tail);
	log_set_sink(on_logged, tail);
	return tail;
}

void log_tail_destroy(struct log_tail *tail)
{
	if (tail == NULL) {
		return;
	}
	log_set_sink(NULL, NULL);
	loop_watch_remove(tail->watch);
	close(tail->read_fd);
	close(tail->write_fd);
	for (size_t i = 0; i < LOG_TAIL_LINES; i++) {
		free(tail->lines[i]);
	}
	free(tail);
}

void log_tail_copy(const struct log_tail *tail, size_t count, struct strvec *lines)
{
	size_t skip = count < LOG_TAIL_LINES ? LOG_TAIL_LINES - count : 0;

	for (size_t i = skip; i < LOG_TAIL_LINES; i++) {
		const char *line = tail->lines[(tail->next + i) % LOG_TAIL_LINES];

		if (line != NULL) {
			strvec_push(lines, line);
		}
	}
}
