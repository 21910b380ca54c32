#pragma once

#include <stdint.h>

struct code_prompt;
struct loop;

/*
 * Asks for the pairing code: on a terminal with a line that counts the seconds down; otherwise one
 * line of standard input is read silently.
 */
struct code_prompt_events {
	/* A line was entered; blanks at its ends are removed. Borrowed. */
	void (*entered)(void *user, const char *code);
	/* End of the input: no code will come. */
	void (*closed)(void *user);
	/* The time is up. The prompt is gone. */
	void (*expired)(void *user);
};

/* agent_name: shown; copied. Reads descriptor 0, writes descriptor 2. */
struct code_prompt *code_prompt_create(struct loop *loop, const char *agent_name,
	const struct code_prompt_events *events, void *user);
/* Takes the prompt off the terminal. NULL is fine. Not from within a callback. */
void code_prompt_destroy(struct code_prompt *prompt);

/* Asks, or asks again; hint: a sentence that comes first, or NULL. 0 s: what was left before. */
void code_prompt_ask(struct code_prompt *prompt, const char *hint, int64_t expires_in_s);
