#include "push/push_manifest.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/fatal.h"
#include "core/paths.h"
#include "core/problem_list.h"
#include "core/xalloc.h"
#include "push/exclude_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder being read, and its parents: how a loop of links is noticed. */
struct open_dir {
	const struct open_dir *parent;
	const char *path; /* relative to the root; "" for the root */
	struct stat status;
	DIR *stream;
};

/* A folder that was entered by a link, and the path it is sent as. */
struct linked_dir {
	dev_t device;
	ino_t inode;
	char *path;
};

struct walk {
	struct push_manifest *manifest;
	struct exclude_list excludes;
	struct problem_list refused;  /* names that cannot be sent */
	struct problem_list left_out; /* what the protocol has no word for */
	char *root;		      /* absolute, without links */
	size_t capacity;
	size_t dirs_count;
	unsigned link_depth; /* how many links to folders lead to the current one */
	/*
	 * struct linked_dir, by tsearch(): the folders that links have led to since the outermost
	 * link. Folders full of links to each other have too many paths to walk.
	 */
	void *linked;
};

static bool walk_dir(struct walk *walk, const struct open_dir *parent, int fd_take,
	const char *path, struct error *err);

static void leave_out(struct walk *walk, const char *path, const char *why)
{
	problem_list_add(&walk->left_out, "'%s' (%s)", path_shown(path).text, why);
}

/* The Agent treats backslashes as separators and refuses what path_normalise_relative() does. */
static bool check_path(const char *path, struct error *err)
{
	AUTO(free_ptr) char *normal = NULL;

	if (strchr(path, '\\') != NULL) {
		return error_set(err, ERROR_INVALID,
			"'%s' has a backslash in its name, which the protocol takes for a folder separator",
			path_shown(path).text);
	}
	normal = path_normalise_relative(path, err);
	return normal != NULL;
}

/* What cannot be sent is told with all the others, when the walk has ended. */
static bool is_named_well(struct walk *walk, const char *path)
{
	struct error why = { 0 };

	if (check_path(path, &why)) {
		return true;
	}
	problem_list_add(&walk->refused, "%s", why.message);
	return false;
}

static bool is_sendable(struct walk *walk, int dir_fd, const char *name, const char *path)
{
	struct error why = { 0 };

	if (!is_named_well(walk, path)) {
		return false;
	}
	if (faccessat(dir_fd, name, R_OK, AT_EACCESS) != 0) {
		error_set_errno(&why, "'%s' cannot be read", path_shown(path).text);
		problem_list_add(&walk->refused, "%s", why.message);
		return false;
	}
	return true;
}

static bool add_file(struct walk *walk, int dir_fd, const char *name, const char *path,
	const struct stat *status, struct error *err)
{
	struct push_manifest *manifest = walk->manifest;

	if (!is_sendable(walk, dir_fd, name, path)) {
		return true;
	}
	if (manifest->files_count == PUSH_MANIFEST_FILES_MAX) {
		return error_set(err, ERROR_TOO_LARGE,
			"more than %d files: leave some out with --exclude, or pack them",
			PUSH_MANIFEST_FILES_MAX);
	}
	if (manifest->files_count == walk->capacity) {
		walk->capacity = walk->capacity == 0 ? 256 : walk->capacity * 2;
		manifest->files =
			xrealloc(manifest->files, walk->capacity, sizeof(*manifest->files));
	}
	manifest->files[manifest->files_count++] = (struct push_file){
		.path = xstrdup(path),
		.stamp = file_stamp_of(status),
	};
	manifest->total_bytes += status->st_size;
	return true;
}

