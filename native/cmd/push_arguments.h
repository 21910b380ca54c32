#pragma once

#include "cmd/push_report.h"
#include "push/push.h"

#include <stdbool.h>

/* The command line of `capydeck push`. Strings are borrowed from argv. */
struct push_arguments {
	struct push_options push; /* but for its loop */
	const char *code;	  /* NULL: to be asked for */
	bool code_from_input;	  /* asked for even where nobody seems to be there */
	enum push_report_mode mode;
};

/* An exit code, said why; or −1: go on. To be finished either way. */
int push_arguments_read(struct push_arguments *arguments, int argc, char **argv);
void push_arguments_finish(struct push_arguments *arguments);
