#pragma once

struct library_watch;
struct loop;
struct strvec;

/*
 * Reports when a library may have appeared, disappeared or been mounted in another way: the
 * kernel's list of mounts has changed, or one of the folders above a library. Without inotify or
 * /proc only what remains is noticed.
 */
struct library_watch *library_watch_create(
	struct loop *loop, void (*changed)(void *user), void *user);
void library_watch_destroy(struct library_watch *watch); /* NULL is fine */
/* Watches the folders above these; call it again after each change. It does not keep a disk busy.
 */
void library_watch_follow(struct library_watch *watch, const struct strvec *places);
