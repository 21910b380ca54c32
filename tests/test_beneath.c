#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/*
 * Each test runs twice, and the second time without openat2(): "inside" is the trusted folder,
 * "outside" beside it must never be touched.
 */
static char folder[] = "/tmp/test_beneath-XXXXXX";
static int inside = -1;

static void shell(const char *command)
{
	AUTO(free_ptr) char *line = xasprintf("cd '%s' && %s", folder, command);

	ck_assert_msg(system(line) == 0, "%s", line);
}

static void make_folder(void)
{
	AUTO(free_ptr) char *path = NULL;

	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	shell("mkdir inside outside && echo secret > outside/file");
	path = xasprintf("%s/inside", folder);
	inside = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(inside, 0);
}

static void remove_folder(void)
{
	AUTO(free_ptr) char *command = xasprintf("rm -rf '%s'", folder);

	shell("grep -q secret outside/file");
	close(inside);
	ck_assert_int_eq(system(command), 0);
}

/* Like a kernel before 5.6, or a sandbox: without openat2(). Cannot be undone. */
static void forbid_openat2(int round)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (round == 1) {
		ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
		ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
		ck_assert_int_lt(syscall(SYS_openat2, -1, "", NULL, 0), 0);
		ck_assert_int_eq(errno, ENOSYS);
	}
}

static void assert_refused(const char *path, int flags, enum error_kind kind)
{
	struct error err = { 0 };
	int fd = beneath_open(inside, path, flags, 0644, &err);

	ck_assert_msg(fd < 0, "'%s' was opened", path);
	ck_assert_msg(err.kind == kind, "'%s': %d %s", path, (int)err.kind, err.message);
	ck_assert(strlen(err.message) > 0);
}

