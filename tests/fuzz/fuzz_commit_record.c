/*
 * Whatever commit.json holds, it is a record whose paths stay in its game's folder, and that is
 * read again as it was written, or it is refused.
 */
#include "upload/commit_record.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "library/game_registry.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_record(const struct commit_record *record)
{
	fuzz_require(record->hub_id[0] != '\0' && record->game_name[0] != '\0');
	fuzz_require(path_is_plain(record->dir));
	fuzz_require(record->executable[0] == '\0' || path_is_plain_relative(record->executable));
	for (size_t i = 0; i < record->files_count; i++) {
		fuzz_require(path_is_plain_relative(record->files[i].path));
	}
	for (size_t i = 0; i < record->made.count; i++) {
		fuzz_require(path_is_plain_relative(record->made.items[i]));
	}
}

/* Whatever its folders are, each file has its turn once, in order. */
static void check_steps(const struct commit_record *record)
{
	struct commit_step step = { 0 };
	size_t end = 0;

	while (commit_record_next(record, &step)) {
		fuzz_require(step.first >= end && step.end > step.first);
		fuzz_require(step.end <= record->files_count);
		fuzz_require(strcmp(step.path, ".") == 0 || path_is_plain_relative(step.path));
		for (size_t i = end; i < step.first; i++) {
			fuzz_require(record->files[i].kept);
		}
		end = step.end;
	}
	for (size_t i = end; i < record->files_count; i++) {
		fuzz_require(record->files[i].kept);
	}
}

static void check_written_again(const struct commit_record *record, int dir_fd)
{
	AUTO(commit_record_finish) struct commit_record again = { 0 };
	struct error err = { 0 };
	bool stands, there;

	if (!json_is_given(record->build)) {
		return; /* of version 1, which is only read */
	}
	fuzz_require(commit_record_remove(dir_fd, NULL));
	fuzz_require(commit_record_write(record, dir_fd, NULL));
	fuzz_require(commit_record_read(&again, dir_fd, &err) == COMMIT_PREPARING);
	commit_record_finish(&again);
	fuzz_require(commit_record_promise(dir_fd, &stands, NULL) && stands);
	fuzz_require(commit_record_read(&again, dir_fd, &err) == COMMIT_MOVING);
	commit_record_finish(&again);
	commit_record_note_moved(dir_fd);
	fuzz_require(commit_record_is_there(dir_fd, &there, NULL) && there);
	fuzz_require(commit_record_read(&again, dir_fd, &err) == COMMIT_MOVED);
	fuzz_require(strcmp(again.dir, record->dir) == 0);
	fuzz_require(strcmp(again.game_name, record->game_name) == 0);
	fuzz_require(again.size_bytes == record->size_bytes);
	fuzz_require(again.files_count == record->files_count);
	for (size_t i = 0; i < again.files_count; i++) {
		fuzz_require(strcmp(again.files[i].path, record->files[i].path) == 0);
	}
}

/* A file where the folder should be: nothing is there, and nothing is claimed to be. */
static void check_no_folder(const struct commit_record *record, const char *folder)
{
	AUTO(free_ptr) char *path = xasprintf("%s/no-folder", folder);
	AUTO(commit_record_finish) struct commit_record none = { 0 };
	AUTO(close_fd) int fd = -1;
	struct error err = { 0 };
	bool stands, there;

	fuzz_write_file(path, "", 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	fuzz_require(!commit_record_write(record, fd, NULL));
	fuzz_require(!commit_record_promise(fd, &stands, NULL) && !stands);
	fuzz_require(!commit_record_is_there(fd, &there, NULL));
	fuzz_require(commit_record_read(&none, fd, &err) != COMMIT_MOVING);
	fuzz_require(!commit_record_set_aside(fd, NULL));
	fuzz_require(!commit_record_remove(fd, NULL));
}

/* A record that is a link is none of ours. */
static void check_link(int dir_fd)
{
	AUTO(commit_record_finish) struct commit_record none = { 0 };
	struct error err = { 0 };

	fuzz_require(symlinkat("elsewhere", dir_fd, "commit.json") == 0);
	fuzz_require(commit_record_read(&none, dir_fd, &err) != COMMIT_MOVING);
	fuzz_require(unlinkat(dir_fd, "commit.json", 0) == 0);
}

static void check_registered(const struct commit_record *record, const char *folder)
{
	AUTO(free_ptr) char *path = xasprintf("%s/games.json", folder);
	AUTO(free_ptr) char *notice = NULL;
	struct game_registry *registry = game_registry_create(path, &notice);
	const struct game *game;

	fuzz_require(registry != NULL);
	fuzz_require(commit_record_register(record, registry, "", NULL));
	game = game_registry_find(registry, record->dir);
	fuzz_require(game != NULL && strcmp(game->name, record->game_name) == 0);
	/* What it has installed is no longer what it was made for, unless it says so itself. */
	commit_record_is_over(record, game);
	fuzz_require(record->version != 1 || !commit_record_is_over(record, game));
	commit_record_is_over(record, NULL);
	/* An update keeps what is known of the shortcut. */
	fuzz_require(commit_record_register(record, registry, "", NULL));
	game_registry_destroy(registry);
}

static void check_empty(const struct commit_record *record)
{
	for (size_t i = 0; i < record->empty.count; i++) {
		fuzz_require(path_is_plain_relative(record->empty.items[i]));
	}
	for (size_t i = 0; i < record->empty_made.count; i++) {
		fuzz_require(path_is_plain_relative(record->empty_made.items[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = fuzz_folder();
	AUTO(free_ptr) char *path = xasprintf("%s/commit.json", folder);
	AUTO(commit_record_finish) struct commit_record record = { 0 };
	AUTO(commit_record_finish) struct commit_record gone = { 0 };
	AUTO(close_fd) int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	fuzz_require(dir_fd >= 0);
	fuzz_write_file(path, data, size);
	if (commit_record_read(&record, dir_fd, &err) == COMMIT_MOVING) {
		check_record(&record);
		check_steps(&record);
		check_empty(&record);
		check_written_again(&record, dir_fd);
		check_registered(&record, folder);
		check_no_folder(&record, folder);
	} else {
		fuzz_require(err.kind == ERROR_INVALID);
		fuzz_require(commit_record_set_aside(dir_fd, NULL));
	}
	fuzz_require(commit_record_remove(dir_fd, NULL));
	fuzz_require(commit_record_read(&gone, dir_fd, &err) == COMMIT_NONE);
	check_link(dir_fd);
	return 0;
}