static bool add_dir(struct walk *walk, const struct open_dir *parent, const char *name,
	const char *path, struct error *err)
{
	int fd = openat(dirfd(parent->stream), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error why = { 0 };

	if (fd < 0) {
		error_set_errno(&why, "the folder '%s' cannot be read", path_shown(path).text);
		problem_list_add(&walk->refused, "%s", why.message);
		return true;
	}
	return walk_dir(walk, parent, fd, path, err);
}

static bool holds_itself(const struct open_dir *dir, const struct stat *status)
{
	for (; dir != NULL; dir = dir->parent) {
		if (dir->status.st_dev == status->st_dev && dir->status.st_ino == status->st_ino) {
			return true;
		}
	}
	return false;
}

static int compare_linked(const void *a, const void *b)
{
	const struct linked_dir *left = a;
	const struct linked_dir *right = b;

	if (left->device != right->device) {
		return left->device < right->device ? -1 : 1;
	}
	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

static void free_linked(void *node)
{
	struct linked_dir *linked = node;

	free(linked->path);
	free(linked);
}

/* Records where a link leads; returns the path that the folder is already sent as, if any. */
static const char *note_linked(struct walk *walk, const char *path, const struct stat *status)
{
	struct linked_dir *linked = xcalloc(1, sizeof(*linked));
	struct linked_dir **found;

	*linked = (struct linked_dir){ .device = status->st_dev, .inode = status->st_ino };
	found = tsearch(linked, &walk->linked, compare_linked);
	if (found == NULL) {
		fatal_memory(sizeof(*linked));
	}
	if (*found != linked) {
		free(linked);
		return (*found)->path;
	}
	linked->path = xstrdup(path);
	return NULL;
}

static bool add_linked_dir(struct walk *walk, const struct open_dir *parent, const char *name,
	const char *path, const struct stat *status, struct error *err)
{
	const char *sent_as = note_linked(walk, path, status);
	bool is_added;

	if (sent_as != NULL) {
		AUTO(free_ptr)
		char *why = xasprintf("the link points to a folder that is sent as '%s'", sent_as);

		leave_out(walk, path, why);
		return true;
	}
	walk->link_depth++;
	is_added = add_dir(walk, parent, name, path, err);
	walk->link_depth--;
	if (walk->link_depth == 0) {
		tdestroy(TAKE_PTR(walk->linked), free_linked);
	}
	return is_added;
}

/* The fully resolved target of a link, if inside the root. */
static bool leads_inside(const struct walk *walk, const char *path)
{
	AUTO(free_ptr) char *absolute = path_join(walk->root, path);
	AUTO(free_ptr) char *target = realpath(absolute, NULL);

	return target != NULL && path_is_within(target, walk->root);
}

static bool add_link(struct walk *walk, const struct open_dir *parent, const char *name,
	const char *path, struct error *err)
{
	struct stat status;

	if (fstatat(dirfd(parent->stream), name, &status, 0) < 0) {
		leave_out(walk, path, "the link is dangling");
		return true;
	}
	if (!leads_inside(walk, path)) {
		leave_out(walk, path, "the link points outside the folder");
		return true;
	}
	if (S_ISREG(status.st_mode)) {
		return add_file(walk, dirfd(parent->stream), name, path, &status, err);
	}
	if (!S_ISDIR(status.st_mode)) {
		leave_out(walk, path, "not a file or folder");
		return true;
	}
	if (holds_itself(parent, &status)) {
		leave_out(walk, path, "the link points to a folder that contains it");
		return true;
	}
	return add_linked_dir(walk, parent, name, path, &status, err);
}

/* Is it sent as a folder? */
static bool is_folder(const struct open_dir *dir, const char *name, const struct stat *status)
{
	struct stat target;

	return S_ISDIR(status->st_mode) ||
	       (S_ISLNK(status->st_mode) && fstatat(dirfd(dir->stream), name, &target, 0) == 0 &&
		       S_ISDIR(target.st_mode));
}

static bool add_entry(
	struct walk *walk, const struct open_dir *dir, const char *name, struct error *err)
{
	AUTO(free_ptr)
	char *path = dir->path[0] == '\0' ? xstrdup(name) : path_join(dir->path, name);
	struct stat status;

	if (fstatat(dirfd(dir->stream), name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		return error_set_errno(err, "cannot look at '%s'", path);
	}
	if (exclude_list_has(&walk->excludes, path, is_folder(dir, name, &status))) {
		return true;
	}
	if (S_ISREG(status.st_mode)) {
		return add_file(walk, dirfd(dir->stream), name, path, &status, err);
	}
	if (S_ISDIR(status.st_mode)) {
		return add_dir(walk, dir, name, path, err);
	}
	if (S_ISLNK(status.st_mode)) {
		return add_link(walk, dir, name, path, err);
	}
	leave_out(walk, path, "not a file or folder");
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_names(const struct open_dir *dir, struct strvec *names, struct error *err)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(dir->stream)) != NULL; errno = 0) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			strvec_push(names, entry->d_name);
		}
	}
	if (errno != 0) {
		return error_set_errno(err, "cannot read the folder '%s'", dir->path);
	}
	if (names->count > 0) {
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	}
	return true;
}

