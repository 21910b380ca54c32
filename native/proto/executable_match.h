#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The executable that a Hub or a person names, among the files of the game: with other case, in
 * another form of Unicode, in quotes, with arguments behind it, with backslashes or "./", or as an
 * absolute path that ends with the file's ("C:\Games\Doom\doom.exe").
 * Source: protocol.md §5.9.
 */
struct executable_match {
	size_t index;	       /* which of the files */
	const char *arguments; /* what is behind it, borrowed from the text; "": nothing */
};

/* The path of the index-th file, relative, with '/' between its components. */
typedef const char *executable_path_at(const void *files, size_t index);

/*
 * Several may fit: then it is the longest path, and among equal ones the one that is spelt
 * exactly so, or else the first. False, with match untouched: none fits.
 */
bool executable_match_find(struct executable_match *match, const char *text,
	executable_path_at *path_at, const void *files, size_t files_count);
