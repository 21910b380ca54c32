#include "pairing/pairing.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/random.h"
#include "core/sha256.h"
#include "core/xalloc.h"
#include "pairing/guess_limiter.h"
#include "pairing/pairing_turns.h"
#include "proto/proto_constants.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_PER_CODE 3
#define NEWS_EVERY_MS 1000
#define CODE_LIMIT 1000000
#define CODE_BYTES (PAIRING_CODE_DIGITS + 1)

struct pairing {
	struct loop *loop;
	struct guess_limiter *limiter;
	int64_t expires_ms;
	struct pairing_turns turns;
	LIST_HEAD(, pairing_listener) listeners; /* by link */
	unsigned listener_count;

	bool is_shown;
	char code[CODE_BYTES];
	struct pairing_shown shown;
	int64_t shown_since_ms;
	unsigned tries_left;
	struct loop_timer *expiry;

	char *tried;   /* waiting to be judged; NULL if none … */
	void *attempt; /* … and the attempt it belongs to */
	struct loop_timer *judgement;

	struct loop_timer *news; /* others wait than the listeners know */
	char *picked;		 /* by the owner: the address whose turn it is; NULL: none */
	int64_t picked_until_ms;

	/* Of the current code or, after it ended, of the last one; holder NULL: gone. */
	struct pairing_request request;
	char *hub_id, *hub_name, *address; /* the request's */
};

static void on_expired(void *user);
static void on_judgement(void *user);
static void on_news(void *user);

const char *pairing_end_text(enum pairing_end end)
{
	switch (end) {
	case PAIRING_USED:
		return "code used";
	case PAIRING_EXPIRED:
		return "code expired";
	case PAIRING_DISMISSED:
		return "dismissed on the device";
	case PAIRING_GUESSED:
		return "invalid code";
	case PAIRING_REPLACED:
		return "the Hub requested a new code from another connection";
	case PAIRING_YIELDED:
		return "it is another Hub's turn; request a new code";
	case PAIRING_GONE:
		return "no code was requested";
	}
	return "";
}

struct pairing *pairing_create(const struct pairing_options *options)
{
	struct pairing *pairing = xcalloc(1, sizeof(*pairing));

	pairing->loop = options->loop;
	pairing->limiter = guess_limiter_create();
	pairing->expires_ms = options->expires_ms;
	pairing->expiry = loop_timer_create(options->loop, on_expired, pairing);
	pairing->judgement = loop_timer_create(options->loop, on_judgement, pairing);
	pairing->news = loop_timer_create(options->loop, on_news, pairing);
	return pairing;
}

static void forget_request(struct pairing *pairing)
{
	free(TAKE_PTR(pairing->hub_id));
	free(TAKE_PTR(pairing->hub_name));
	free(TAKE_PTR(pairing->address));
	pairing->request = (struct pairing_request){ .holder = NULL };
}

static void forget_try(struct pairing *pairing)
{
	loop_timer_stop(pairing->judgement);
	if (pairing->tried != NULL) {
		explicit_bzero(pairing->tried, strlen(pairing->tried));
		free(TAKE_PTR(pairing->tried));
		pairing->request.judged(
			pairing->request.user, TAKE_PTR(pairing->attempt), PAIRING_VOID);
	}
}

void pairing_destroy(struct pairing *pairing)
{
	if (pairing == NULL) {
		return;
	}
	assert(LIST_EMPTY(&pairing->listeners));
	forget_try(pairing);
	forget_request(pairing);
	loop_timer_destroy(pairing->expiry);
	loop_timer_destroy(pairing->judgement);
	loop_timer_destroy(pairing->news);
	guess_limiter_destroy(pairing->limiter);
	explicit_bzero(pairing->code, sizeof(pairing->code));
	free(pairing->picked);
	free(pairing);
}

