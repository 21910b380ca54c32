#include "steam/client/steam_restart.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "steam/client/steam_install.h"
#include "steam/client/steam_launch.h"
#include "steam/client/steam_process.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define GAME_MODE_MIN_AGE_MS (60 * 1000)
/* Together with the time systemd needs, these stay below the time to answer. */
#define LIVE_WAIT_MS (7 * 1000)	 /* from the request to the end */
#define EXIT_WAIT_MS (15 * 1000) /* from -shutdown to the end … */
#define DESKTOP_EXIT_WAIT_MS                                                                       \
	(LIVE_WAIT_MS + EXIT_WAIT_MS) /* … if Steam was not asked to restart before */
#define START_WAIT_MS (4 * 1000)
#define ANSWER_MS (27 * 1000)

enum state {
	IDLE,
	REFUSED,  /* the answer comes on the loop's next turn */
	ASKING,	  /* Steam was asked to restart; waits for its end */
	ENDING,	  /* -shutdown was sent; waits for its end */
	ENDED,	  /* none is running; its files are next */
	WRITING,  /* waits for go_on */
	STARTING, /* waits for the start commands */
	STATE_COUNT,
};

#define TO(state) (1u << (state))

static const unsigned transitions[STATE_COUNT] = {
	[IDLE] = TO(REFUSED) | TO(ASKING) | TO(ENDING) | TO(ENDED),
	[REFUSED] = TO(IDLE),
	[ASKING] = TO(REFUSED) | TO(ENDING) | TO(WRITING) | TO(IDLE),
	[ENDING] = TO(WRITING) | TO(IDLE),
	[ENDED] = TO(WRITING) | TO(IDLE),
	[WRITING] = TO(STARTING) | TO(IDLE),
	[STARTING] = TO(IDLE),
};

/* No limit on how long a state lasts. */
#define NO_LIMIT (-1)

struct waiter {
	steam_restart_done *done;
	void *user;
};

/* Outlives the restart if Steam answers late. */
struct request {
	struct steam_restart *restart; /* NULL: no longer needed */
};

struct steam_restart {
	struct loop *loop;
	char *home;
	char *steam_dir;
	bool (*ask)(void *owner, steam_restart_asked *asked, void *user);
	void (*exited)(void *owner);
	void *owner;

	enum state state;
	struct waiter *waiters;
	size_t waiter_count;
	struct loop_timer *step;   /* when the state has lasted long enough */
	struct loop_timer *answer; /* when the waiters have waited long enough */
	struct error refusal;

	struct steam_install install;
	struct steam_launch *launch;
	struct steam_process *process;
	struct request *request; /* NULL: Steam was not asked, or has answered */
	int64_t exit_wait_ms;	 /* of ENDING */
	pid_t pid;		 /* the client that was running at the start, or 0 */
	bool game_mode;
};

int steam_restart_wait_s(int64_t age_ms)
{
	if (age_ms < 0 || age_ms >= GAME_MODE_MIN_AGE_MS) {
		return 0;
	}
	return (int)((GAME_MODE_MIN_AGE_MS - age_ms + 999) / 1000);
}

/* The waiters may start or destroy the restart. */
static void answer_waiters(
	struct steam_restart *restart, const char *message, const struct error *err)
{
	AUTO(free_ptr) struct waiter *waiters = TAKE_PTR(restart->waiters);
	size_t count = restart->waiter_count;

	restart->waiter_count = 0;
	loop_timer_stop(restart->answer);
	for (size_t i = 0; i < count; i++) {
		waiters[i].done(waiters[i].user, message, err);
	}
}

static void forget_request(struct steam_restart *restart)
{
	if (restart->request != NULL) {
		restart->request->restart = NULL;
		restart->request = NULL;
	}
}

/* on_step() is called when it has lasted this long. */
static void enter(struct steam_restart *restart, enum state state, int64_t limit_ms)
{
	assert(transitions[restart->state] & TO(state));
	restart->state = state;
	loop_timer_stop(restart->step);
	if (limit_ms != NO_LIMIT) {
		loop_timer_set(restart->step, limit_ms);
	}
}

