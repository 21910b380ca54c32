/*
 * Any settings file loads, and what is saved then loads without a notice and saves the same. Any
 * value of any setting, as lines "key value", is taken and is then what is read, or is refused.
 */
#include "agent/config.h"
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"

#include <string.h>

/* Loads and saves; text gets what was saved. */
static void pass(const char *path, struct strbuf *text, bool *is_noticed)
{
	AUTO(config_finish) struct config config;
	AUTO(free_ptr) char *notice = NULL;

	config_load(&config, path, &notice);
	*is_noticed = notice != NULL;
	fuzz_require(config_save(&config, NULL));
	fuzz_require(atomic_file_read(path, SIZE_MAX / 2, text, NULL));
}

static void check_reload(struct config *config)
{
	AUTO(config_finish) struct config again = { 0 };
	AUTO(free_ptr) char *notice = NULL;

	fuzz_require(config_save(config, NULL));
	fuzz_require(config_reload(&again, config, &notice, NULL));
	fuzz_require(notice == NULL || again.version != 1); /* one from a newer program */
}

static void set(struct config *config, const char *key, const char *value)
{
	AUTO(strbuf_finish) struct strbuf before = { 0 }, taken = { 0 }, again = { 0 };
	struct error err = { 0 };
	bool is_known = config_get(config, key, &before, NULL);

	if (!config_set(config, key, value, &err)) {
		fuzz_require(err.kind == (is_known ? ERROR_INVALID : ERROR_NOT_FOUND));
		fuzz_require(!is_known || config_get(config, key, &taken, NULL));
		fuzz_require(!is_known || strcmp(before.data, taken.data) == 0);
		return;
	}
	fuzz_require(is_known && config_get(config, key, &taken, NULL));
	/* As it is read it can be set. */
	fuzz_require(config_set(config, key, taken.data, NULL));
	fuzz_require(config_get(config, key, &again, NULL));
	fuzz_require(strcmp(taken.data, again.data) == 0);
}

static void check_lines(const char *path, const uint8_t *data, size_t size)
{
	AUTO(config_finish) struct config config = { 0 };
	AUTO(free_ptr) char *notice = NULL;
	struct fuzz_lines lines = fuzz_lines_of(data, size);
	const char *line, *key, *help;
	size_t length;

	config_load(&config, path, &notice);
	while (fuzz_next_line(&lines, &line, &length)) {
		AUTO(free_ptr) char *name = xcalloc(1, length + 1);
		char *blank;

		memcpy(name, line, length);
		blank = strchr(name, ' ');
		if (blank != NULL) {
			*blank = '\0';
			set(&config, name, blank + 1);
		}
	}
	check_reload(&config);
	for (unsigned i = 0; config_describe(i, &key, &help); i++) {
		fuzz_require(help[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free_ptr) char *path = xasprintf("%s/settings.json", fuzz_folder());
	AUTO(strbuf_finish) struct strbuf once = { 0 }, twice = { 0 };
	bool is_noticed;

	fuzz_require(atomic_file_write(path, data, size, 0600, NULL));
	pass(path, &once, &is_noticed);
	pass(path, &twice, &is_noticed);
	fuzz_require(strcmp(once.data, twice.data) == 0);
	fuzz_require(!is_noticed || strncmp(once.data, "{\"version\":1,", 13) != 0);
	check_lines(path, data, size);
	return 0;
}
