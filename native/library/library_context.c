#include "library/library_context.h"

#include "core/cleanup.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/disk.h"
#include "library/library_records.h"
#include "library/library_sight.h"

#include <string.h>

bool library_held_any(const struct library_held *held)
{
	return held->games > 0 || held->uploads > 0 || held->deleted > 0;
}

bool library_context_count(const struct library_context *context, const char *id, const char *root,
	struct library_held *held, bool *seen)
{
	*held = (struct library_held){ 0 };
	return context->count(context->user, id, root, held, seen);
}

char *library_context_name(
	const struct library_context *context, const char *place, const struct disk *disk)
{
	if (path_is_within(context->home, disk->mount_point)) {
		return xstrdup(place);
	}
	return xstrdup(disk->label[0] != '\0' ? disk->label : path_base(disk->mount_point));
}

void library_context_note(struct library_context *context, const char *place,
	const struct library_sight *sight, char *id)
{
	AUTO(free_ptr) char *own_place = xstrdup(place);
	AUTO(free_ptr) char *name = library_context_name(context, place, &sight->disk);
	const struct library_record *known = library_records_find(context->records, id, place);
	const struct library_record record = {
		.id = id,
		.place = own_place,
		.root = sight->root,
		.name = name,
		.uuid = sight->disk.uuid,
		.mount_point = sight->disk.mount_point,
		.uploads = known != NULL ? known->uploads : 0,
	};

	if (known != NULL && known == library_records_last_at(context->records, place) &&
		strcmp(known->root, record.root) == 0 && strcmp(known->name, name) == 0 &&
		strcmp(known->uuid, record.uuid) == 0 &&
		strcmp(known->mount_point, record.mount_point) == 0) {
		return;
	}
	library_records_put(context->records, &record);
	context->records_changed = true;
}

bool library_context_is_card(const struct library_context *context, const char *mount_point)
{
	return !path_is_within(context->home, mount_point);
}

bool library_context_is_same_disk(const struct library_context *context, const struct disk *disk,
	const struct library_record *last)
{
	return disk_is(disk, last->uuid, last->mount_point) ||
	       (strcmp(disk->mount_point, last->mount_point) == 0 &&
		       !library_context_is_card(context, disk->mount_point));
}