static void end_code(struct pairing *pairing, enum pairing_end how)
{
	struct pairing_listener *listener;

	if (!pairing->is_shown) {
		return;
	}
	pairing->is_shown = false;
	explicit_bzero(pairing->code, sizeof(pairing->code));
	loop_timer_stop(pairing->expiry);
	forget_try(pairing);
	if (how == PAIRING_USED) {
		pairing_turns_forget(&pairing->turns, pairing->request.address);
		free(TAKE_PTR(pairing->picked));
	} else {
		pairing_turns_wasted(&pairing->turns, pairing->request.address);
	}
	LIST_FOREACH (listener, &pairing->listeners, link) {
		listener->hide(listener->user, how);
	}
	if (how == PAIRING_USED || how == PAIRING_GONE) {
		forget_request(pairing);
	} else {
		pairing->request.ended(pairing->request.user, pairing->request.holder, how);
	}
}

static void on_expired(void *user)
{
	struct pairing *pairing = user;

	/* A try that was made in time is judged first. */
	if (pairing->tried == NULL) {
		end_code(pairing, PAIRING_EXPIRED);
	}
}

static void show_code(struct pairing *pairing, int64_t expires_at_ms)
{
	struct pairing_listener *listener;

	snprintf(pairing->code, sizeof(pairing->code), "%06u", random_below(CODE_LIMIT));
	pairing->is_shown = true;
	pairing->shown_since_ms = loop_now_ms();
	pairing->tries_left = TRIES_PER_CODE;
	pairing->shown = (struct pairing_shown){
		.code = pairing->code,
		.hub_id = pairing->request.hub_id,
		.hub_name = pairing->request.hub_name,
		.address = pairing->request.address,
		.expires_at_ms = expires_at_ms,
	};
	loop_timer_set(pairing->expiry, expires_at_ms - loop_now_ms());
	LIST_FOREACH (listener, &pairing->listeners, link) {
		listener->show(listener->user, &pairing->shown);
	}
}

bool pairing_check_lockout(const struct pairing *pairing, const char *address, struct error *err)
{
	int64_t seconds = guess_limiter_locked_seconds(pairing->limiter, address, loop_now_ms());

	if (seconds == 0) {
		return true;
	}
	return error_set(err, ERROR_LOCKED_OUT,
		"too many wrong codes from %s; try again in %lld seconds", address,
		(long long)seconds);
}

static bool is_same_hub(const struct pairing *pairing, const struct pairing_request *request)
{
	return request->holder == pairing->request.holder ||
	       (strcmp(request->hub_id, pairing->request.hub_id) == 0 &&
		       strcmp(request->address, pairing->request.address) == 0);
}

/* --- Whose turn it is --- */

static void on_news(void *user)
{
	struct pairing *pairing = user;
	struct pairing_listener *listener;

	LIST_FOREACH (listener, &pairing->listeners, link) {
		if (listener->waiting != NULL) {
			listener->waiting(listener->user);
		}
	}
}

static bool is_picked(const struct pairing *pairing, const char *address)
{
	return pairing->picked != NULL && loop_now_ms() < pairing->picked_until_ms &&
	       (address == NULL || strcmp(pairing->picked, address) == 0);
}

/* False: another Hub has the screen, or the right to it. */
static bool is_its_turn(
	struct pairing *pairing, const struct pairing_request *request, bool is_screen_its)
{
	const struct pairing_asker asker = {
		.address = request->address,
		.hub_name = request->hub_name,
		.known_since_ms = request->known_since_ms,
		.is_trusted = request->is_trusted,
	};
	const struct pairing_screen screen = {
		.address = pairing->request.address,
		.since_ms = pairing->shown_since_ms,
		.is_judging = pairing->tried != NULL,
	};
	bool is_its = pairing_turns_ask(
		&pairing->turns, &asker, is_screen_its ? NULL : &screen, loop_now_ms());

	if (!loop_timer_running(pairing->news)) {
		loop_timer_set(pairing->news, NEWS_EVERY_MS);
	}
	if (is_picked(pairing, NULL)) {
		return is_picked(pairing, request->address);
	}
	return is_its;
}

