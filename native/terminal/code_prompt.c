#include "terminal/code_prompt.h"

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "terminal/text_width.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256
#define SECOND_MS 1000

struct code_prompt {
	struct loop_watch *watch; /* NULL: standard input cannot be watched, or is not needed */
	struct loop_timer *timer; /* of the seconds */
	struct loop_timer *input_timer; /* for input that cannot be watched */
	char *agent_name;
	const struct code_prompt_events *events;
	void *user;
	struct strbuf input; /* of a line that is not complete yet */
	int64_t deadline_ms;
	bool is_terminal;
	bool is_asking;
};

static void put_text(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0) {
		return; /* not a terminal */
	}
}

static int64_t seconds_left(const struct code_prompt *prompt)
{
	int64_t left_ms = prompt->deadline_ms - loop_now_ms();

	return left_ms > 0 ? (left_ms + SECOND_MS - 1) / SECOND_MS : 0;
}

static void append_question(const struct code_prompt *prompt, struct strbuf *out)
{
	strbuf_appendf(out, "%s shows a code on its screen (%" PRId64 " s left).",
		prompt->agent_name, seconds_left(prompt));
}

/* The question is on the line above the one being typed into. */
static void redraw_question(const struct code_prompt *prompt)
{
	AUTO(strbuf_finish) struct strbuf question = { 0 };
	AUTO(strbuf_finish) struct strbuf out = { 0 };

	append_question(prompt, &question);
	if (text_width(strbuf_text(&question)) > text_width_terminal(STDERR_FILENO)) {
		return; /* it takes two lines: better an old number than a broken line */
	}
	strbuf_appendf(&out, "\0337\033[1A\r%s\033[K\0338", question.data);
	put_text(strbuf_text(&out));
}

static void draw_question(const struct code_prompt *prompt)
{
	AUTO(strbuf_finish) struct strbuf out = { 0 };

	append_question(prompt, &out);
	strbuf_append_text(&out, "\nCode: ");
	put_text(strbuf_text(&out));
}

static void stop_input(struct code_prompt *prompt)
{
	prompt->is_asking = false;
	loop_timer_stop(prompt->timer);
	loop_timer_stop(prompt->input_timer);
	if (prompt->watch != NULL) {
		loop_watch_set(prompt->watch, 0);
	}
}

static void stop_asking(struct code_prompt *prompt)
{
	if (prompt->is_asking && prompt->is_terminal) {
		put_text("\n");
	}
	stop_input(prompt);
}

static void on_timer(void *user)
{
	struct code_prompt *prompt = user;

	if (seconds_left(prompt) == 0) {
		stop_asking(prompt);
		prompt->events->expired(prompt->user);
		return;
	}
	if (prompt->is_terminal) {
		redraw_question(prompt);
	}
	loop_timer_set(prompt->timer, SECOND_MS);
}

static void enter_line(struct code_prompt *prompt, char *line)
{
	size_t length = strlen(line);

	while (length > 0 && isspace((unsigned char)line[length - 1])) {
		line[--length] = '\0';
	}
	while (isspace((unsigned char)*line)) {
		line++;
	}
	if (*line == '\0') {
		if (prompt->is_terminal) {
			put_text("Code: ");
		}
		return;
	}
	stop_input(prompt);
	prompt->events->entered(prompt->user, line);
}

/* Takes the first line off the input; false: there is no complete one. */
static bool take_line(struct code_prompt *prompt, char line[LINE_MAX_BYTES + 1], bool at_end)
{
	const char *end = memchr(strbuf_text(&prompt->input), '\n', prompt->input.length);
	size_t length = end != NULL ? (size_t)(end - prompt->input.data) : prompt->input.length;
	struct strbuf rest = { 0 };

	if (end == NULL && length < LINE_MAX_BYTES && !(at_end && length > 0)) {
		return false;
	}
	length = length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES;
	memcpy(line, prompt->input.data, length);
	line[length] = '\0';
	if (end != NULL) {
		strbuf_append(&rest, end + 1,
			prompt->input.length - (size_t)(end + 1 - prompt->input.data));
	}
	strbuf_move(&prompt->input, &rest);
	return true;
}

static void use_lines(struct code_prompt *prompt, bool at_end)
{
	char line[LINE_MAX_BYTES + 1];

	while (prompt->is_asking && take_line(prompt, line, at_end)) {
		enter_line(prompt, line);
	}
	if (prompt->is_asking && at_end) {
		stop_input(prompt);
		prompt->events->closed(prompt->user);
	}
}

static void read_some(struct code_prompt *prompt)
{
	char bytes[LINE_MAX_BYTES];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (got > 0) {
		strbuf_append(&prompt->input, bytes, (size_t)got);
	}
	use_lines(prompt, got <= 0);
}

static void on_readable(void *user, uint32_t events)
{
	read_some(user);
}

static void on_turn(void *user)
{
	struct code_prompt *prompt = user;

	use_lines(prompt, false); /* input that came together with an earlier line */
	while (prompt->is_asking && prompt->watch == NULL) {
		read_some(prompt);
	}
}

/* epoll accepts terminals, pipes and sockets but not files, which never block. */
static bool can_wait_for_input(void)
{
	struct stat status;

	if (fstat(STDIN_FILENO, &status) < 0) {
		return false;
	}
	return isatty(STDIN_FILENO) || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
}

struct code_prompt *code_prompt_create(struct loop *loop, const char *agent_name,
	const struct code_prompt_events *events, void *user)
{
	struct code_prompt *prompt = xcalloc(1, sizeof(*prompt));

	prompt->agent_name = xstrdup(agent_name);
	utf8_make_printable(prompt->agent_name);
	prompt->events = events;
	prompt->user = user;
	prompt->is_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	prompt->timer = loop_timer_create(loop, on_timer, prompt);
	prompt->input_timer = loop_timer_create(loop, on_turn, prompt);
	if (can_wait_for_input()) {
		prompt->watch = loop_watch_add(loop, STDIN_FILENO, 0, on_readable, prompt);
	}
	return prompt;
}

void code_prompt_destroy(struct code_prompt *prompt)
{
	if (prompt == NULL) {
		return;
	}
	stop_asking(prompt);
	loop_watch_remove(prompt->watch);
	loop_timer_destroy(prompt->timer);
	loop_timer_destroy(prompt->input_timer);
	strbuf_finish(&prompt->input);
	free(prompt->agent_name);
	free(prompt);
}

void code_prompt_ask(struct code_prompt *prompt, const char *hint, int64_t expires_in_s)
{
	if (expires_in_s > 0) {
		prompt->deadline_ms = loop_now_ms() + expires_in_s * SECOND_MS;
	}
	if (hint != NULL) {
		put_text(hint);
		put_text("\n");
	}
	prompt->is_asking = true;
	loop_timer_set(prompt->timer, SECOND_MS);
	loop_timer_set(prompt->input_timer, 0);
	if (prompt->is_terminal) {
		draw_question(prompt);
	}
	if (prompt->watch != NULL) {
		loop_watch_set(prompt->watch, LOOP_READ);
	}
}
