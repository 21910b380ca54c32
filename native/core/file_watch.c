#include "core/file_watch.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/xalloc.h"

#include <limits.h>
#include <string.h>
#include <sys/inotify.h>

/* After the last event. */
#define SETTLE_MS 100
/* How often a missing folder is looked for. */
#define FOLDER_WAIT_MS 2000

struct file_watch {
	char *folder;
	char *name;
	int inotify_fd;
	int folder_watch; /* inotify's number, or -1: the folder is missing */
	struct loop_watch *watch;
	struct loop_timer *settle; /* then changed() is called */
	struct loop_timer *wait;   /* then the folder is looked for */
	void (*changed)(void *user);
	void *user;
};

static void on_settled(void *user)
{
	const struct file_watch *watch = user;

	watch->changed(watch->user);
}

static void watch_folder(struct file_watch *watch)
{
	watch->folder_watch = inotify_add_watch(watch->inotify_fd, watch->folder,
		IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	if (watch->folder_watch < 0) {
		loop_timer_set(watch->wait, FOLDER_WAIT_MS);
	}
}

static void on_waited(void *user)
{
	struct file_watch *watch = user;

	watch_folder(watch);
	if (watch->folder_watch >= 0) {
		loop_timer_set(watch->settle, SETTLE_MS);
	}
}

static void handle(struct file_watch *watch, const struct inotify_event *event)
{
	if (event->wd != watch->folder_watch && (event->mask & IN_Q_OVERFLOW) == 0) {
		return; /* the last event of an old watch */
	}
	if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
		inotify_rm_watch(watch->inotify_fd, watch->folder_watch);
		watch->folder_watch = -1;
		loop_timer_set(watch->wait, 0);
	} else if ((event->mask & IN_Q_OVERFLOW) != 0 ||
		   (event->len > 0 && strcmp(event->name, watch->name) == 0)) {
		loop_timer_set(watch->settle, SETTLE_MS);
	}
}

static void on_events(void *user, uint32_t events)
{
	struct file_watch *watch = user;
	char records[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;

	while ((length = read(watch->inotify_fd, records, sizeof(records))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event = (const void *)(records + at);

			handle(watch, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

struct file_watch *file_watch_create(struct loop *loop, const char *path,
	void (*changed)(void *user), void *user, struct error *err)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct file_watch *watch;

	if (fd < 0) {
		error_set_errno(
			err, "cannot watch '%s'; raise fs.inotify.max_user_instances", path);
		return NULL;
	}
	watch = xcalloc(1, sizeof(*watch));
	watch->inotify_fd = fd;
	watch->folder = path_parent(path);
	watch->name = xstrdup(path_base(path));
	watch->changed = changed;
	watch->user = user;
	watch->settle = loop_timer_create(loop, on_settled, watch);
	watch->wait = loop_timer_create(loop, on_waited, watch);
	watch->watch = loop_watch_add(loop, fd, LOOP_READ, on_events, watch);
	watch_folder(watch);
	return watch;
}

void file_watch_destroy(struct file_watch *watch)
{
	if (watch == NULL) {
		return;
	}
	loop_watch_remove(watch->watch);
	loop_timer_destroy(watch->settle);
	loop_timer_destroy(watch->wait);
	close_fd(&watch->inotify_fd);
	free(watch->folder);
	free(watch->name);
	free(watch);
}