/* Sorted by name, so that links are resolved the same way in every push. */
static bool walk_entries(struct walk *walk, const struct open_dir *dir, struct error *err)
{
	AUTO(strvec_finish) struct strvec names = { 0 };

	if (!list_names(dir, &names, err)) {
		return false;
	}
	if (names.count == 0 && dir->path[0] != '\0' && is_named_well(walk, dir->path)) {
		strvec_push(&walk->manifest->folders, dir->path);
	}
	for (size_t i = 0; i < names.count; i++) {
		if (!add_entry(walk, dir, names.items[i], err)) {
			return false;
		}
	}
	return true;
}

static bool walk_dir(struct walk *walk, const struct open_dir *parent, int fd_take,
	const char *path, struct error *err)
{
	struct open_dir dir = { .parent = parent, .path = path };
	bool walked;

	if (++walk->dirs_count > PUSH_MANIFEST_DIRS_MAX) {
		close(fd_take);
		return error_set(err, ERROR_TOO_LARGE,
			"more than %d folders: leave some out with --exclude, or pack them",
			PUSH_MANIFEST_DIRS_MAX);
	}
	dir.stream = fdopendir(fd_take);
	if (dir.stream == NULL) {
		close(fd_take);
		return error_set_errno(err, "cannot read the folder '%s'", path);
	}
	walked = fstat(fd_take, &dir.status) == 0
			 ? walk_entries(walk, &dir, err)
			 : error_set_errno(err, "cannot look at the folder '%s'", path);
	closedir(dir.stream);
	return walked;
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct push_file *)a)->path, ((const struct push_file *)b)->path);
}

static int compare_path(const void *path, const void *file)
{
	return strcmp(path, ((const struct push_file *)file)->path);
}

static bool open_root(struct push_manifest *manifest, const char *root, struct error *err)
{
	manifest->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (manifest->root_fd >= 0) {
		return true;
	}
	switch (errno) {
	case ENOENT:
		return error_set(err, ERROR_NOT_FOUND, "folder '%s' does not exist", root);
	case ENOTDIR:
		return error_set(err, ERROR_INVALID,
			"'%s' is a file; give the game's folder (unpack an archive first)", root);
	default:
		return error_set_errno(err, "cannot open the folder '%s'", root);
	}
}

static void warn_of(
	struct walk *walk, const struct problem_list *list, const char *what, const char *remedy)
{
	AUTO(free_ptr) char *names = problem_list_text(list);

	if (list->count > 0) {
		strvec_push_take(
			&walk->manifest->warnings, xasprintf("%s: %s; %s", what, names, remedy));
	}
}

static void add_warnings(struct walk *walk)
{
	const char *pattern;

	warn_of(walk, &walk->left_out, "left out", "copy what the game needs into its folder");
	for (size_t i = 0; (pattern = exclude_list_idle(&walk->excludes, i)) != NULL; i++) {
		strvec_push_take(&walk->manifest->warnings,
			xasprintf("--exclude '%s' matches nothing in '%s'", pattern, walk->root));
	}
}

