#pragma once

#include "folder.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/*
 * A small file system of a kind that folds or refuses names, in <home>/image, mounted at
 * <home>/disk by the kernel or, where it has no driver, by a FUSE program. The test's process gets
 * mounts of its own, so that nothing is left when it is killed.
 */
struct disk_kind {
	const char *name;
	const char *make;  /* a shell command in home; makes "image", 16 MiB of zeros before */
	const char *mount; /* the same; mounts "image" at "disk" */
};

#define DISK_KERNEL(type) "mount -t " type " -o loop image disk"

static const struct disk_kind disk_kinds[] = {
	{ "vfat", "mkfs.vfat image", "mount -t vfat -o loop,iocharset=utf8 image disk" },
	{ "exfat", "mkfs.exfat image",
		DISK_KERNEL("exfat") " || { device=$(losetup -f --show image) && "
				     "{ mount.exfat-fuse $device disk; result=$?; "
				     "losetup -d $device; exit $result; }; }" },
	{ "ntfs", "mkfs.ntfs -q -F image", "lowntfs-3g -o ignore_case,windows_names image disk" },
	{ "ext4-casefold", "mkfs.ext4 -q -F -O casefold -E encoding=utf8 image",
		DISK_KERNEL("ext4") " && mkdir disk/folded && chattr +F disk/folded && "
				    "mount --bind disk/folded disk" },
	{ "ext4", "mkfs.ext4 -q -F -b 4096 image", DISK_KERNEL("ext4") },
	{ "btrfs", "truncate -s 128M image && mkfs.btrfs -q image", DISK_KERNEL("btrfs") },
};
#define DISK_KINDS_COUNT (sizeof(disk_kinds) / sizeof(disk_kinds[0]))

/* Unmounts when this process ends, however it ends: a FUSE program would stay. */
static inline void disk_guard(const char *home)
{
	char path[FOLDER_BYTES + 8];
	int ends[2];

	snprintf(path, sizeof(path), "%s/disk", home);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	if (fork() == 0) {
		char byte;

		setsid(); /* Check kills its group */
		close(ends[1]);
		for (int fd = 0; fd < 3; fd++) {
			close(fd);
		}
		_exit(read(ends[0], &byte, 1) == 0 && umount2(path, MNT_DETACH) == 0 ? 0 : 1);
	}
	close(ends[0]);
}

static inline bool disk_run(const char *home, const char *command)
{
	char line[1024];
	int length = snprintf(line, sizeof(line),
		"export PATH=$PATH:/usr/sbin:/sbin; cd %s && { %s; } >log 2>&1", home, command);

	ck_assert_int_lt(length, (int)sizeof(line));
	return system(line) == 0;
}

/* False, and it says why, if this machine cannot have one. */
static inline bool disk_mount(const struct disk_kind *kind, const char *home)
{
	static char why[200];
	FILE *log;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		printf("skipped: %s: cannot mount here\n", kind->name);
		return false;
	}
	if (disk_run(home, "mkdir disk && truncate -s 16M image") && disk_run(home, kind->make) &&
		disk_run(home, kind->mount)) {
		disk_guard(home);
		return true;
	}
	snprintf(why, sizeof(why), "%s/log", home);
	log = fopen(why, "re");
	why[0] = '\0';
	if (log != NULL) {
		why[fread(why, 1, sizeof(why) - 1, log)] = '\0';
		fclose(log);
	}
	printf("skipped: %s: %.*s\n", kind->name, (int)strcspn(why, "\n"), why);
	return false;
}

static inline void disk_unmount(const char *home)
{
	char path[FOLDER_BYTES + 8];

	snprintf(path, sizeof(path), "%s/disk", home);
	while (umount2(path, MNT_DETACH) == 0) {
	}
}
