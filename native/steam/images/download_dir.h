#pragma once

struct error;
struct worker;

/*
 * Folders for downloads, each the caller's alone, below one parent that is this program's alone and
 * made when needed.
 */

/* Caller frees. NULL on error: IO, NO_SPACE. */
char *download_dir_make(const char *parent, struct error *err);
/* With all that is in it, behind what the worker has to do already. */
void download_dir_remove_take(struct worker *worker, char *dir);
/* At the start: what a killed process left, parent included. */
void download_dir_clear(const char *parent);
