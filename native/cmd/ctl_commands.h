#pragma once

#include <stdbool.h>

struct ctl;
struct ctl_listing;
struct error;

/* The commands of `capydeck ctl`: what each requests from the agent, and how it is printed. */
struct ctl_command {
	const char *noun;
	const char *verb; /* NULL: used for the noun alone */
	int argument_count;
	int optional_count; /* arguments that may follow these; args has NULL for what is not given
			     */
	/* One of the two. args: the command's own arguments. Prints its result. */
	bool (*run)(struct ctl *ctl, char **args, struct error *err);
	const struct ctl_listing *listing;
	bool is_local; /* needs no agent */
};

/* NULL: no such command. */
const struct ctl_command *ctl_command_find(const char *noun, const char *verb);
/* ctl is open unless the command is local. */
bool ctl_command_run(
	const struct ctl_command *command, struct ctl *ctl, char **args, struct error *err);