char *push_manifest_unsent_folders(const struct push_manifest *manifest)
{
	struct problem_list folders = { 0 };
	AUTO(free_ptr) char *names = NULL;

	if (manifest->folders.count == 0) {
		return NULL;
	}
	for (size_t i = 0; i < manifest->folders.count; i++) {
		problem_list_add(&folders, "'%s'", path_shown(manifest->folders.items[i]).text);
	}
	names = problem_list_text(&folders);
	return xasprintf(
		"empty folders are not sent: %s; put a file into those that the game needs", names);
}

static bool check_refused(const struct walk *walk, const char *root, struct error *err)
{
	AUTO(free_ptr) char *names = problem_list_text(&walk->refused);

	return walk->refused.count == 0 ||
	       error_set(err, ERROR_INVALID,
		       "'%s' cannot be sent as it is: %s; rename these, make them readable, or leave "
		       "them out with --exclude",
		       root, names);
}

static bool walk_root(struct walk *walk, const char *root, struct error *err)
{
	int fd;

	walk->root = realpath(root, NULL);
	fd = openat(walk->manifest->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (walk->root == NULL || fd < 0) {
		error_set_errno(err, "cannot open the folder '%s'", root);
		close_fd(&fd);
		return false;
	}
	return walk_dir(walk, NULL, fd, "", err) && check_refused(walk, root, err);
}

bool push_manifest_init(struct push_manifest *manifest, const char *root,
	const struct strvec *excludes, struct error *err)
{
	struct walk walk = { .manifest = manifest };
	bool ok;

	*manifest = (struct push_manifest){ .root_fd = -1 };
	ok = open_root(manifest, root, err) &&
	     exclude_list_init(&walk.excludes, manifest->root_fd, excludes, err) &&
	     walk_root(&walk, root, err);
	if (ok) {
		add_warnings(&walk);
	}
	if (manifest->files_count > 0) {
		qsort(manifest->files, manifest->files_count, sizeof(*manifest->files),
			compare_files);
	}
	if (manifest->folders.count > 0) {
		qsort(manifest->folders.items, manifest->folders.count,
			sizeof(*manifest->folders.items), compare_names);
	}
	exclude_list_finish(&walk.excludes);
	free(walk.root);
	if (!ok) {
		push_manifest_finish(manifest);
	}
	return ok;
}

void push_manifest_finish(struct push_manifest *manifest)
{
	for (size_t i = 0; i < manifest->files_count; i++) {
		free(manifest->files[i].path);
	}
	if (manifest->root_fd > 0) { /* 0 in a zeroed manifest */
		close(manifest->root_fd);
	}
	free(manifest->files);
	strvec_finish(&manifest->folders);
	strvec_finish(&manifest->warnings);
	*manifest = (struct push_manifest){ .root_fd = -1 };
}

struct push_file *push_manifest_find(const struct push_manifest *manifest, const char *path)
{
	if (manifest->files_count == 0) {
		return NULL;
	}
	return bsearch(path, manifest->files, manifest->files_count, sizeof(*manifest->files),
		compare_path);
}

bool push_manifest_verify(int fd, const struct push_file *file, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		return error_set_errno(err, "cannot look at '%s'", file->path);
	}
	if (!S_ISREG(status.st_mode) || !file_stamp_holds(&file->stamp, &status)) {
		return error_set(err, ERROR_INVALID,
			"'%s' changed while it was being sent; let the build finish and run the "
			"same command again",
			file->path);
	}
	return true;
}

int push_manifest_open(int root_fd, const struct push_file *file, struct error *err)
{
	/* O_NONBLOCK: a pipe that replaced the file must not block us. */
	AUTO(close_fd)
	int fd = openat(root_fd, file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		error_set_errno(err, "cannot open '%s'", file->path);
		return -1;
	}
	return push_manifest_verify(fd, file, err) ? TAKE_FD(fd) : -1;
}
