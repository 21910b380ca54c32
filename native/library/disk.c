#include "library/disk.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOUNTS "/proc/self/mountinfo"
#define BY_UUID "/dev/disk/by-uuid"

/* Newer than the headers that we are built with. */
#ifndef FS_IOC_GETFSUUID
struct fsuuid2 {
	unsigned char len;
	unsigned char uuid[16];
};
#define FS_IOC_GETFSUUID _IOR(0x15, 0, struct fsuuid2)
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

void disk_finish(struct disk *disk)
{
	free(disk->mount_point);
	free(disk->uuid);
	free(disk->label);
	*disk = (struct disk){ 0 };
}

/* --- Where it is mounted --- */

/* Blanks and the like are written as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* The field-th word, from 0, of a line; NULL if there are fewer. Cuts the line. */
static char *word_at(char *line, unsigned field)
{
	char *word = strtok(line, " \n");

	while (word != NULL && field-- > 0) {
		word = strtok(NULL, " \n");
	}
	return word;
}

/* One line of the list of mounts, cut into what is asked of it. */
struct mount_line {
	char *line;
	size_t size;
	const char *root; /* what of the file system is mounted */
	const char *at;
	const char *source; /* e.g. "/dev/mmcblk0p1" */
};

/* False: there are no more. Format: proc_pid_mountinfo(5). */
static bool next_mount(FILE *file, struct mount_line *mount)
{
	while (file != NULL && getline(&mount->line, &mount->size, file) > 0) {
		char *rest = strstr(mount->line, " - ");
		char *source = rest != NULL ? word_at(rest, 2) : NULL;
		char *root = source != NULL ? word_at(mount->line, 3) : NULL;
		char *at = root != NULL ? strtok(NULL, " \n") : NULL;

		if (at == NULL) {
			continue;
		}
		unescape(root);
		unescape(at);
		unescape(source);
		mount->root = root;
		mount->at = at;
		mount->source = source;
		return true;
	}
	return false;
}

/*
 * The mount that holds path, and its source. Of two at one place the later line is the one on top.
 * The source is "" if there is none.
 */
static void find_mount(const char *path, char **mount_point, char **source)
{
	FILE *file = fopen(MOUNTS, "re");
	struct mount_line mount = { 0 };

	*mount_point = xstrdup("");
	*source = xstrdup("");
	while (next_mount(file, &mount)) {
		if (path_is_within(path, mount.at) && strlen(mount.at) >= strlen(*mount_point)) {
			free(*mount_point);
			free(*source);
			*mount_point = xstrdup(mount.at);
			*source = xstrdup(mount.source);
		}
	}
	free(mount.line);
	if (file != NULL) {
		fclose(file);
	}
	if (**mount_point == '\0') {
		free(*mount_point);
		*mount_point = xstrdup("/");
	}
}

/* --- Its names --- */

