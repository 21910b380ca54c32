#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A list of owned strings. Zeroed is empty. */
struct strvec {
	char **items; /* count of them, followed by a NULL once count > 0 */
	size_t count;
};

void strvec_finish(struct strvec *vec);
void strvec_push(struct strvec *vec, const char *text); /* copies */
void strvec_push_take(struct strvec *vec, char *text);
void strvec_copy(struct strvec *to, const struct strvec *from); /* to is replaced */
bool strvec_equal(const struct strvec *a, const struct strvec *b);
bool strvec_contains(const struct strvec *vec, const char *text);
