#include "cmd/cmd.h"

#include "cmd/push_arguments.h"
#include "cmd/push_report.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "proto/pairing_code.h"
#include "push/push.h"
#include "terminal/code_prompt.h"
#include "ws/lws_loop.h"

#include <signal.h>
#include <string.h>

/* Wrong codes, and codes that expired without input. */
#define CODE_TRIES 3

struct push_command {
	struct push_arguments arguments;
	struct push_report report;
	struct loop *loop;
	struct lws_loop *lws_loop;
	struct push *push;
	struct code_prompt *prompt;
	unsigned wrong_codes;
	unsigned unused_codes;
	bool is_over;
	enum push_end end;
	struct error err;
};

static void finish_push(struct push_command *command, enum push_end end, const struct error *err)
{
	if (command->is_over) {
		return;
	}
	command->is_over = true;
	command->end = end;
	if (err != NULL) {
		command->err = *err;
	}
	loop_stop(command->loop);
}

static void give_up_pairing(struct push_command *command, const char *why)
{
	struct error err = { 0 };

	error_set(&err, ERROR_UNAUTHORIZED, "%s", why);
	finish_push(command, PUSH_PAIRING_NEEDED, &err);
}

/* A slip costs none of the few tries: it is not sent. */
static void on_code_entered(void *user, const char *typed)
{
	struct push_command *command = user;
	char code[PAIRING_CODE_BYTES];

	command->unused_codes = 0;
	if (pairing_code_read(code, typed)) {
		push_confirm(command->push, code);
		explicit_bzero(code, sizeof(code));
	} else {
		code_prompt_ask(command->prompt, "A code has six digits.", 0);
	}
}

static void on_input_closed(void *user)
{
	give_up_pairing(user,
		"not paired with this Agent yet, and no code was given: run this once on a "
		"terminal, or pass the code that the Deck shows with --code");
}

static void renew_code(struct push_command *command)
{
	if (++command->unused_codes == CODE_TRIES) {
		give_up_pairing(command, "the code was not entered in time; run this again "
					 "when you can see the Deck's screen");
		return;
	}
	push_renew_code(command->push);
}

static void on_prompt_expired(void *user)
{
	renew_code(user);
}

static const struct code_prompt_events prompt_events = {
	.entered = on_code_entered,
	.closed = on_input_closed,
	.expired = on_prompt_expired,
};

static void ask_code(struct push_command *command, const char *hint, int64_t expires_in_s)
{
	push_report_make_way(&command->report);
	if (command->prompt == NULL) {
		command->prompt = code_prompt_create(
			command->loop, push_agent_name(command->push), &prompt_events, command);
	}
	code_prompt_ask(command->prompt, hint, expires_in_s);
}

static bool may_ask(const struct push_command *command)
{
	return command->arguments.mode != PUSH_REPORT_JSON || command->arguments.code_from_input;
}

static void on_code_wanted(void *user, enum push_code_reason reason, int64_t expires_in_s)
{
	struct push_command *command = user;
	const char *code = command->arguments.code;

	if (reason == PUSH_CODE_WRONG && (*code != '\0' || ++command->wrong_codes == CODE_TRIES)) {
		give_up_pairing(command, "the Deck rejected the code; run the command again for "
					 "a new one");
		return;
	}
	if (reason == PUSH_CODE_EXPIRED) {
		code_prompt_destroy(TAKE_PTR(command->prompt));
		renew_code(command);
		return;
	}
	if (reason == PUSH_CODE_NEW) {
		push_report_pairing(&command->report, expires_in_s);
	}
	if (*code != '\0') {
		push_confirm(command->push, code);
	} else if (may_ask(command)) {
		ask_code(command, reason == PUSH_CODE_WRONG ? "That is not the code." : NULL,
			expires_in_s);
	} else {
		give_up_pairing(command, "not paired with this Agent yet: pass the code that the "
					 "Deck shows with --code, use --code - to read it from "
					 "standard input, or push once without --json");
	}
}

static void on_code_unwanted(void *user)
{
	struct push_command *command = user;

	code_prompt_destroy(TAKE_PTR(command->prompt));
}

static void on_paired(void *user)
{
	struct push_command *command = user;

	code_prompt_destroy(TAKE_PTR(command->prompt));
	push_report_paired(&command->report);
}

static void on_connected(void *user, const char *agent_name)
{
	struct push_command *command = user;

	push_report_connected(&command->report, agent_name);
}

static void on_progress(void *user, const struct push_progress *progress)
{
	struct push_command *command = user;

	push_report_progress(&command->report, progress);
}

static void on_notice(void *user, const char *text)
{
	struct push_command *command = user;

	push_report_notice(&command->report, text);
}

static void on_push_finished(void *user, enum push_end end, const struct error *err)
{
	finish_push(user, end, err);
}

static const struct push_events push_events = {
	.code_wanted = on_code_wanted,
	.code_unwanted = on_code_unwanted,
	.paired = on_paired,
	.connected = on_connected,
	.progress = on_progress,
	.notice = on_notice,
	.finished = on_push_finished,
};

static void on_signal(void *user, int signal_number)
{
	finish_push(user, PUSH_INTERRUPTED, NULL);
}

static int report_end(struct push_command *command)
{
	struct push_outcome outcome = push_outcome(command->push);

	code_prompt_destroy(TAKE_PTR(command->prompt));
	return push_report_end(&command->report, command->end, &outcome, &command->err);
}

static void tear_down(struct push_command *command)
{
	code_prompt_destroy(command->prompt);
	push_destroy(command->push);
	lws_loop_destroy(command->lws_loop);
	loop_destroy(command->loop);
	push_arguments_finish(&command->arguments);
}

static bool start_push(struct push_command *command, struct error *err)
{
	struct push_options options = command->arguments.push;

	command->loop = loop_create();
	command->lws_loop = lws_loop_create(command->loop, err);
	if (command->lws_loop == NULL) {
		return false;
	}
	options.lws_loop = command->lws_loop;
	command->push = push_create(&options, &push_events, command, err);
	/* Not before: until the loop runs Ctrl-C would have no effect. */
	loop_on_signal(command->loop, SIGINT, on_signal, command);
	loop_on_signal(command->loop, SIGTERM, on_signal, command);
	loop_on_signal(command->loop, SIGHUP, on_signal, command);
	return command->push != NULL;
}

int cmd_push(int argc, char **argv)
{
	AUTO(tear_down) struct push_command command = { 0 };
	struct error err = { 0 };
	int code = push_arguments_read(&command.arguments, argc, argv);

	if (code >= 0) {
		return code;
	}
	push_report_init(&command.report, command.arguments.mode);
	command.report.verbose = command.arguments.verbose;
	if (!start_push(&command, &err)) {
		return push_report_end(&command.report, PUSH_FAILED, NULL, &err);
	}
	lws_loop_run(command.lws_loop);
	return report_end(&command);
}
