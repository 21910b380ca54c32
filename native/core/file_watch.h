#pragma once

struct error;
struct file_watch;
struct loop;

/*
 * Tells that a file was written, replaced, made or removed: its folder is watched, since editors
 * rename a new file over the old one. A moment later, so that a file which is removed and made
 * anew is seen once, and not while it is being written. Nothing is read: the listener compares.
 *
 * The folder may go and come back; that it came back, or may have, is told too.
 */
struct file_watch *file_watch_create(struct loop *loop, const char *path,
	void (*changed)(void *user), void *user, struct error *err); /* Errors: IO */
void file_watch_destroy(struct file_watch *watch);		     /* NULL is fine */
