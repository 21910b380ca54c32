#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 0))) static void complain(
	const char *command, const char *format, va_list args)
{
	fprintf(stderr, "capydeck %s: ", command);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int cmd_failed(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(command, format, args);
	va_end(args);
	return CMD_FAILED;
}

int cmd_usage(const char *command, const char *format, ...)
{
	va_list args;

	if (format != NULL) {
		va_start(args, format);
		complain(command, format, args);
		va_end(args);
	}
	fprintf(stderr, "Try 'capydeck %s --help'.\n", command);
	return CMD_USAGE;
}