START_TEST(opens_what_is_inside)
{
	AUTO(close_fd) int file = -1;
	AUTO(close_fd) int again = -1;
	AUTO(close_fd) int dir = -1;
	char text[4] = "";

	forbid_openat2(_i);
	shell("mkdir -p inside/a/b");
	file = beneath_open(inside, "a/b/f", O_CREAT | O_EXCL | O_WRONLY, 0640, NULL);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(fcntl(file, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(file, "abc", 3), 3);
	again = beneath_open(inside, "a/b/f", O_RDONLY, 0777, NULL);
	ck_assert_int_eq(read(again, text, 3), 3);
	ck_assert_str_eq(text, "abc");
	dir = beneath_open(inside, "a//b/.", O_RDONLY | O_DIRECTORY, 0, NULL);
	ck_assert_int_ge(dir, 0);
}
END_TEST

START_TEST(never_leaves)
{
	forbid_openat2(_i);
	shell("cd inside && mkdir dir && echo x > file && ln -s ../outside out && "
	      "ln -s ../outside/file link && ln -s dir indirect && ln -s /etc abs && "
	      "ln -s /proc/self/fd magic && ln -s . self && ln -s nowhere dangling");
	assert_refused("../outside/file", O_RDONLY, ERROR_INVALID);
	assert_refused("dir/../../outside/file", O_RDONLY, ERROR_INVALID);
	assert_refused("/etc/passwd", O_RDONLY, ERROR_INVALID);
	assert_refused("out/file", O_RDONLY, ERROR_INVALID);
	assert_refused("out/new", O_CREAT | O_WRONLY, ERROR_INVALID);
	assert_refused("link", O_RDONLY, ERROR_INVALID);
	assert_refused("link", O_CREAT | O_WRONLY | O_TRUNC, ERROR_INVALID);
	assert_refused("dangling", O_CREAT | O_WRONLY, ERROR_INVALID);
	assert_refused("indirect/new", O_CREAT | O_WRONLY, ERROR_INVALID);
	assert_refused("indirect", O_RDONLY | O_DIRECTORY, ERROR_INVALID);
	assert_refused("abs/passwd", O_RDONLY, ERROR_INVALID);
	assert_refused("magic/0", O_RDONLY, ERROR_INVALID);
	assert_refused("self/self/file", O_RDONLY, ERROR_INVALID);
	assert_refused("file/x", O_RDONLY, ERROR_INVALID);
	assert_refused("dir", O_WRONLY, ERROR_INVALID);
	assert_refused("none", O_RDONLY, ERROR_NOT_FOUND);
	assert_refused("none/x", O_CREAT | O_WRONLY, ERROR_NOT_FOUND);
	assert_refused("", O_RDONLY, ERROR_NOT_FOUND);
	assert_refused("dir/0123456789012345678901234567890123456789012345678901234567890123456789"
		       "01234567890123456789012345678901234567890123456789012345678901234567890123"
		       "45678901234567890123456789012345678901234567890123456789012345678901234567"
		       "890123456789012345678901234567890123456789/x",
		O_RDONLY, ERROR_INVALID);
	shell("test -z \"$(ls outside | grep -v '^file$')\" && test ! -e inside/dir/new");
}
END_TEST

START_TEST(opens_and_makes_parents)
{
	AUTO(close_fd) int first = -1;
	AUTO(close_fd) int top = -1;
	struct error err = { 0 };
	struct stat stat, stat_inside;

	forbid_openat2(_i);
	umask(022);
	ck_assert_int_lt(beneath_open_parent(inside, "a/b/f", false, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	first = beneath_open_parent(inside, "a//b/f", true, &err);
	ck_assert_int_ge(first, 0);
	shell("test \"$(stat -c %a inside/a/b)\" = 755 && test ! -e inside/a/b/f");
	ck_assert_int_eq(fsync(first), 0);

	top = beneath_open_parent(inside, "f", true, &err);
	ck_assert_int_ge(top, 0);
	fstat(top, &stat);
	fstat(inside, &stat_inside);
	ck_assert_uint_eq(stat.st_ino, stat_inside.st_ino);

	shell("ln -s ../outside inside/out && touch inside/a/file");
	ck_assert_int_lt(beneath_open_parent(inside, "out/x/f", true, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_lt(beneath_open_parent(inside, "a/file/f", true, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_lt(beneath_open_parent(inside, "new/../../outside/x/f", true, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_lt(beneath_open_parent(inside, "/tmp/x", true, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	shell("test ! -e outside/x");
}
END_TEST

START_TEST(stats_links_themselves)
{
	struct error err = { 0 };
	struct stat stat = { 0 };

	forbid_openat2(_i);
	shell("cd inside && mkdir d && printf 12345 > d/f && ln -s ../../outside/file d/l && "
	      "ln -s ../outside out");
	ck_assert(beneath_stat(inside, "d/f", &stat, NULL));
	ck_assert_int_eq(stat.st_size, 5);
	ck_assert(beneath_stat(inside, "d/l", &stat, NULL));
	ck_assert(S_ISLNK(stat.st_mode));
	ck_assert(beneath_stat(inside, "d", &stat, NULL));
	ck_assert(S_ISDIR(stat.st_mode));
	ck_assert(!beneath_stat(inside, "d/none", &stat, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert(!beneath_stat(inside, "out/file", &stat, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert(S_ISDIR(stat.st_mode)); /* untouched by failures */
}
END_TEST

START_TEST(removes_trees_not_what_links_name)
{
	struct error err = { 0 };

	forbid_openat2(_i);
	shell("cd inside && mkdir -p t/a/b t/c keep && touch t/f t/a/f t/a/b/f t/c/.hidden && "
	      "ln -s ../../outside t/out && ln -s ../../../outside/file t/a/l && mkfifo t/fifo && "
	      "ln -s keep linked && echo x > single && ln -s ../outside out");
	ck_assert_msg(beneath_remove_tree(inside, "t", &err), "%s", err.message);
	ck_assert(beneath_remove_tree(inside, "t", &err));
	ck_assert(beneath_remove_tree(inside, "none/t", &err));
	ck_assert(beneath_remove_tree(inside, "linked", &err));
	ck_assert(beneath_remove_tree(inside, "single", &err));
	shell("cd inside && test \"$(ls | tr '\\n' ' ')\" = 'keep out '");
	ck_assert(!beneath_remove_tree(inside, "out/file", &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert(!beneath_remove_tree(inside, "..", &err));
	ck_assert(!beneath_remove_tree(inside, "keep/..", &err));
	ck_assert(!beneath_remove_tree(inside, "keep/.", &err));
	ck_assert(!beneath_remove_tree(inside, "keep/", &err));
	ck_assert(!beneath_remove_tree(inside, "", &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	shell("test -d inside/keep");
	ck_assert(beneath_remove_tree(inside, ".", &err));
	shell("test -z \"$(ls -A inside)\"");
}
END_TEST

START_TEST(removes_wide_and_deep_trees)
{
	struct error err = { 0 };

	forbid_openat2(_i);
	/* Deeper than there are descriptors, longer than any path may be. */
	shell("cd inside && perl -e 'for (1 .. 3000) { mkdir q(dd); chdir q(dd); "
	      "if ($_ % 100 == 0) { mkdir qq(s$_); open(F, q(>f)); } }'");
	shell("cd inside && perl -e 'for (1 .. 2000) { mkdir qq(w$_); open(F, qq(>w$_/f)); "
	      "open(F, qq(>f$_)); }'");
	ck_assert_msg(beneath_remove_tree(inside, ".", &err), "%s", err.message);
	shell("test -z \"$(ls -A inside)\"");
}
END_TEST

START_TEST(does_not_enter_mounts)
{
	struct error err = { 0 };
	AUTO(free_ptr) char *target = xasprintf("%s/inside/t/m", folder);
	AUTO(free_ptr) char *top = xasprintf("%s/inside/t", folder);
	AUTO(free_ptr) char *source = xasprintf("%s/outside", folder);
	AUTO(close_fd) int here = -1;

	shell("mkdir -p inside/t/m");
	/* A bind mount from the same file system, so that its device number does not differ. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount(source, target, NULL, MS_BIND, NULL) < 0) {
		return; /* needs root */
	}
	forbid_openat2(_i);
	ck_assert(!beneath_remove_tree(inside, "t", &err));
	shell("grep -q secret outside/file");
	ck_assert_int_eq(umount(target), 0);

	ck_assert_int_eq(mount("none", target, "tmpfs", 0, NULL), 0);
	shell("touch inside/t/m/f");
	ck_assert(!beneath_remove_tree(inside, "t", &err));
	ck_assert(!beneath_remove_tree(inside, "t/m", &err));
	shell("test -e inside/t/m/f");
	ck_assert_int_eq(umount(target), 0);
	ck_assert(beneath_remove_tree(inside, "t", &err));

	shell("mkdir inside/t");
	ck_assert_int_eq(mount(source, top, NULL, MS_BIND, NULL), 0);
	here = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(!beneath_remove_tree(inside, "t", &err));
	shell("grep -q secret outside/file");
	ck_assert_int_eq(umount2(top, MNT_DETACH), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("beneath");
	TCase *tcase = tcase_create("beneath");
	SRunner *runner = srunner_create(suite);
	int failures;

	/* Always forked: the filter against openat2() cannot be removed. */
	srunner_set_fork_status(runner, CK_FORK);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, opens_what_is_inside, 0, 2);
	tcase_add_loop_test(tcase, never_leaves, 0, 2);
	tcase_add_loop_test(tcase, opens_and_makes_parents, 0, 2);
	tcase_add_loop_test(tcase, stats_links_themselves, 0, 2);
	tcase_add_loop_test(tcase, removes_trees_not_what_links_name, 0, 2);
	tcase_add_loop_test(tcase, removes_wide_and_deep_trees, 0, 2);
	tcase_add_loop_test(tcase, does_not_enter_mounts, 0, 2);
	srunner_run_all(runner, CK_ENV);
	failures = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failures != 0;
}
