/*
 * Whatever the file, an app gets its tool in one run of bytes and nothing around it changes; or
 * nothing changes at all, on the disk either.
 */
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "steam/files/compat_tools.h"
#include "steam/vdf/vdf_text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define TOOL "proton \"9\" \\ ü"

static const char *const map_path[] = { "InstallConfigStore", "Software", "Valve", "Steam",
	"CompatToolMapping" };

static const struct vdf_text_node *find_entry(const struct vdf_text *file, const char *app)
{
	const struct vdf_text_node *node = &file->nodes[0];

	for (size_t i = 0; node != NULL && i < sizeof(map_path) / sizeof(*map_path); i++) {
		node = vdf_text_child(file, node, map_path[i]);
	}
	return node != NULL ? vdf_text_child(file, node, app) : NULL;
}

/* Is edited the source but for the bytes between start and end? */
static bool kept_around(
	const struct strbuf *source, const struct strbuf *edited, size_t start, size_t end)
{
	size_t tail = source->length - end;

	return edited->length >= start + tail &&
	       memcmp(strbuf_text(edited), strbuf_text(source), start) == 0 &&
	       memcmp(strbuf_text(edited) + edited->length - tail, strbuf_text(source) + end,
		       tail) == 0;
}

static size_t common_start(const struct strbuf *source, const struct strbuf *edited)
{
	size_t length = 0;

	while (length < source->length && source->data[length] == edited->data[length]) {
		length++;
	}
	return length;
}

static void check_edit(
	const struct strbuf *source, const struct strbuf *edited, uint32_t app_id, const char *app)
{
	struct vdf_text before = { 0 }, after = { 0 };
	struct strbuf again = { 0 };
	const struct vdf_text_node *old, *new;

	assert(vdf_text_parse(&before, strbuf_text(source), source->length, NULL));
	assert(vdf_text_parse(&after, strbuf_text(edited), edited->length, NULL));
	old = find_entry(&before, app);
	new = find_entry(&after, app);
	if (old == NULL) {
		size_t at = common_start(source, edited);

		assert(kept_around(source, edited, at, at));
	} else if (*vdf_text_value(&before, old, "name") != '\0') {
		assert(edited->length == source->length);
		assert(kept_around(source, edited, source->length, source->length));
	} else {
		assert(kept_around(source, edited, old->start, old->end));
	}
	if (old == NULL || *vdf_text_value(&before, old, "name") == '\0') {
		assert(strcmp(vdf_text_value(&after, new, "name"), TOOL) == 0);
		assert(strcmp(vdf_text_value(&after, new, "priority"), "250") == 0);
	}
	strbuf_append(&again, strbuf_text(edited), edited->length);
	assert(compat_tools_set(&again, app_id, "another", NULL));
	assert(again.length == edited->length);
	assert(kept_around(edited, &again, edited->length, edited->length));
	strbuf_finish(&again);
	vdf_text_finish(&before);
	vdf_text_finish(&after);
}

static void check_app(const uint8_t *data, size_t size, uint32_t app_id, const char *app)
{
	struct strbuf source = { 0 }, edited = { 0 };

	strbuf_append(&source, data, size);
	strbuf_append(&edited, data, size);
	if (compat_tools_set(&edited, app_id, TOOL, NULL)) {
		check_edit(&source, &edited, app_id, app);
	} else {
		assert(edited.length == size && kept_around(&source, &edited, size, size));
	}
	strbuf_finish(&source);
	strbuf_finish(&edited);
}

static void check_file(const uint8_t *data, size_t size)
{
	const char *root = fuzz_folder();
	AUTO(free_ptr) char *config = xasprintf("%s/config", root);
	AUTO(free_ptr) char *path = xasprintf("%s/config.vdf", config);
	AUTO(strbuf_finish) struct strbuf edited = { 0 }, saved = { 0 };

	fuzz_require(make_dirs(config, 0700, NULL));
	fuzz_write_file(path, data, size);
	strbuf_append(&edited, data, size);
	fuzz_require(
		compat_tools_set(&edited, 7, TOOL, NULL) == compat_tools_save(root, 7, TOOL, NULL));
	fuzz_require(atomic_file_read(path, SIZE_MAX / 2, &saved, NULL));
	fuzz_require(saved.length == edited.length);
	fuzz_require(memcmp(strbuf_text(&saved), strbuf_text(&edited), saved.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_app(data, size, 2890000002u, "2890000002");
	check_app(data, size, 7, "7");
	check_file(data, size);
	return 0;
}
