/* Runs a fuzz target over files and folders of files, where libFuzzer is not linked. */
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/strbuf.h"

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
	struct strbuf input = { 0 };
	struct error err;

	if (kind != FTW_F) {
		return 0;
	}
	if (!atomic_file_read(path, 16 * 1024 * 1024, &input, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)strbuf_text(&input), input.length);
	strbuf_finish(&input);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], replay, 16, FTW_PHYS) != 0) {
			fprintf(stderr, "cannot replay '%s'\n", argv[i]);
			return 1;
		}
	}
	return 0;
}
