#define LOG_MODULE "libraries"

#include "library/library_watch.h"

#include "core/cleanup.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* After the last event: mounting a card takes several steps. */
#define SETTLE_MS 100
#define MOUNTS "/proc/self/mountinfo"

/* A folder on the way to a library, and what of its entries leads there. */
struct step {
	int number; /* inotify's */
	char *name; /* "": none, only the folder itself counts */
};

struct library_watch {
	struct loop *loop;
	struct step *steps;
	size_t steps_count;
	int wake_fd;	/* the list of mounts: wakes the loop; -1: no /proc */
	int mounts_fd;	/* the same, asked at each turn: LOOP_PRIORITY says why there are two */
	int folders_fd; /* inotify; -1: none */
	struct loop_watch *wake;
	struct loop_turn *turn;
	struct loop_watch *folders;
	struct loop_timer *settle;
	void (*changed)(void *user);
	void *user;
};

static void on_settled(void *user)
{
	const struct library_watch *watch = user;

	watch->changed(watch->user);
}

static void on_wake(void *user, uint32_t events)
{
}

/* The file need not be read: poll() takes note of the change. Source: proc_pid_mounts(5). */
static void on_turn(void *user)
{
	const struct library_watch *watch = user;
	struct pollfd mounts = { .fd = watch->mounts_fd, .events = POLLPRI };

	if (poll(&mounts, 1, 0) > 0) {
		loop_timer_set(watch->settle, SETTLE_MS);
	}
}

/* A home has many files that come and go. */
static bool concerns_us(const struct library_watch *watch, const struct inotify_event *event)
{
	if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_Q_OVERFLOW)) != 0) {
		return true;
	}
	for (size_t i = 0; i < watch->steps_count; i++) {
		if (watch->steps[i].number == event->wd && event->len > 0 &&
			strcmp(watch->steps[i].name, event->name) == 0) {
			return true;
		}
	}
	return false;
}

static void on_folders(void *user, uint32_t events)
{
	const struct library_watch *watch = user;
	char records[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;

	while ((length = read(watch->folders_fd, records, sizeof(records))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event = (const void *)(records + at);

			if (concerns_us(watch, event)) {
				loop_timer_set(watch->settle, SETTLE_MS);
			}
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

struct library_watch *library_watch_create(
	struct loop *loop, void (*changed)(void *user), void *user)
{
	struct library_watch *watch = xcalloc(1, sizeof(*watch));

	*watch = (struct library_watch){
		.loop = loop,
		.wake_fd = open(MOUNTS, O_RDONLY | O_CLOEXEC),
		.mounts_fd = open(MOUNTS, O_RDONLY | O_CLOEXEC),
		.folders_fd = -1,
		.settle = loop_timer_create(loop, on_settled, watch),
		.changed = changed,
		.user = user,
	};
	if (watch->wake_fd >= 0 && watch->mounts_fd >= 0) {
		watch->wake = loop_watch_add(loop, watch->wake_fd, LOOP_PRIORITY, on_wake, watch);
		watch->turn = loop_turn_add(loop, on_turn, watch);
	} else {
		log_warning("cards are only noticed when they are used: '" MOUNTS
			    "' cannot be opened: %s",
			strerror(errno));
	}
	return watch;
}

static void stop_following(struct library_watch *watch)
{
	loop_watch_remove(TAKE_PTR(watch->folders));
	close_fd(&watch->folders_fd);
	watch->folders_fd = -1;
	while (watch->steps_count > 0) {
		free(watch->steps[--watch->steps_count].name);
	}
}

void library_watch_destroy(struct library_watch *watch)
{
	if (watch == NULL) {
		return;
	}
	stop_following(watch);
	loop_turn_remove(watch->turn);
	loop_watch_remove(watch->wake);
	close_fd(&watch->wake_fd);
	close_fd(&watch->mounts_fd);
	loop_timer_destroy(watch->settle);
	free(watch->steps);
	free(watch);
}

static int add_step(struct library_watch *watch, const char *folder, const char *name)
{
	uint32_t entries = *name != '\0' ? IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB : 0;
	int number = inotify_add_watch(watch->folders_fd, folder,
		entries | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD);

	if (number < 0) {
		return -1;
	}
	watch->steps = xrealloc(watch->steps, watch->steps_count + 1, sizeof(*watch->steps));
	watch->steps[watch->steps_count++] =
		(struct step){ .number = number, .name = xstrdup(name) };
	return number;
}

/*
 * In the folder that has the library, or in what exists of the way to it, the next step of the way
 * may appear. The folders above may only move or go.
 */
static void follow(struct library_watch *watch, const char *place)
{
	AUTO(free_ptr) char *at = xstrdup(place);
	bool found = false;

	while (strlen(at) > 1) {
		char *above = path_parent(at);

		found |= add_step(watch, above, found ? "" : path_base(at)) >= 0;
		free(at);
		at = above;
	}
}

/* All anew: folders that were replaced have another inode. */
void library_watch_follow(struct library_watch *watch, const struct strvec *places)
{
	stop_following(watch);
	watch->folders_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->folders_fd < 0) {
		log_warning(
			"folders that are made or moved are only noticed when they are used: %s",
			strerror(errno));
		return;
	}
	for (size_t i = 0; i < places->count; i++) {
		follow(watch, places->items[i]);
	}
	watch->folders =
		loop_watch_add(watch->loop, watch->folders_fd, LOOP_READ, on_folders, watch);
}
