#include "core/program_file.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Kinds --- */

bool program_file_read(struct program_file *file, int dir_fd, const char *path)
{
	AUTO(close_fd) int fd = -1;
	struct stat status;
	ssize_t got;

	file->name = path;
	file->length = 0;
	file->is_executable = false;
	/* Opening a device may have side effects; another program may have put one there. */
	if (fstatat(dir_fd, path, &status, 0) != 0 || !S_ISREG(status.st_mode)) {
		return false;
	}
	fd = openat(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	got = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
		      ? pread(fd, file->start, sizeof(file->start), 0)
		      : -1;
	if (got < 0) {
		return false;
	}
	file->length = (size_t)got;
	file->is_executable = (status.st_mode & S_IXUSR) != 0;
	return true;
}

static bool starts_with(const struct program_file *file, const char *magic, size_t length)
{
	return file->length >= length && memcmp(file->start, magic, length) == 0;
}

static bool is_elf(const struct program_file *file)
{
	return starts_with(file, "\177ELF", 4);
}

static bool is_script(const struct program_file *file)
{
	return starts_with(file, "#!", 2);
}

bool program_file_is_native(const struct program_file *file)
{
	return is_elf(file) || is_script(file);
}

static const char *extension_of(const struct program_file *file)
{
	const char *dot = strrchr(path_base(file->name), '.');

	return dot != NULL ? dot : "";
}

bool program_file_is_windows(const struct program_file *file)
{
	/* Any bytes can be a script; an .exe without its magic is something else. */
	static const char *const extensions[] = { ".bat", ".cmd", ".msi", ".exe" };
	size_t count = file->length < 2 ? 4 : 3;

	if (starts_with(file, "MZ", 2)) {
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(extension_of(file), extensions[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* --- What cannot start --- */

/* Both return 0 past what was read. */
static uint32_t little_endian(const struct program_file *file, size_t at, size_t bytes)
{
	uint32_t value = 0;

	for (size_t i = bytes; at < file->length && bytes <= file->length - at && i-- > 0;) {
		value = value << 8 | (unsigned char)file->start[at + i];
	}
	return value;
}

static uint32_t big_endian(const struct program_file *file, size_t at, size_t bytes)
{
	uint32_t value = 0;

	for (size_t i = 0; at < file->length && bytes <= file->length - at && i < bytes; i++) {
		value = value << 8 | (unsigned char)file->start[at + i];
	}
	return value;
}

struct machine {
	uint32_t number;
	const char *name; /* NULL: an x86-64 device runs it */
};

static const char *name_of(const struct machine *machines, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (machines[i].number == number) {
			return machines[i].name;
		}
	}
	return "other";
}

#define MACHINE_NAME(machines, number)                                                             \
	name_of(machines, sizeof(machines) / sizeof((machines)[0]), number)

static const char *elf_machine(const struct program_file *file)
{
	static const struct machine machines[] = {
		{ 0, NULL }, /* none is named */
		{ 3, NULL },
		{ 6, NULL },
		{ 8, "MIPS" },
		{ 20, "PowerPC" },
		{ 21, "PowerPC" },
		{ 40, "32-bit ARM" },
		{ 62, NULL },
		{ 183, "ARM64" },
		{ 243, "RISC-V" },
		{ 258, "LoongArch" },
	};
	bool is_big = file->length > 5 && file->start[5] == 2;
	uint32_t number = is_big ? big_endian(file, 18, 2) : little_endian(file, 18, 2);

	return MACHINE_NAME(machines, number);
}

/* A program for DOS has no such header. */
static const char *windows_machine(const struct program_file *file)
{
	static const struct machine machines[] = {
		{ 0, NULL },
		{ 0x14c, NULL },
		{ 0x1c0, "32-bit ARM" },
		{ 0x1c2, "32-bit ARM" },
		{ 0x1c4, "32-bit ARM" },
		{ 0x200, "Itanium" },
		{ 0x8664, NULL },
		{ 0xaa64, "ARM64" },
	};
	uint32_t header = little_endian(file, 0x3c, 4);

	if (header < 0x40 || header > file->length || file->length - header < 6 ||
		memcmp(file->start + header, "PE\0\0", 4) != 0) {
		return NULL;
	}
	return MACHINE_NAME(machines, little_endian(file, header + 4, 2));
}

static bool is_for_macos(const struct program_file *file)
{
	static const char *const magics[] = { "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf",
		"\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe" };

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (starts_with(file, magics[i], 4)) {
			return true;
		}
	}
	return false;
}

/* What the file is instead of a program; NULL: nothing is known against it. */
static const char *other_kind(const struct program_file *file)
{
	static const struct {
		const char *extension, *kind;
	} kinds[] = {
		{ ".7z", "an archive" },
		{ ".apk", "a program for Android" },
		{ ".app", "a program for macOS" },
		{ ".desktop", "an entry of a menu" },
		{ ".dll", "a library of a program for Windows" },
		{ ".dmg", "a program for macOS" },
		{ ".gz", "an archive" },
		{ ".htm", "a web page" },
		{ ".html", "a web page" },
		{ ".jar", "a program for Java" },
		{ ".lnk", "a shortcut of Windows" },
		{ ".md", "a text" },
		{ ".pdf", "a document" },
		{ ".rar", "an archive" },
		{ ".txt", "a text" },
		{ ".url", "a link to a web page" },
		{ ".zip", "an archive" },
	};

	if (is_for_macos(file)) {
		return "a program for macOS";
	}
	if (starts_with(file, "L\0\0\0\x01\x14\x02\0", 8)) {
		return "a shortcut of Windows";
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcasecmp(extension_of(file), kinds[i].extension) == 0) {
			return kinds[i].kind;
		}
	}
	return NULL;
}

/* The kernel takes the '\r' for a part of the interpreter's name. */
static bool first_line_is_crlf(const struct program_file *file)
{
	const char *end = memchr(file->start, '\n', file->length);

	return end != NULL && end > file->start && end[-1] == '\r';
}

static bool check_machine(const struct program_file *file, const char *machine, struct error *err)
{
	return machine == NULL ||
	       error_set(err, ERROR_NOT_IMPLEMENTED,
		       "'%s' is a program for %s processors and cannot start on this one; take the "
		       "build for x86-64",
		       path_shown(file->name).text, machine);
}

bool program_file_check(const struct program_file *file, struct error *err)
{
	const char *kind;

	if (is_elf(file)) {
		return check_machine(file, elf_machine(file), err);
	}
	if (starts_with(file, "MZ", 2)) {
		return check_machine(file, windows_machine(file), err);
	}
	if (is_script(file)) {
		return !first_line_is_crlf(file) ||
		       error_set(err, ERROR_INVALID,
			       "'%s' cannot start: its first line ends as on Windows (CRLF); save "
			       "it with the line ends of Unix",
			       path_shown(file->name).text);
	}
	kind = other_kind(file);
	return kind == NULL ||
	       error_set(err, ERROR_INVALID,
		       "'%s' is %s, which Steam cannot start; name the program of the game",
		       path_shown(file->name).text, kind);
}
