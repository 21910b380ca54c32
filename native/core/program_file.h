#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * What starts a game, by its first bytes and its name: Linux runs ELF files and scripts, Proton
 * what is for Windows. Sources: elf(5), execve(2); Microsoft, "PE Format".
 */
#define PROGRAM_FILE_START_BYTES 4096

struct program_file {
	const char *name;		      /* its path, for the extension and for sentences */
	char start[PROGRAM_FILE_START_BYTES]; /* as much as there is */
	size_t length;			      /* 0: it cannot be read, or is empty */
	bool is_executable;		      /* its owner's execute bit */
};

/*
 * Reads its start; path, which is borrowed as its name, is relative to dir_fd, or absolute. False:
 * it is no file, or cannot be read; file is then good for its name alone.
 */
bool program_file_read(struct program_file *file, int dir_fd, const char *path);

/* An ELF file or a script? */
bool program_file_is_native(const struct program_file *file);
/*
 * For Windows? By "MZ" and, for scripts and for a file that could not be read, by the extension:
 * .exe, .msi, .bat, .cmd.
 */
bool program_file_is_windows(const struct program_file *file);
/*
 * Can Steam start it on an x86-64 device? What is not known may. Errors, naming it and the remedy:
 * INVALID (it starts nowhere: a web page, a shortcut of Windows, a program for macOS, a script
 * whose first line ends in CRLF), NOT_IMPLEMENTED (it is for another processor).
 */
bool program_file_check(const struct program_file *file, struct error *err);
