#include "cmd/cmd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} subcommands[] = {
	{ "agent", cmd_agent, "serve Hubs: receive and install games" },
	{ "ctl", cmd_ctl, "control the agent of this device" },
	{ "discover", cmd_discover, "list the agents on the network" },
	{ "overlay", cmd_overlay, "show a sample of the card with the pairing code" },
	{ "push", cmd_push, "send a game to an agent" },
	{ NULL, NULL, NULL },
};

static void print_help(FILE *out)
{
	fputs("Usage: capydeck COMMAND [options]\n"
	      "\n"
	      "Turns a Steam Deck into an Agent that a CapyDeploy Hub sends games to.\n"
	      "\n"
	      "Commands:\n",
		out);
	for (const struct subcommand *command = subcommands; command->name != NULL; command++) {
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	}
	fputs("\n"
	      "Options:\n"
	      "  --help     print this text; 'capydeck COMMAND --help' describes one command\n"
	      "  --version  print the version\n"
	      "\n"
	      "Exit codes: 0 for success, 1 for failure, 2 for an invalid command line.\n",
		out);
}

int main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN); /* write() says it too: EFBIG */
	if (argc < 2) {
		print_help(stderr);
		return CMD_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return CMD_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("capydeck " CAPYDECK_VERSION);
		return CMD_OK;
	}
	for (const struct subcommand *command = subcommands; command->name != NULL; command++) {
		if (strcmp(argv[1], command->name) == 0) {
			return command->run(argc - 1, argv + 1);
		}
	}
	fprintf(stderr, "capydeck: unknown command '%s'\nTry 'capydeck --help'.\n", argv[1]);
	return CMD_USAGE;
}
