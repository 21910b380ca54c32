#pragma once

#include <check.h>
#include <errno.h>

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