/* The name that udev gave to the device in its list of UUIDs; NULL: none. Caller frees. */
static char *uuid_of_device(const char *source)
{
	struct stat device, link;
	DIR *dir;
	struct dirent *entry;
	char *uuid = NULL;

	if (source[0] != '/' || stat(source, &device) != 0 || !S_ISBLK(device.st_mode)) {
		return NULL;
	}
	dir = opendir(BY_UUID);
	while (dir != NULL && uuid == NULL && (entry = readdir(dir)) != NULL) {
		if (fstatat(dirfd(dir), entry->d_name, &link, 0) == 0 && S_ISBLK(link.st_mode) &&
			link.st_rdev == device.st_rdev) {
			uuid = xstrdup(entry->d_name);
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return uuid;
}

/* The file system's own; caller frees. */
static char *uuid_of_folder(int fd)
{
	struct strbuf text = { 0 };
	static const struct fsuuid2 none = { 0 };
	struct fsuuid2 own = { 0 };

	if (ioctl(fd, FS_IOC_GETFSUUID, &own) != 0 || own.len > sizeof(own.uuid) ||
		memcmp(own.uuid, none.uuid, sizeof(own.uuid)) == 0) {
		return xstrdup("");
	}
	for (unsigned i = 0; i < own.len; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		strbuf_appendf(&text, "%s%02x", dash ? "-" : "", own.uuid[i]);
	}
	return text.length > 0 ? strbuf_detach(&text) : xstrdup("");
}

static char *label_of_folder(int fd)
{
	char label[FSLABEL_MAX + 1] = "";

	if (ioctl(fd, FS_IOC_GETFSLABEL, label) != 0) {
		label[0] = '\0';
	}
	/* It is shown on terminals, and whoever formatted the card chose it. */
	for (char *at = label; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == '\x7f') {
			*at = '?';
		}
	}
	return xstrdup(label);
}

/* --- Its room --- */

/* What the quota leaves; INT64_MAX without one. Root's are not enforced. */
static int64_t left_by_quota(int fd, int type, unsigned id)
{
	struct dqblk quota = { 0 };
	int64_t used_bytes, hard_bytes, soft_bytes;

	if (geteuid() == 0 ||
		syscall(SYS_quotactl_fd, fd, QCMD(Q_GETQUOTA, type), id, &quota) != 0) {
		return INT64_MAX;
	}
	used_bytes = (int64_t)quota.dqb_curspace;
	hard_bytes = (int64_t)quota.dqb_bhardlimit * 1024;
	soft_bytes = (int64_t)quota.dqb_bsoftlimit * 1024;
	if (soft_bytes > 0 && used_bytes >= soft_bytes && quota.dqb_btime > 0 &&
		(int64_t)quota.dqb_btime <= (int64_t)time(NULL)) {
		return 0; /* its time of grace is over */
	}
	if (hard_bytes == 0) {
		return INT64_MAX;
	}
	return used_bytes < hard_bytes ? hard_bytes - used_bytes : 0;
}

static bool look_at_room(struct disk *disk, int fd, struct error *err)
{
	int64_t user_bytes, group_bytes, left_bytes;
	struct statvfs room;

	if (fstatvfs(fd, &room) != 0) {
		return error_set_errno(err, "cannot determine the free space");
	}
	disk->read_only = (room.f_flag & ST_RDONLY) != 0;
	disk->no_exec = (room.f_flag & ST_NOEXEC) != 0;
	disk->free_bytes = (int64_t)(room.f_bavail * room.f_frsize);
	disk->total_bytes = (int64_t)(room.f_blocks * room.f_frsize);
	user_bytes = left_by_quota(fd, USRQUOTA, geteuid());
	group_bytes = left_by_quota(fd, GRPQUOTA, getegid());
	left_bytes = user_bytes < group_bytes ? user_bytes : group_bytes;
	disk->quota_used = left_bytes == 0;
	if (left_bytes < disk->free_bytes) {
		disk->free_bytes = left_bytes;
	}
	return true;
}

bool disk_free_bytes(int fd, int64_t *free_bytes, struct error *err)
{
	struct disk disk = { 0 };
	bool ok = look_at_room(&disk, fd, err);

	*free_bytes = disk.free_bytes;
	return ok;
}

/* --- Interface --- */

bool disk_examine(struct disk *disk, int fd, const char *path, struct error *err)
{
	AUTO(free_ptr) char *source = NULL;

	*disk = (struct disk){ 0 };
	find_mount(path, &disk->mount_point, &source);
	disk->uuid = uuid_of_device(source);
	if (disk->uuid == NULL) {
		disk->uuid = uuid_of_folder(fd);
	}
	disk->label = label_of_folder(fd);
	return look_at_room(disk, fd, err);
}

/* Network file systems, which may not answer, have no device. */
static bool is_device_of(const struct mount_line *mount, const char *uuid)
{
	AUTO(free_ptr) char *found = NULL;
	AUTO(close_fd) int fd = -1;
	struct stat stat_of;

	if (mount->source[0] != '/' || stat(mount->source, &stat_of) != 0 ||
		!S_ISBLK(stat_of.st_mode)) {
		return false;
	}
	found = uuid_of_device(mount->source);
	if (found == NULL && (fd = open(mount->at, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		found = uuid_of_folder(fd);
	}
	return found != NULL && strcmp(found, uuid) == 0;
}

char *disk_find(const char *uuid, const char *mount_point)
{
	FILE *file = uuid[0] != '\0' ? fopen(MOUNTS, "re") : NULL;
	struct mount_line mount = { 0 };
	char *found = NULL;

	while (found == NULL && next_mount(file, &mount)) {
		if (strcmp(mount.root, "/") == 0 && strcmp(mount.at, mount_point) != 0 &&
			is_device_of(&mount, uuid)) {
			found = xstrdup(mount.at);
		}
	}
	free(mount.line);
	if (file != NULL) {
		fclose(file);
	}
	return found;
}

bool disk_is(const struct disk *disk, const char *uuid, const char *mount_point)
{
	if (disk->uuid[0] != '\0' && uuid[0] != '\0') {
		return strcmp(disk->uuid, uuid) == 0;
	}
	return strcmp(disk->mount_point, mount_point) == 0 && strcmp(mount_point, "/") == 0;
}
