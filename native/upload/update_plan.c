#include "upload/update_plan.h"

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/xalloc.h"
#include "library/libraries.h"
#include "proto/proto_upload.h"
#include "upload/upload_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HASH_BLOCK_BYTES (256 * 1024)

/* --- The decision --- */

enum update_action update_decide(
	enum update_pc pc, enum update_deck deck, bool program, bool overwrite)
{
	switch (deck) {
	case UPDATE_DECK_EQUAL:
		return UPDATE_SAME;
	case UPDATE_DECK_SAME:
		return pc == UPDATE_PC_SAME   ? UPDATE_SAME
		       : pc == UPDATE_PC_GONE ? UPDATE_REMOVED
					      : UPDATE_REPLACED;
	case UPDATE_DECK_CHANGED:
		return pc == UPDATE_PC_GONE		    ? UPDATE_LEFT
		       : pc == UPDATE_PC_SAME && !overwrite ? UPDATE_STAYS
							    : UPDATE_REPLACED_KEPT;
	case UPDATE_DECK_DELETED:
		break;
	}
	switch (pc) {
	case UPDATE_PC_SAME:
		return program || overwrite ? UPDATE_COMES_BACK : UPDATE_STAYS;
	case UPDATE_PC_GONE:
		return UPDATE_LEFT;
	case UPDATE_PC_CHANGED:
	case UPDATE_PC_NEW:
		break;
	}
	return UPDATE_ADDED;
}

/* What engines and systems call their programs, libraries and archives. */
static const char *const program_suffixes[] = { ".exe", ".dll", ".so", ".sh", ".x86", ".x86_64",
	".x64", ".arm64", ".appimage", ".jar", ".py", ".pyc", ".bat", ".cmd", ".ocx", ".asi",
	".sys", ".pak", ".pck", ".ucas", ".utoc", ".zip", ".7z", ".vpk", ".bsa", ".ba2", ".pk3",
	".pk4", ".wad", ".rpf", ".forge", ".big", ".assets", ".ress", ".bundle", ".resource",
	".cpk", ".bnk", ".fsb", ".rpa", ".xp3", ".love", ".nw", ".asar", ".arc", ".archive", ".mpq",
	".cab" };

static bool has_program_name(const char *path)
{
	const char *name = path_base(path);
	const char *so = strstr(name, ".so.");
	size_t length = strlen(name);

	/* libSDL2-2.0.so.0 */
	if (so != NULL && strspn(so + 4, "0123456789.") == strlen(so + 4)) {
		return true;
	}
	for (size_t i = 0; i < sizeof(program_suffixes) / sizeof(*program_suffixes); i++) {
		size_t suffix = strlen(program_suffixes[i]);

		if (length > suffix &&
			strcasecmp(name + length - suffix, program_suffixes[i]) == 0) {
			return true;
		}
	}
	return false;
}

bool update_is_program(const struct installed_file *file, const char *executable)
{
	return file->program || strcmp(file->path, executable) == 0 || has_program_name(file->path);
}

/* --- What is on the disk --- */

struct planner {
	const struct update_plan_input *input;
	struct update_plan *plan;
	struct places *places; /* NULL: no disk was asked yet */
};

/* Also false when the time is up: a file may be too large to read in that time. */
static bool hash_file(int fd, int64_t deadline_ms, char hex[SHA256_HEX_BYTES])
{
	struct sha256 *sha256 = sha256_create();
	AUTO(free_ptr) char *block = xcalloc(1, HASH_BLOCK_BYTES);
	ssize_t count = -1;

	while (loop_now_ms() <= deadline_ms) {
		count = read(fd, block, HASH_BLOCK_BYTES);
		if (count == 0 || (count < 0 && errno != EINTR)) {
			break;
		}
		sha256_update(sha256, block, count > 0 ? (size_t)count : 0);
		count = -1;
	}
	sha256_hex(sha256, hex);
	sha256_destroy(sha256);
	return count == 0;
}

