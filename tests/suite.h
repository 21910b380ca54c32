#pragma once

/*
 * One program holds the unit tests (tests/suite.c): the main() of tests/test_<module>.c, which runs
 * its cases and returns the exit code, becomes a function that the program knows by the file's
 * name. `make check T=<module>` builds and runs one alone; build/unit NAME… runs those that are
 * named. A test that replaces functions, of ours or of the C library, has to be a program of its
 * own; it says so with "#define SUITE_ALONE".
 */

#include <check.h>
#include <errno.h>

struct suite_program {
	const char *name; /* "test_<module>" */
	int (*run)(void);
	struct suite_program *next;
};

/* Makes a program known; it must outlive main(). */
void suite_register(struct suite_program *program);

#ifdef TEST_MAIN /* set by the Makefile, to test_<module> */
#define SUITE_TEXT(word) #word
#define SUITE_NAME(word) SUITE_TEXT(word)
#define main TEST_MAIN

int main(void);

__attribute__((constructor)) static void suite_register_this(void)
{
	static struct suite_program program = { .name = SUITE_NAME(TEST_MAIN), .run = main };

	suite_register(&program);
}
#endif

/* Runs a test program's suite; returns the exit code. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/* The same for a program with one case. */
static inline int run_tcase(TCase *tcase)
{
	Suite *suite = suite_create(program_invocation_short_name);

	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
