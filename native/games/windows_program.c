#include "games/windows_program.h"

#include "core/cleanup.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_extension(const char *path, const char *const *extensions, size_t count)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < count; i++) {
		if (strcasecmp(dot, extensions[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* False: it cannot be read, and may not be a file at all. */
static bool read_magic(const char *path, char magic[2])
{
	AUTO(close_fd) int fd = -1;
	struct stat stat_of;

	if (stat(path, &stat_of) != 0 || !S_ISREG(stat_of.st_mode)) {
		return false; /* opening a device may have side effects */
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && read(fd, magic, 2) == 2;
}

bool windows_program_is(const char *path)
{
	/* Any bytes can be a script; an .exe without its magic is something else. */
	static const char *const extensions[] = { ".bat", ".cmd", ".msi", ".exe" };
	char magic[2];

	if (!read_magic(path, magic)) {
		return has_extension(path, extensions, 4);
	}
	return memcmp(magic, "MZ", 2) == 0 || has_extension(path, extensions, 3);
}