bool update_plan_hash(int dir_fd, const char *path, int64_t deadline_ms, char hex[SHA256_HEX_BYTES])
{
	AUTO(close_fd)
	int fd = dir_fd < 0 || loop_now_ms() > deadline_ms
			 ? -1
			 : beneath_open(dir_fd, path, O_RDONLY | O_NONBLOCK, 0, NULL);

	return fd >= 0 && hash_file(fd, deadline_ms, hex);
}

static bool has_same_time(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads it, if there is time; *stat: as it was read. */
static bool is_content(
	const struct planner *planner, const char *path, const char *sha256, struct stat *stat)
{
	int64_t deadline_ms = planner->input->deadline_ms;
	AUTO(close_fd) int fd = -1;
	char hex[SHA256_HEX_BYTES];
	struct stat after;

	if (sha256 == NULL || loop_now_ms() > deadline_ms) {
		return false;
	}
	fd = beneath_open(planner->input->game_fd, path, O_RDONLY | O_NONBLOCK, 0, NULL);
	return fd >= 0 && fstat(fd, stat) == 0 && hash_file(fd, deadline_ms, hex) &&
	       strcmp(hex, sha256) == 0 && fstat(fd, &after) == 0 && has_same_time(stat, &after);
}

/* Is the installed file as recorded? If only its time has changed it is read to find out. */
static bool is_as_installed(
	struct planner *planner, const char *path, struct installed_file *known, struct stat *stat)
{
	if (installed_file_is_untouched(known, stat)) {
		return true;
	}
	if (!S_ISREG(stat->st_mode) || stat->st_size != known->size_bytes) {
		return false;
	}
	if (stat->st_size > 0 && !is_content(planner, path, known->sha256, stat)) {
		return false;
	}
	known->mtime_s = stat->st_mtim.tv_sec;
	known->mtime_ns = stat->st_mtim.tv_nsec;
	planner->plan->refreshed = true;
	return true;
}

/*
 * *there: a file, or a link. What is a folder there, or below a file, is no file: committing says
 * whether it is in the way. behind_link: a folder on the way is a link, and not ours.
 */
static bool look_at(struct planner *planner, const char *path, bool *there, bool *behind_link,
	struct stat *stat, struct error *err)
{
	struct error why = { 0 };

	*there = *behind_link = false;
	if (planner->input->game_fd < 0) {
		return true;
	}
	if (beneath_stat(planner->input->game_fd, path, stat, &why)) {
		*there = !S_ISDIR(stat->st_mode);
		return true;
	}
	*behind_link = why.kind == ERROR_INVALID;
	return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_INVALID ||
	       error_set(err, why.kind, "%s; try again", why.message);
}

/* --- Files that the PC no longer has --- */

static bool look_at_gone(struct planner *planner, struct installed_file *known, struct error *err)
{
	struct update_plan *plan = planner->plan;
	struct update_gone gone = { .known = known };
	enum update_deck deck = UPDATE_DECK_DELETED;
	bool there, behind_link;

	if (!look_at(planner, known->path, &there, &behind_link, &gone.stat, err)) {
		return false;
	}
	if (there) {
		deck = is_as_installed(planner, known->path, known, &gone.stat)
			       ? UPDATE_DECK_SAME
			       : UPDATE_DECK_CHANGED;
	}
	if (there) {
		gone.action = update_decide(UPDATE_PC_GONE, deck, false, false);
		plan->gone[plan->gone_count++] = gone;
	}
	return true;
}

static bool look_at_all_gone(struct planner *planner, struct error *err)
{
	const struct installed_manifest *installed = planner->input->installed;
	size_t index;

	planner->plan->gone = xcalloc(installed->files_count, sizeof(*planner->plan->gone));
	for (size_t i = 0; i < installed->files_count; i++) {
		struct installed_file *known = &installed->files[i];

		if (!upload_manifest_find(planner->input->manifest, known->path, &index) &&
			!look_at_gone(planner, known, err)) {
			return false;
		}
	}
	return true;
}

static bool is_ascii(const char *text)
{
	while (*text > 0) {
		text++;
	}
	return *text == '\0';
}

/* Cheap, and never false where a disk might take one for the other. */
static bool may_be_one_name(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0 || (!is_ascii(a) && !is_ascii(b));
}

/* Is it one file? A FUSE program may number each spelling of a name as a file of its own. */
static bool is_one_file(struct planner *planner, const char *path, const struct stat *stat,
	const struct update_gone *gone)
{
	const struct update_plan_input *input = planner->input;
	AUTO(free_ptr) char *full = NULL;
	AUTO(free_ptr) char *known = NULL;

	if (gone->stat.st_ino == stat->st_ino && gone->stat.st_dev == stat->st_dev &&
		stat->st_ino != 0 && stat->st_nlink == 1) {
		return true;
	}
	if (!has_same_time(&gone->stat, stat) || !may_be_one_name(path, gone->known->path)) {
		return false;
	}
	if (planner->places == NULL) {
		planner->places = places_create();
	}
	full = path_join(input->dir, path);
	known = path_join(input->dir, gone->known->path);
	return places_same(planner->places, full, known, input->library);
}

/*
 * Where the disk does not tell cases apart a file of the manifest may be one that was installed
 * under another spelling: then that is not gone.
 */
static struct installed_file *take_other_spelling(
	struct planner *planner, const char *path, const struct stat *stat)
{
	struct update_plan *plan = planner->plan;

	for (size_t i = 0; i < plan->gone_count; i++) {
		struct update_gone *gone = &plan->gone[i];

		if (is_one_file(planner, path, stat, gone)) {
			struct installed_file *known = gone->known;

			*gone = plan->gone[--plan->gone_count];
			return known;
		}
	}
	return NULL;
}

static int compare_gone(const void *a, const void *b)
{
	return path_compare(((const struct update_gone *)a)->known->path,
		((const struct update_gone *)b)->known->path);
}

/* --- Files that it has --- */

/* What the PC has: announced, or received. */
static const char *sha256_of_pc(struct planner *planner, size_t index, bool needed)
{
	const struct update_plan_input *input = planner->input;
	const char *announced = input->manifest->files[index].sha256;

	return announced != NULL		? announced
	       : input->received_sha256 != NULL ? input->received_sha256(input->user, index, needed)
						: NULL;
}

static enum update_pc compare_pc(
	struct planner *planner, size_t index, const struct installed_file *known, bool needed)
{
	int64_t size_bytes = planner->input->manifest->files[index].size_bytes;
	const char *sha256;

	if (known == NULL) {
		return UPDATE_PC_NEW;
	}
	if (known->size_bytes != size_bytes) {
		return UPDATE_PC_CHANGED;
	}
	if (size_bytes == 0) {
		return UPDATE_PC_SAME;
	}
	sha256 = known->sha256 != NULL ? sha256_of_pc(planner, index, needed) : NULL;
	return sha256 != NULL && strcmp(sha256, known->sha256) == 0 ? UPDATE_PC_SAME
								    : UPDATE_PC_CHANGED;
}

/* Of a file that is there and not as installed: is it what the PC has, all the same? */
static bool is_what_pc_has(struct planner *planner, size_t index, struct stat *stat)
{
	const struct upload_manifest_file *file = &planner->input->manifest->files[index];

	if (!S_ISREG(stat->st_mode) || stat->st_size != file->size_bytes) {
		return false;
	}
	return file->size_bytes == 0 ||
	       is_content(planner, file->path, sha256_of_pc(planner, index, true), stat);
}

static bool plan_file(struct planner *planner, size_t index, struct error *err)
{
	const struct update_plan_input *input = planner->input;
	const char *path = input->manifest->files[index].path;
	struct update_file *file = &planner->plan->files[index];
	enum update_deck deck = UPDATE_DECK_DELETED;
	enum update_pc pc;
	bool behind_link;

	file->known = input->game_fd >= 0 ? installed_manifest_find(input->installed, path) : NULL;
	if (!look_at(planner, path, &file->there, &behind_link, &file->stat, err)) {
		return false;
	}
	if (file->there && file->known == NULL) {
		file->known = take_other_spelling(planner, path, &file->stat);
	}
	if (file->there) {
		deck = file->known != NULL &&
				       is_as_installed(planner, path, file->known, &file->stat)
			       ? UPDATE_DECK_SAME
			       : UPDATE_DECK_CHANGED;
	}
	pc = compare_pc(planner, index, file->known, deck != UPDATE_DECK_SAME);
	if (deck == UPDATE_DECK_CHANGED && pc != UPDATE_PC_SAME &&
		is_what_pc_has(planner, index, &file->stat)) {
		deck = UPDATE_DECK_EQUAL;
	}
	if (behind_link && pc == UPDATE_PC_SAME) {
		deck = UPDATE_DECK_CHANGED;
	}
	file->action = update_decide(pc, deck,
		file->known != NULL && update_is_program(file->known, input->executable),
		upload_manifest_overwrites(input->manifest, path));
	return true;
}

/* Somebody has emptied the folder: there is nothing that could have been changed or deleted. */
static bool is_emptied(const struct update_plan *plan)
{
	for (size_t i = 0; i < plan->files_count; i++) {
		if (plan->files[i].there) {
			return false;
		}
	}
	return plan->gone_count == 0;
}

static void planner_finish(struct planner *planner)
{
	places_destroy(planner->places);
}

bool update_plan_make(
	struct update_plan *plan, const struct update_plan_input *input, struct error *err)
{
	AUTO(planner_finish) struct planner planner = { .input = input, .plan = plan };

	*plan = (struct update_plan){ .files_count = input->manifest->files_count };
	plan->files = xcalloc(plan->files_count, sizeof(*plan->files));
	if (input->game_fd >= 0 && !look_at_all_gone(&planner, err)) {
		return false;
	}
	for (size_t i = 0; i < plan->files_count; i++) {
		if (!plan_file(&planner, i, err)) {
			return false;
		}
	}
	if (is_emptied(plan)) {
		for (size_t i = 0; i < plan->files_count; i++) {
			plan->files[i].action = UPDATE_ADDED;
		}
	}
	if (plan->gone_count > 0) {
		qsort(plan->gone, plan->gone_count, sizeof(*plan->gone), compare_gone);
	}
	return true;
}

static void add_change(struct strvec *paths, int64_t *count, const char *path)
{
	if (++*count <= UPLOAD_CHANGES_LISTED) {
		strvec_push(paths, path);
	}
}

static void add_action(struct upload_changes *changes, enum update_action action, const char *path)
{
	switch (action) {
	case UPDATE_SAME:
		break;
	case UPDATE_STAYS:
	case UPDATE_LEFT:
		add_change(&changes->stays, &changes->stays_count, path);
		break;
	case UPDATE_COMES_BACK:
	case UPDATE_ADDED:
		add_change(&changes->added, &changes->added_count, path);
		break;
	case UPDATE_REPLACED:
		add_change(&changes->replaced, &changes->replaced_count, path);
		break;
	case UPDATE_REPLACED_KEPT:
		add_change(&changes->kept, &changes->kept_count, path);
		break;
	case UPDATE_REMOVED:
		add_change(&changes->removed, &changes->removed_count, path);
		break;
	}
}

void update_plan_changes(const struct update_plan *plan, const struct upload_manifest *manifest,
	struct upload_changes *changes)
{
	for (size_t i = 0; i < plan->files_count; i++) {
		add_action(changes, plan->files[i].action, manifest->files[i].path);
	}
	for (size_t i = 0; i < plan->gone_count; i++) {
		add_action(changes, plan->gone[i].action, plan->gone[i].known->path);
	}
}

void update_plan_finish(struct update_plan *plan)
{
	free(plan->files);
	free(plan->gone);
	*plan = (struct update_plan){ 0 };
}
