#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct suite_program *programs;

void suite_register(struct suite_program *program)
{
	struct suite_program **place = &programs;

	while (*place != NULL && strcmp((*place)->name, program->name) < 0) {
		place = &(*place)->next;
	}
	program->next = *place;
	*place = program;
}

static int run(const struct suite_program *program)
{
	program_invocation_short_name = (char *)program->name;
	return program->run();
}

static int run_named(const char *name)
{
	for (const struct suite_program *program = programs; program; program = program->next) {
		if (strcmp(program->name, name) == 0) {
			return run(program);
		}
	}
	fprintf(stderr, "no tests named '%s'; --list shows the names\n", name);
	return 2;
}

/* Arguments: names, or --list; none runs every test there is. */
int main(int argc, char **argv)
{
	const struct suite_program *program;
	int failed = 0;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (program = programs; program; program = program->next) {
			puts(program->name);
		}
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		failed |= run_named(argv[i]);
	}
	if (argc == 1) {
		for (program = programs; program; program = program->next) {
			failed |= run(program);
		}
	}
	return failed;
}
