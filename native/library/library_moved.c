#include "library/library_moved.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/disk.h"
#include "library/library_marker.h"
#include "library/library_records.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static bool is_in(const char *root, const char *id)
{
	AUTO(close_fd) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(free_ptr) char *found = NULL;
	struct error err = { 0 };

	return fd >= 0 && library_marker_read(fd, &found, &err) == LIBRARY_MARK_FOUND &&
	       strcmp(found, id) == 0;
}

static bool is_on_same_disk(const struct library_record *a, const struct library_record *b)
{
	return strcmp(a->uuid, b->uuid) == 0 &&
	       (*a->uuid != '\0' || strcmp(a->mount_point, b->mount_point) == 0);
}

/* The record of the place where it is now; NULL: none of those known. */
static const struct library_record *find_place(
	const struct library_records *records, const struct library_record *record)
{
	for (size_t i = records->libraries_count; i > 0; i--) {
		const struct library_record *other = &records->libraries[i - 1];

		if (strcmp(other->id, record->id) == 0 && strcmp(other->root, record->root) != 0 &&
			is_on_same_disk(other, record) && is_in(other->root, record->id)) {
			return other;
		}
	}
	return NULL;
}

/* Where its file system is mounted, with it in there; caller frees. NULL: nowhere. */
static char *find_mount(const struct library_record *record)
{
	AUTO(free_ptr) char *mount_point = disk_find(record->uuid, record->mount_point);
	AUTO(free_ptr) char *root = NULL;
	const char *below = record->root;

	if (mount_point == NULL || !path_is_within(record->root, record->mount_point)) {
		return NULL;
	}
	below += strlen(record->mount_point);
	below += strspn(below, "/");
	root = *below != '\0' ? path_join(mount_point, below) : xstrdup(mount_point);
	return is_in(root, record->id) ? TAKE_PTR(mount_point) : NULL;
}

bool library_moved_find(struct library_move *move, const struct library_records *records,
	const struct library_record *record)
{
	const struct library_record *other = find_place(records, record);
	char *to;

	*move = (struct library_move){ 0 };
	if (other != NULL && strcmp(other->mount_point, record->mount_point) == 0) {
		move->from = xstrdup(record->root);
		move->to = xstrdup(other->root);
		return true;
	}
	to = other != NULL ? xstrdup(other->mount_point) : find_mount(record);
	if (to == NULL) {
		return false;
	}
	*move = (struct library_move){ true, xstrdup(record->mount_point), to };
	return true;
}
