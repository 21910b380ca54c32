#pragma once

#include "core/paths.h"

#include <stdbool.h>
#include <stdint.h>

/* What `capydeck agent` is told on its command line; strings are argv's. */
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

/* An exit code, said why; or −1: go on. */
int agent_arguments_read(struct agent_arguments *arguments, int argc, char **argv);
