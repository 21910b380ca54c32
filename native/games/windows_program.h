#pragma once

#include <stdbool.h>

/*
 * Is the file at path a program for Windows, which Linux runs through Proton? By its first bytes
 * ("MZ") and, for scripts and for a file that cannot be read, by the extension: .exe, .msi, .bat,
 * .cmd.
 */
bool windows_program_is(const char *path);
