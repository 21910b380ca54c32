#include "cmd/cmd.h"
#include "core/cleanup.h"
#include "core/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "capydeck-overlay"

static const char help[] =
	"Usage: capydeck overlay --demo\n"
	"\n"
	"Shows a sample of the card with the pairing code for ten seconds, where the agent shows\n"
	"it: in Game Mode over the running game, on a desktop above the other windows. For people\n"
	"who theme or debug it; the agent shows the card by itself when a Hub wants to pair.\n"
	"\n"
	"Options:\n"
	"  --demo        show the sample\n"
	"  --help        print this text\n"
	"\n"
	"Exit codes:\n"
	"  0  shown\n"
	"  1  failed, e.g. no screen was found\n"
	"  2  invalid options\n";

int cmd_overlay(int argc, char **argv)
{
	AUTO(free_ptr) char *program = path_beside_program(PROGRAM);

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return CMD_OK;
	}
	if (argc != 2 || strcmp(argv[1], "--demo") != 0) {
		return cmd_usage("overlay",
			argc > 1 ? "unexpected argument '%s'" : "--demo is missing",
			argc > 1 ? argv[1] : "");
	}
	execl(program, PROGRAM, "--demo", (char *)NULL);
	return cmd_failed("overlay", "cannot run '%s': %s", program, strerror(errno));
}
