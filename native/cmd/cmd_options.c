#include "cmd/cmd_options.h"

#include "cmd/cmd.h"
#include "core/strvec.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 32 /* below '?' */
#define HELP OPTIONS_MAX

static int read_number(const char *command, const struct cmd_option *option)
{
	long long value = -1;

	errno = 0;
	if (optarg[strspn(optarg, "0123456789")] == '\0' && *optarg != '\0') {
		value = strtoll(optarg, NULL, 10);
	}
	if (errno != 0 || value < option->low || value > option->high) {
		return cmd_usage(command, "--%s '%s': expected a number from %lld to %lld",
			option->name, optarg, (long long)option->low, (long long)option->high);
	}
	*option->number = value;
	return -1;
}

static int take(const char *command, const struct cmd_option *option)
{
	if (option->flag != NULL) {
		*option->flag = true;
	} else if (option->text != NULL) {
		*option->text = optarg;
	} else if (option->list != NULL) {
		strvec_push(option->list, optarg != NULL ? optarg : option->optional);
	} else {
		return read_number(command, option);
	}
	return -1;
}

/* chosen: an index, or a letter. */
static const struct cmd_option *find_option(const struct cmd_option *options, int chosen)
{
	const struct cmd_option *option = options;

	if (chosen < OPTIONS_MAX) {
		return &options[chosen];
	}
	while (option->letter != chosen) {
		option++;
	}
	return option;
}

int cmd_options_read(const char *command, const char *help, const struct cmd_option *options,
	int argc, char **argv)
{
	struct option rows[OPTIONS_MAX + 2] = { 0 };
	char letters[OPTIONS_MAX + 1] = "";
	int count = 0, chosen, code = -1, letter_count = 0;

	for (; options[count].name != NULL; count++) {
		assert(count < OPTIONS_MAX);
		rows[count] = (struct option){
			.name = options[count].name,
			.has_arg = options[count].flag != NULL	     ? no_argument
				   : options[count].optional != NULL ? optional_argument
								     : required_argument,
			.val = count,
		};
		if (options[count].letter != 0) {
			letters[letter_count++] = options[count].letter;
		}
	}
	rows[count] = (struct option){ .name = "help", .has_arg = no_argument, .val = HELP };
	while (code < 0 && (chosen = getopt_long(argc, argv, letters, rows, NULL)) != -1) {
		if (chosen == '?') {
			return cmd_usage(command, NULL);
		}
		if (chosen == HELP) {
			fputs(help, stdout);
			return CMD_OK;
		}
		code = take(command, find_option(options, chosen));
	}
	return code;
}
