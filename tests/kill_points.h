#pragma once

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the header, as each test is one file. */

/*
 * Lets the child run for this many entries to and returns from system calls; true: it has exited.
 */
static inline bool kill_points_step(pid_t child, unsigned count, int *status)
{
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(child, status, 0), child);
		if (WIFEXITED(*status)) {
			return true;
		}
	}
	return false;
}

/*
 * Runs act in a child process that is killed before its first system call, then in one that is
 * killed before its second, and so on up to one that finishes. prepare is called before each, check
 * after each. Returns how many were killed.
 */
static inline unsigned kill_points_run(
	void (*prepare)(void), void (*act)(void), void (*check)(bool finished))
{
	for (unsigned count = 1;; count++) {
		bool finished;
		int status;
		pid_t child;

		prepare();
		child = fork();
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
				_exit(1);
			}
			raise(SIGSTOP);
			act();
			_exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(WIFSTOPPED(status), "no child can be traced here");
		finished = kill_points_step(child, count, &status);
		if (finished) {
			ck_assert_int_eq(WEXITSTATUS(status), 0);
		} else {
			kill(child, SIGKILL);
			ck_assert_int_eq(waitpid(child, &status, 0), child);
		}
		check(finished);
		if (finished) {
			return count - 1;
		}
	}
}
