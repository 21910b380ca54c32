#pragma once

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the header, as each test is one file. */

/* Whether a call may change what is on the disk. Between two that do, there is nothing new to be
 * seen. */
static inline bool kill_points_changes(uint64_t call, const uint64_t *arguments)
{
	switch (call) {
	case SYS_write:
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_sendfile:
	case SYS_copy_file_range:
	case SYS_ftruncate:
	case SYS_fallocate:
	case SYS_renameat:
	case SYS_renameat2:
	case SYS_linkat:
	case SYS_symlinkat:
	case SYS_unlinkat:
	case SYS_mkdirat:
	case SYS_mknodat:
	case SYS_fchmod:
	case SYS_fchmodat:
	case SYS_utimensat:
	case SYS_ioctl:
#ifdef SYS_open /* not on every processor */
	case SYS_truncate:
	case SYS_rename:
	case SYS_link:
	case SYS_symlink:
	case SYS_unlink:
	case SYS_mkdir:
	case SYS_rmdir:
	case SYS_chmod:
#endif
		return true;
#ifdef SYS_open
	case SYS_open:
		return (arguments[1] & (O_CREAT | O_TRUNC)) != 0;
#endif
	case SYS_openat:
		return (arguments[2] & (O_CREAT | O_TRUNC)) != 0;
	case SYS_openat2: /* its flags are in memory */
		return true;
	default:
		return false;
	}
}

/*
 * Lets the child run up to its call number count of those that change something, which has not been
 * made then; true: it has exited.
 */
static inline bool kill_points_step(pid_t child, unsigned count, int *status)
{
	while (count > 0) {
		struct __ptrace_syscall_info call;

		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(child, status, 0), child);
		if (WIFEXITED(*status)) {
			return true;
		}
		ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(call), &call), 0);
		if (call.op == PTRACE_SYSCALL_INFO_ENTRY &&
			kill_points_changes(call.entry.nr, call.entry.args)) {
			count--;
		}
	}
	return false;
}

/*
 * Runs act in a child process that is killed before its first system call that changes something on
 * the disk, then in one that is killed before its second, and so on up to one that finishes.
 * prepare is called before each, check after each. Returns how many were killed.
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
		ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD), 0);
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