static void become_idle(struct steam_restart *restart)
{
	if (restart->state != IDLE) {
		enter(restart, IDLE, NO_LIMIT);
	}
	forget_request(restart);
	steam_process_unwatch(TAKE_PTR(restart->process));
	steam_launch_destroy(TAKE_PTR(restart->launch));
	steam_install_finish(&restart->install);
}

static void end_well(struct steam_restart *restart, const char *message)
{
	become_idle(restart);
	answer_waiters(restart, message, NULL);
}

static void fail_restart(struct steam_restart *restart, const struct error *err)
{
	const struct error copy = *err;

	become_idle(restart);
	answer_waiters(restart, copy.message, &copy);
}

static void write_files(struct steam_restart *restart)
{
	forget_request(restart);
	steam_process_unwatch(TAKE_PTR(restart->process));
	enter(restart, WRITING, NO_LIMIT);
	restart->exited(restart->owner);
}

static void on_ended(void *user)
{
	write_files(user);
}

static void await_exit(struct steam_restart *restart, int64_t wait_ms)
{
	restart->exit_wait_ms = wait_ms;
	enter(restart, ENDING, wait_ms);
}

static void shut_down(struct steam_restart *restart)
{
	struct error err;

	forget_request(restart);
	/* It may have just ended, and Game Mode may have started the next one: leave that alone. */
	if (steam_process_is_client(restart->pid) &&
		!steam_launch_shutdown(restart->launch, &err)) {
		fail_restart(restart, &err);
		return;
	}
	await_exit(restart, EXIT_WAIT_MS);
}

static void on_asked(void *user, const struct error *err)
{
	struct request *request = user;
	struct steam_restart *restart = request->restart;

	free(request);
	if (restart != NULL) {
		restart->request = NULL;
		if (err != NULL) {
			shut_down(restart);
		}
	}
}

/* False: it cannot be asked. */
static bool ask_steam(struct steam_restart *restart)
{
	struct request *request;

	if (restart->ask == NULL) {
		return false;
	}
	request = xcalloc(1, sizeof(*request));
	request->restart = restart;
	restart->request = request;
	enter(restart, ASKING, LIVE_WAIT_MS);
	if (!restart->ask(restart->owner, on_asked, request)) {
		free(TAKE_PTR(restart->request));
		return false;
	}
	return true;
}

static void on_step(void *user)
{
	struct steam_restart *restart = user;
	struct error err;

	switch (restart->state) {
	case REFUSED:
		fail_restart(restart, &restart->refusal);
		break;
	case ASKING:
		shut_down(restart);
		break;
	case ENDING:
		error_set(&err, ERROR_TIMEOUT,
			"Steam (process %d) has not ended within %d s of being asked to: close it, "
			"then try again",
			(int)restart->pid, (int)(restart->exit_wait_ms / 1000));
		fail_restart(restart, &err);
		break;
	case ENDED:
		write_files(restart);
		break;
	case STARTING:
		error_set(&err, ERROR_TIMEOUT,
			"the user's systemd has not started Steam within %d s: start it from the desktop",
			START_WAIT_MS / 1000);
		fail_restart(restart, &err);
		break;
	case IDLE:
	case WRITING:
	case STATE_COUNT:
		break;
	}
}

static void on_answer_due(void *user)
{
	struct error err;

	error_set(&err, ERROR_TIMEOUT,
		"Steam has ended and is started again once its files are written, which takes "
		"longer than usual");
	answer_waiters(user, err.message, &err);
}

static bool may_restart(struct steam_restart *restart, bool force, struct error *err)
{
	uint32_t app_id = force ? 0 : steam_process_game_of(restart->pid);
	int wait_s;

	if (app_id != 0) {
		error_set(err, ERROR_CONFLICT,
			"a game is running (app %" PRIu32 "): end it first, or allow this with the "
			"setting steam.restartWhilePlaying",
			app_id);
		return error_explain(err, "game_running", NULL);
	}
	wait_s = restart->game_mode ? steam_restart_wait_s(steam_process_age_ms(restart->pid)) : 0;
	if (wait_s > 0) {
		error_set(err, ERROR_CONFLICT,
			"Steam has only just started, and Game Mode resets it after several quick "
			"restarts: try again in %d s",
			wait_s);
		return error_explain(err, "steam_just_started", NULL);
	}
	return true;
}

