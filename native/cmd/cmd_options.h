#pragma once

#include <stdbool.h>
#include <stdint.h>

struct strvec;

/*
 * An option of a subcommand and where it goes: one of the targets. Texts are argv's.
 *
 *	const struct cmd_option options[] = {
 *		{ "json", .flag = &json },
 *		{ "wait", .number = &wait_s, .low = 1, .high = 300 },
 *		{ .name = NULL },
 *	};
 */
struct cmd_option {
	const char *name;
	bool *flag; /* becomes true; all others take an argument */
	const char **text;
	struct strvec *list; /* gets a copy; may be repeated */
	int64_t *number;     /* from low to high */
	int64_t low, high;
};

/*
 * Reads them, and --help, which prints that text; leaves optind at the first word that is none.
 * An exit code, said why; or −1: go on.
 */
int cmd_options_read(const char *command, const char *help, const struct cmd_option *options,
	int argc, char **argv);
