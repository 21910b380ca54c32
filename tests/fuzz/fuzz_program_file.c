/* The first bytes of any file are judged without reading past them, and always in the same way. */
#include "core/program_file.h"

#include "core/error.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte chooses the name. */
	static const char *const names[] = { "game", "game.exe", "dir/start.sh", "game.html",
		"x.bat" };
	static struct program_file file;
	struct error err = { 0 };
	bool starts;

	if (size == 0) {
		return 0;
	}
	file.name = names[data[0] % (sizeof(names) / sizeof(names[0]))];
	file.length = size - 1 < sizeof(file.start) ? size - 1 : sizeof(file.start);
	memcpy(file.start, data + 1, file.length);
	/* What is behind does not count. */
	memset(file.start + file.length, 0xff, sizeof(file.start) - file.length);
	starts = program_file_check(&file, &err);
	fuzz_require(starts == (err.kind == ERROR_NONE));
	fuzz_require(starts || err.kind == ERROR_INVALID || err.kind == ERROR_NOT_IMPLEMENTED);
	fuzz_require(starts || strchr(err.message, '\'') != NULL);
	fuzz_require(!program_file_is_native(&file) || file.length >= 2);
	memset(file.start + file.length, 0, sizeof(file.start) - file.length);
	fuzz_require(program_file_check(&file, NULL) == starts);
	return 0;
}
