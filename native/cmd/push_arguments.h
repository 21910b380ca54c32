#pragma once

#include "core/strvec.h"
#include "push/agent_address.h"
#include "push/push_report.h"

#include <stdbool.h>
#include <stdint.h>

/* The command line of `capydeck push`. Strings are borrowed from argv. */
struct push_arguments {
	const char *dir;
	const char *to;
	struct agent_address address; /* of `to`, when it is one */
	bool is_address;
	const char *name;	    /* NULL: the folder's */
	const char *exe;	    /* NULL: to be guessed */
	const char *install_path;   /* "": the Deck's default */
	const char *launch_options; /* NULL: none */
	struct strvec tags;
	const char *user_id; /* NULL: whoever logged in to Steam last */
	bool wants_shortcut;
	const char *code;     /* NULL: to be asked for */
	bool code_from_input; /* asked for even where nobody seems to be there */
	int64_t in_flight_count;
	int64_t chunk_size_bytes; /* 0: what the Agent announces */
	int64_t retry_ms;
	const char *config_dir; /* NULL: the default */
	struct strvec excludes;
	enum push_report_mode mode;
};

/* An exit code, said why; or −1: go on. To be finished either way. */
int push_arguments_read(struct push_arguments *options, int argc, char **argv);
void push_arguments_finish(struct push_arguments *options);
