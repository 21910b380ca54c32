#include "upload/upload_preview.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "upload/update_plan.h"
#include "upload/upload_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* As for init_upload: somebody waits. */
#define HASH_BUDGET_MS (15 * 1000)

static void list_held(struct upload_preview *preview, const struct update_plan *plan,
	const struct upload_manifest *manifest)
{
	struct json_map *map = &preview->resume_from;

	map->items = xcalloc(manifest->files_count, sizeof(*map->items));
	for (size_t i = 0; i < manifest->files_count; i++) {
		const struct upload_manifest_file *file = &manifest->files[i];
		enum update_action action = plan->files[i].action;

		if (file->size_bytes > 0 && (action == UPDATE_SAME || action == UPDATE_STAYS)) {
			map->items[map->count++] = (struct json_map_entry){ .key = file->path,
				.value = file->size_bytes };
		}
	}
}

bool upload_preview_run(
	struct upload_preview *preview, const struct upload_manifest *manifest, struct error *err)
{
	AUTO(close_fd)
	int game_fd = open(preview->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO(installed_manifest_finish) struct installed_manifest installed = { 0 };
	AUTO(update_plan_finish) struct update_plan plan = { 0 };
	const struct update_plan_input input = { .manifest = manifest,
		.installed = &installed,
		.game_fd = game_fd,
		.dir = preview->dir,
		.library = preview->root,
		.executable = manifest->executable,
		.deadline_ms = loop_now_ms() + HASH_BUDGET_MS };

	if (game_fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
		return error_set_errno(err, "cannot open the folder '%s'", preview->dir);
	}
	if (!installed_manifest_read(&installed, preview->state_dir, preview->dir, NULL, err) ||
		!update_plan_make(&plan, &input, err)) {
		return false;
	}
	list_held(preview, &plan, manifest);
	update_plan_changes(&plan, manifest, &preview->changes);
	return true;
}

void upload_preview_finish(struct upload_preview *preview)
{
	free(preview->dir);
	free(preview->root);
	free(preview->resume_from.items);
	upload_changes_finish(&preview->changes);
	*preview = (struct upload_preview){ 0 };
}