static bool fail_not_its_turn(const struct pairing *pairing, struct error *err)
{
	if (is_picked(pairing, NULL)) {
		return error_set(err, ERROR_LOCKED_OUT,
			"the device's owner has chosen another Hub; try again in %lld seconds",
			(long long)(pairing->picked_until_ms - loop_now_ms() + 999) / 1000);
	}
	if (pairing->is_shown) {
		return error_set(err, ERROR_LOCKED_OUT,
			"the device shows another Hub's code; try again in %lld seconds",
			(long long)pairing_seconds_left(pairing));
	}
	return error_set(err, ERROR_LOCKED_OUT,
		"another Hub is waiting for its turn to pair; try again in %d seconds",
		PAIRING_TURN_WAIT_MS / 1000);
}

/* How the code on the screen ends when request takes its place. */
static enum pairing_end replaced_how(
	const struct pairing *pairing, const struct pairing_request *request, bool is_own)
{
	if (request->holder == pairing->request.holder) {
		return PAIRING_GONE;
	}
	return is_own ? PAIRING_REPLACED : PAIRING_YIELDED;
}

bool pairing_begin(
	struct pairing *pairing, const struct pairing_request *request, struct error *err)
{
	bool is_own = pairing->is_shown && is_same_hub(pairing, request);
	int64_t expires_at_ms = loop_now_ms() + pairing->expires_ms;

	if (!pairing_check_lockout(pairing, request->address, err)) {
		return false;
	}
	if (!is_its_turn(pairing, request, is_own || !pairing->is_shown)) {
		if (!is_own) {
			return fail_not_its_turn(pairing, err);
		}
		expires_at_ms = pairing->shown.expires_at_ms; /* asking again does not extend it */
	}
	end_code(pairing, replaced_how(pairing, request, is_own));
	forget_request(pairing);
	pairing->request = *request;
	pairing->request.hub_id = pairing->hub_id = xstrdup(request->hub_id);
	pairing->request.hub_name = pairing->hub_name = xstrdup(request->hub_name);
	pairing->request.address = pairing->address = xstrdup(request->address);
	show_code(pairing, expires_at_ms);
	return true;
}

bool pairing_pick(struct pairing *pairing, const char *address, struct error *err)
{
	if (!pairing_turns_is_waiting(&pairing->turns, address, loop_now_ms())) {
		return error_set(err, ERROR_NOT_FOUND,
			"no Hub at '%s' is waiting for a code; start pairing there again", address);
	}
	free(pairing->picked);
	pairing->picked = xstrdup(address);
	pairing->picked_until_ms = loop_now_ms() + PAIRING_PICK_MS;
	guess_limiter_right(pairing->limiter, address);
	if (pairing->is_shown && strcmp(pairing->request.address, address) != 0) {
		end_code(pairing, PAIRING_YIELDED);
	}
	return true;
}

size_t pairing_waiting(
	const struct pairing *pairing, struct pairing_waiting out[PAIRING_WAITING_MAX])
{
	const struct pairing_turn *turns[PAIRING_WAITING_MAX];
	size_t count =
		pairing_turns_waiting(&pairing->turns, loop_now_ms(), turns, PAIRING_WAITING_MAX);

	for (size_t i = 0; i < count; i++) {
		out[i] = (struct pairing_waiting){
			.hub_name = turns[i]->hub_name,
			.address = turns[i]->address,
			.is_trusted = turns[i]->is_trusted,
			.asked_ms = turns[i]->asked_ms,
		};
	}
	return count;
}

/* --- Tries --- */

bool pairing_is_held_by(const struct pairing *pairing, const void *holder)
{
	return pairing->is_shown && pairing->request.holder == holder;
}

static void judge_try(struct pairing *pairing, const char *code, void *attempt)
{
	void (*judged)(void *user, void *attempt, enum pairing_verdict verdict) =
		pairing->request.judged;
	void *user = pairing->request.user;
	const void *holder = pairing->request.holder;
	bool is_expired = loop_now_ms() >= pairing->shown.expires_at_ms;
	bool is_void;

	if (strlen(code) == PAIRING_CODE_DIGITS && equal_in_constant_time(code, pairing->code)) {
		guess_limiter_right(pairing->limiter, pairing->request.address);
		end_code(pairing, PAIRING_USED);
		judged(user, attempt, PAIRING_RIGHT);
		return;
	}
	guess_limiter_wrong(pairing->limiter, pairing->request.address, loop_now_ms());
	is_void = --pairing->tries_left == 0 ||
		  !pairing_check_lockout(pairing, pairing->request.address, NULL);
	judged(user, attempt, PAIRING_WRONG);
	if (pairing_is_held_by(pairing, holder) && (is_void || is_expired)) {
		end_code(pairing, is_void ? PAIRING_GUESSED : PAIRING_EXPIRED);
	}
}

