#pragma once

/*
 * The program's subcommands. Each is called with its own name as argv[0] and returns the exit
 * code; each answers --help with a text that is also its man page (scripts/install_manpages):
 *
 *	Usage: capydeck NAME [options] …
 *	<blank>
 *	One or more paragraphs.
 *	<blank>
 *	Heading:
 *	  --option ARG   what it does; the next line of the same
 *	                 entry is indented further
 */
enum cmd_exit {
	CMD_OK = 0,
	CMD_FAILED = 1,	       /* the request was valid but failed */
	CMD_USAGE = 2,	       /* invalid command line */
	CMD_INTERRUPTED = 130, /* by a signal, as in the shell */
};

int cmd_agent(int argc, char **argv);
int cmd_ctl(int argc, char **argv);
int cmd_overlay(int argc, char **argv);
int cmd_push(int argc, char **argv);
int cmd_discover(int argc, char **argv);

/* Prints "capydeck <command>: <text>" on stderr and returns CMD_FAILED. */
int cmd_failed(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * The same with a pointer to --help; returns CMD_USAGE. getopt_long() has printed its own line
 * already when it returns '?': format is NULL then.
 */
int cmd_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
