#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * A folder of ours on a disk, in which names are tried: made empty, removed with all that is in it.
 * Paths are relative to it. What a crash leaves is the owner of the folder around it to remove.
 */
struct name_trial {
	int folder_fd; /* around it */
	char *name;    /* in that */
	int fd;
};

/* folder_fd: borrowed. Errors: IO, NO_SPACE. */
bool name_trial_init(struct name_trial *trial, int folder_fd, struct error *err);
void name_trial_finish(struct name_trial *trial); /* also after it failed */

enum name_trial_result {
	NAME_TRIAL_NEW,	    /* a file of its own */
	NAME_TRIAL_SAME,    /* the name of an earlier one */
	NAME_TRIAL_REFUSED, /* errno says why */
	NAME_TRIAL_FAILED,  /* the disk or this process, whatever the name; errno says why */
};

/* Makes an empty file. */
enum name_trial_result name_trial_make(const struct name_trial *trial, const char *path);
/* Also true if it is there already; false: errno. */
bool name_trial_make_folder(const struct name_trial *trial, const char *path);
void name_trial_remove_file(const struct name_trial *trial, const char *path);
void name_trial_remove_folder(const struct name_trial *trial, const char *path);

/*
 * Is there one under this name? Each path should be asked for once: file systems cache names.
 * False: the disk cannot be asked; errno says why.
 */
bool name_trial_find(const struct name_trial *trial, const char *path, bool *found);
/* Could a file have this size, if there were room? */
bool name_trial_takes_size(const struct name_trial *trial, int64_t size_bytes);