static void on_judgement(void *user)
{
	struct pairing *pairing = user;
	AUTO(free_ptr) char *code = TAKE_PTR(pairing->tried);

	judge_try(pairing, code, TAKE_PTR(pairing->attempt));
	explicit_bzero(code, strlen(code));
}

bool pairing_try(struct pairing *pairing, const void *holder, const char *code, void *attempt,
	struct error *err)
{
	int64_t delay_ms;

	if (!pairing_is_held_by(pairing, holder)) {
		return error_set(err, ERROR_NOT_FOUND, "no code is shown for this connection");
	}
	if (pairing->tried != NULL) {
		return error_set(err, ERROR_LOCKED_OUT,
			"a code is being checked; try again after its answer");
	}
	delay_ms = is_picked(pairing, pairing->request.address)
			   ? 0
			   : guess_limiter_delay_ms(
				     pairing->limiter, pairing->request.address, loop_now_ms());
	if (delay_ms == 0) {
		judge_try(pairing, code, attempt);
	} else {
		pairing->tried = xstrdup(code);
		pairing->attempt = attempt;
		loop_timer_set(pairing->judgement, delay_ms);
	}
	return true;
}

void pairing_abandon(struct pairing *pairing, const void *holder)
{
	if (pairing->request.holder != holder) {
		return;
	}
	end_code(pairing, PAIRING_GONE);
	forget_request(pairing);
}

bool pairing_dismiss(struct pairing *pairing, struct error *err)
{
	if (!pairing->is_shown) {
		return error_set(err, ERROR_NOT_FOUND, "no pairing code is shown");
	}
	end_code(pairing, PAIRING_DISMISSED);
	return true;
}

bool pairing_reopen(struct pairing *pairing, struct error *err)
{
	if (pairing->is_shown) {
		return error_set(err, ERROR_CONFLICT, "a pairing code for '%s' is already shown",
			pairing->request.hub_name);
	}
	if (pairing->request.holder == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"no Hub is waiting for a pairing code; start pairing on the Hub again");
	}
	guess_limiter_right(pairing->limiter, pairing->request.address);
	show_code(pairing, loop_now_ms() + pairing->expires_ms);
	pairing->request.reopened(pairing->request.user, pairing->request.holder);
	return true;
}

void pairing_reset_lockouts(struct pairing *pairing)
{
	guess_limiter_reset(pairing->limiter);
}

unsigned pairing_lockout_count(const struct pairing *pairing)
{
	return guess_limiter_locked_count(pairing->limiter, loop_now_ms());
}

const struct pairing_shown *pairing_shown(const struct pairing *pairing)
{
	return pairing->is_shown ? &pairing->shown : NULL;
}

int64_t pairing_seconds_left(const struct pairing *pairing)
{
	int64_t left_ms = pairing->shown.expires_at_ms - loop_now_ms();

	return !pairing->is_shown || left_ms < 0 ? 0 : (left_ms + 999) / 1000;
}

void pairing_listen(struct pairing *pairing, struct pairing_listener *listener)
{
	LIST_INSERT_HEAD(&pairing->listeners, listener, link);
	pairing->listener_count++;
	if (pairing->is_shown) {
		listener->show(listener->user, &pairing->shown);
	}
}

void pairing_unlisten(struct pairing *pairing, struct pairing_listener *listener)
{
	struct pairing_listener *known;

	LIST_FOREACH (known, &pairing->listeners, link) {
		if (known == listener) {
			LIST_REMOVE(listener, link);
			pairing->listener_count--;
			return;
		}
	}
}

unsigned pairing_listener_count(const struct pairing *pairing)
{
	return pairing->listener_count;
}
