/* Any settings file loads, and what is saved then loads without a notice and saves the same. */
#include "agent/config.h"
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* Loads and saves; text gets what was saved. */
static void pass(const char *path, struct strbuf *text, bool *is_noticed)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	config_load(&config, path, &notice);
	*is_noticed = notice != NULL;
	require(config_save(&config, NULL));
	require(atomic_file_read(path, SIZE_MAX / 2, text, NULL));
}

static void remove_all(const char *path)
{
	AUTO(free_ptr) char *pattern = xasprintf("%s*", path);
	glob_t found = { 0 };

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			unlink(found.gl_pathv[i]);
		}
	}
	globfree(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *path = xasprintf("/dev/shm/fuzz_config-%d", (int)getpid());
	AUTO(strbuf_finish) struct strbuf once = { 0 }, twice = { 0 };
	bool is_noticed;

	require(atomic_file_write(path, data, size, 0600, NULL));
	pass(path, &once, &is_noticed);
	pass(path, &twice, &is_noticed);
	require(strcmp(once.data, twice.data) == 0);
	require(!is_noticed || strncmp(once.data, "{\"version\":1,", 13) != 0);
	remove_all(path);
	return 0;
}