static bool begin_restart(struct steam_restart *restart, bool force, struct error *err)
{
	if (!steam_install_find(&restart->install, restart->home, restart->steam_dir, err)) {
		return false;
	}
	restart->pid = steam_install_running(&restart->install);
	restart->game_mode = restart->pid != 0 && steam_process_in_game_mode(restart->pid);
	if (restart->pid != 0 && !may_restart(restart, force, err)) {
		return false;
	}
	restart->launch = steam_launch_create(restart->loop, &restart->install, restart->pid);
	if (restart->pid == 0) {
		enter(restart, ENDED, 0);
		return true;
	}
	restart->process = steam_process_watch(restart->loop, restart->pid, on_ended, restart, err);
	if (restart->process == NULL) {
		return false;
	}
	if (restart->game_mode && ask_steam(restart)) {
		return true;
	}
	if (!steam_launch_shutdown(restart->launch, err)) {
		return false;
	}
	await_exit(restart, DESKTOP_EXIT_WAIT_MS);
	return true;
}

void steam_restart_start(
	struct steam_restart *restart, bool force, steam_restart_done *done, void *user)
{
	restart->waiters =
		xrealloc(restart->waiters, restart->waiter_count + 1, sizeof(*restart->waiters));
	restart->waiters[restart->waiter_count++] = (struct waiter){ done, user };
	if (!loop_timer_running(restart->answer)) {
		loop_timer_set(restart->answer, ANSWER_MS);
	}
	if (restart->state == IDLE && !begin_restart(restart, force, &restart->refusal)) {
		enter(restart, REFUSED, 0);
	}
}

static void on_started(void *user, const struct error *err)
{
	struct steam_restart *restart = user;

	if (err != NULL) {
		fail_restart(restart, err);
	} else if (restart->pid == 0) {
		end_well(restart, "Steam was not running; it has been started");
	} else {
		end_well(restart, "Steam restarted");
	}
}

static void on_desktop_found(void *user)
{
	struct steam_restart *restart = user;

	if (restart->pid == 0 && !steam_launch_has_desktop(restart->launch)) {
		end_well(restart, "Steam is not running, and there is no desktop to start it on");
	} else {
		steam_launch_start(restart->launch, on_started, restart);
	}
}

void steam_restart_go_on(struct steam_restart *restart)
{
	assert(restart->state == WRITING);
	if (restart->game_mode || steam_install_running(&restart->install) != 0) {
		end_well(restart, "Steam restarted");
		return;
	}
	enter(restart, STARTING, START_WAIT_MS);
	steam_launch_find_desktop(restart->launch, on_desktop_found, restart);
}

struct steam_restart *steam_restart_create(const struct steam_restart_options *options)
{
	struct steam_restart *restart = xcalloc(1, sizeof(*restart));

	restart->loop = options->loop;
	restart->home = xstrdup(options->home);
	restart->steam_dir = xstrdup_or_null(options->steam_dir);
	restart->ask = options->ask;
	restart->exited = options->exited;
	restart->owner = options->owner;
	restart->step = loop_timer_create(restart->loop, on_step, restart);
	restart->answer = loop_timer_create(restart->loop, on_answer_due, restart);
	return restart;
}

void steam_restart_destroy(struct steam_restart *restart)
{
	struct error err;

	if (restart == NULL) {
		return;
	}
	become_idle(restart);
	error_set(&err, ERROR_CANCELLED, "CapyDeck ended before Steam was restarted");
	answer_waiters(restart, err.message, &err);
	loop_timer_destroy(restart->step);
	loop_timer_destroy(restart->answer);
	free(restart->steam_dir);
	free(restart->home);
	free(restart);
}
