#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * What is wrong with the files of a game: all of it is counted and the first ten are told, so that
 * the Hub's user can mend everything at once. Zeroed is empty; needs no teardown.
 */
#define PROBLEM_LIST_SHOWN 10
#define PROBLEM_BYTES 192

struct problem_list {
	size_t count;
	char shown[PROBLEM_LIST_SHOWN][PROBLEM_BYTES];
};

/* One sentence without a full stop. Paths in it go through path_shown(). */
void problem_list_add(struct problem_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * True if there are none. Else INVALID: heading, the problem or a numbered list of them, the
 * remedy. heading and remedy are parts of one sentence.
 */
bool problem_list_check(const struct problem_list *list, const char *heading, const char *remedy,
	struct error *err);
/* "a, b and 3 more"; "" if there are none; caller frees. */
char *problem_list_text(const struct problem_list *list);
