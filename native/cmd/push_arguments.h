#pragma once

#include "cmd/push_report.h"
#include "proto/pairing_code.h"
#include "push/push.h"

#include <stdbool.h>

/* The command line of `capydeck push`. Strings are borrowed from argv. */
struct push_arguments {
	struct push_options push;      /* except its loop */
	char code[PAIRING_CODE_BYTES]; /* "": ask for it */
	bool code_from_input;	       /* ask for it even without a terminal */
	enum push_report_mode mode;
	bool verbose;
};

/* An exit code, after printing why; or −1: continue. Finish it either way. */
int push_arguments_read(struct push_arguments *arguments, int argc, char **argv);
void push_arguments_finish(struct push_arguments *arguments);
