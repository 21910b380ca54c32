#pragma once

struct error;
struct file_watch;
struct loop;

/*
 * Reports that a file was written, replaced, created or removed. The folder is watched, because
 * editors rename a new file over the old one, and the report is delayed a little, so that a file
 * that is removed and created again is seen once. Nothing is read: the listener compares.
 *
 * The folder may disappear and return; its return, or a possible one, is reported too.
 */
struct file_watch *file_watch_create(struct loop *loop, const char *path,
	void (*changed)(void *user), void *user, struct error *err); /* Errors: IO */
void file_watch_destroy(struct file_watch *watch);		     /* NULL is fine */
