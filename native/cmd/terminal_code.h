#pragma once

#include "pairing/pairing.h"

/*
 * Shows the pairing code on the terminal that the agent runs on, if any: written to the terminal
 * itself, so that it never gets into a log of stdout or stderr.
 */
struct terminal_code {
	struct pairing_listener listener;
	int fd; /* −1: no terminal */
};

void terminal_code_init(struct terminal_code *terminal, struct pairing *pairing);
void terminal_code_finish(struct terminal_code *terminal, struct pairing *pairing);
