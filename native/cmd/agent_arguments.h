#pragma once

#include "core/paths.h"

#include <stdbool.h>
#include <stdint.h>

/* The command line of `capydeck agent`; strings are argv's. */
struct agent_arguments {
	struct paths_options paths;
	const char *name;
	const char *steam_dir;
	int64_t port; /* AGENT_PORT_FROM_SETTINGS: not given */
	bool no_mdns;
	bool no_overlay;
	bool wait;
	bool takeover;
	bool exit_on_stdin_eof;
	bool allow_root;
	bool verbose;
};

/* An exit code, after printing why; or −1: continue. */
int agent_arguments_read(struct agent_arguments *arguments, int argc, char **argv);
