#pragma once

#include <stdbool.h>
#include <stdint.h>

struct strvec;

/*
 * An option of a subcommand and its target, exactly one. Texts are argv's.
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
	char letter;	      /* its short form, of a flag; 0: none */
	const char *optional; /* of a list: what is taken if no "=…" follows; NULL: it must */
};

/*
 * Parses them, and --help, which prints that text; leaves optind at the first argument that is not
 * an option. Returns an exit code, after printing why; or −1: continue.
 */
int cmd_options_read(const char *command, const char *help, const struct cmd_option *options,
	int argc, char **argv);
