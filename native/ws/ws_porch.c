#include "ws/ws_porch.h"

#include "core/list.h"
#include "core/loop.h"
#include "core/xalloc.h"
#include "ws/ws_hosts.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* As much as libwebsockets accepts of a request's headers. */
#define REQUEST_MAX_BYTES 4096
#define COUNT_PER_HOST 4
#define COUNT_MIN 4
/* How long a request may take to arrive when others want the place. */
#define REQUEST_WAIT_MS 500
/* So many may be let in at once before the pace counts; as many trusted ones beside them. */
#define BURST_COUNT 16
#define FIRST_REPORT_MS 5000
#define REPORT_EVERY_MS (60 * 1000)

/* A connection that waits. */
struct caller {
	struct ws_porch *porch;
	int fd;
	struct loop_watch *watch;    /* NULL: its request is whole */
	struct sockaddr_in6 address; /* or the shorter one of IPv4 */
	struct peer_key exact;
	struct ws_host *host; /* kept by its waiting_count */
	int64_t arrived_ms;
	size_t bytes; /* of its request, so far */
	bool is_ready;
	bool came_in_parts;
	bool is_trusted;
	TAILQ_ENTRY(caller) link;
};

struct ws_porch {
	struct ws_porch_options options;
	unsigned count, count_max;
	unsigned trusted_count;	      /* of them */
	TAILQ_HEAD(, caller) callers; /* the oldest first */
	struct loop_timer *timer;     /* the next turn, or the oldest one's deadline */
	int64_t pace_ms;
	int64_t look_ms;   /* when the timer fires */
	int64_t paced_ms;  /* when the pace would have let in all that came in so far */
	int64_t closed_ms; /* until then there is no place for strangers */
	unsigned dropped_count;
	struct loop_timer *report;
	int64_t reported_ms;
};

/* --- Leaving --- */

static void forget(struct caller *caller)
{
	struct ws_porch *porch = caller->porch;

	TAILQ_REMOVE(&porch->callers, caller, link);
	porch->count--;
	porch->trusted_count -= caller->is_trusted;
	caller->host->waiting_count--;
	loop_watch_remove(caller->watch);
	free(caller);
}

/* At once: what would be left of it costs the kernel memory for a minute. */
static void close_now(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

/* With unread bytes, closing would tell the peer of an error. */
static void close_in_order(int fd)
{
	char rest[REQUEST_MAX_BYTES];
	ssize_t length = recv(fd, rest, sizeof(rest), MSG_DONTWAIT);

	(void)length;
	close(fd);
}

/* It has used its host's turn if it was here and never said what it wants. */
static void drop(struct caller *caller, void (*close_it)(int fd))
{
	int fd = caller->fd;

	if (!caller->is_ready) {
		caller->host->turn_ms = loop_now_ms();
	}
	forget(caller);
	close_it(fd);
}

/* At the door: that is no turn, or who tries again soon enough would never have one. */
static void turn_away(struct caller *newcomer)
{
	int fd = newcomer->fd;

	forget(newcomer);
	close_now(fd);
}

static void count_dropped(struct ws_porch *porch)
{
	int64_t since_ms = loop_now_ms() - porch->reported_ms;

	porch->dropped_count++;
	if (!loop_timer_running(porch->report)) {
		loop_timer_set(porch->report, porch->reported_ms == 0 || since_ms > REPORT_EVERY_MS
						      ? FIRST_REPORT_MS
						      : REPORT_EVERY_MS - since_ms);
	}
}

static void on_report(void *user)
{
	struct ws_porch *porch = user;
	unsigned count = porch->dropped_count;

	porch->dropped_count = 0;
	porch->reported_ms = loop_now_ms();
	porch->options.crowded(porch->options.user, count);
}

/* --- Turns --- */

/* Does a come in before b, which arrived earlier? */
static bool goes_before(const struct caller *a, const struct caller *b)
{
	return a->is_trusted != b->is_trusted ? a->is_trusted : a->host->turn_ms < b->host->turn_ms;
}

static struct caller *find_next(const struct ws_porch *porch)
{
	struct caller *caller, *next = NULL;

	TAILQ_FOREACH (caller, &porch->callers, link) {
		if (caller->is_ready && (next == NULL || goes_before(caller, next))) {
			next = caller;
		}
	}
	return next;
}

/*
 * One whose request should have been here, the oldest. Else one whose host had its turn last; of
 * several: one that has not said what it wants, the oldest, for it had the time to; else the
 * newest.
 */
static struct caller *find_victim(const struct ws_porch *porch)
{
	struct caller *caller, *victim = NULL;
	int64_t now_ms = loop_now_ms();

	TAILQ_FOREACH (caller, &porch->callers, link) {
		if (caller->is_trusted) {
			continue;
		}
		if (!caller->is_ready && now_ms - caller->arrived_ms >= REQUEST_WAIT_MS) {
			return caller;
		}
		if (victim == NULL || caller->host->turn_ms > victim->host->turn_ms ||
			(caller->host->turn_ms == victim->host->turn_ms && victim->is_ready)) {
			victim = caller;
		}
	}
	return victim != NULL ? victim : TAILQ_FIRST(&porch->callers);
}

static void let_in(struct caller *caller, struct ws_visitor *visitor)
{
	const struct ws_porch_options *options = &caller->porch->options;
	struct sockaddr_in6 address = caller->address;
	int fd = caller->fd, any = 1;
	bool is_partial = caller->came_in_parts;

	visitor->address = (const void *)&address;
	caller->host->turn_ms = loop_now_ms();
	forget(caller);
	if (is_partial) {
		setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &any, sizeof(any));
	}
	options->come_in(options->user, fd, visitor);
}

/* How long the next one has to wait; 0: it may come in now. */
static int64_t paced_wait_ms(const struct ws_porch *porch, bool is_trusted, int64_t now_ms)
{
	int64_t burst_count = is_trusted ? 2 * BURST_COUNT : BURST_COUNT;
	int64_t ahead_ms = porch->paced_ms - now_ms - burst_count * porch->pace_ms;

	return ahead_ms > 0 ? ahead_ms : 0;
}

/* The same, with what is known of places: for one that is ready. */
static int64_t wait_before(
	const struct ws_porch *porch, const struct caller *caller, int64_t now_ms)
{
	int64_t wait_ms = paced_wait_ms(porch, caller->is_trusted, now_ms);

	if (!caller->is_trusted && porch->closed_ms - now_ms > wait_ms) {
		wait_ms = porch->closed_ms - now_ms;
	}
	return wait_ms;
}

static struct ws_visitor make_visitor(const struct caller *caller, int64_t now_ms)
{
	return (struct ws_visitor){
		.address = (const void *)&caller->address,
		.key = caller->host->key,
		.exact = caller->exact,
		.is_trusted = caller->is_trusted,
		.was_silent = caller->host->was_silent,
		.known_since_ms = caller->host->known_since_ms,
		.left_ms = caller->arrived_ms + caller->porch->options.wait_ms - now_ms,
	};
}

/* Lets in whoever may come now; ms until another may, or −1: nobody is ready. */
static int64_t take_turns(struct ws_porch *porch, int64_t now_ms)
{
	const struct ws_porch_options *options = &porch->options;

	for (;;) {
		int64_t wait_ms = paced_wait_ms(porch, porch->trusted_count > 0, now_ms);
		struct caller *next = wait_ms == 0 ? find_next(porch) : NULL;
		struct ws_visitor visitor;

		if (next == NULL) {
			return wait_ms > 0 ? wait_ms : -1;
		}
		wait_ms = wait_before(porch, next, now_ms);
		if (wait_ms > 0) {
			return wait_ms;
		}
		visitor = make_visitor(next, now_ms);
		wait_ms = options->ask(options->user, &visitor);
		if (wait_ms > 0) {
			porch->closed_ms = now_ms + wait_ms;
			return wait_ms;
		}
		porch->paced_ms =
			(porch->paced_ms > now_ms ? porch->paced_ms : now_ms) + porch->pace_ms;
		let_in(next, &visitor);
	}
}

static void drop_expired(struct ws_porch *porch, int64_t now_ms)
{
	struct caller *oldest;

	while ((oldest = TAILQ_FIRST(&porch->callers)) != NULL &&
		now_ms - oldest->arrived_ms >= porch->options.wait_ms) {
		drop(oldest, close_in_order);
	}
}

static void look(struct ws_porch *porch)
{
	const struct caller *oldest;
	int64_t now_ms = loop_now_ms(), wait_ms;

	drop_expired(porch, now_ms);
	wait_ms = take_turns(porch, now_ms);
	oldest = TAILQ_FIRST(&porch->callers);
	if (oldest != NULL) {
		int64_t left_ms = oldest->arrived_ms + porch->options.wait_ms - now_ms;

		wait_ms = wait_ms >= 0 && wait_ms < left_ms ? wait_ms : left_ms;
		loop_timer_set(porch->timer, wait_ms);
		porch->look_ms = now_ms + wait_ms;
	} else {
		loop_timer_stop(porch->timer);
	}
}

static void on_timer(void *user)
{
	look(user);
}

/* No later than in so many ms. */
static void look_in(struct ws_porch *porch, int64_t wait_ms, int64_t now_ms)
{
	if (now_ms + wait_ms < porch->look_ms) {
		loop_timer_set(porch->timer, wait_ms);
		porch->look_ms = now_ms + wait_ms;
	}
}

void ws_porch_look(struct ws_porch *porch)
{
	porch->closed_ms = 0;
	if (!TAILQ_EMPTY(&porch->callers)) {
		look_in(porch, 0, loop_now_ms());
	}
}

void ws_porch_trust(struct ws_porch *porch, const struct peer_key *exact)
{
	struct caller *caller;

	ws_hosts_trust(porch->options.hosts, exact);
	TAILQ_FOREACH (caller, &porch->callers, link) {
		if (!caller->is_trusted && peer_key_equal(&caller->exact, exact)) {
			caller->is_trusted = true;
			porch->trusted_count++;
		}
	}
	ws_porch_look(porch);
}

/* --- The request --- */

/* Looks at what has come, without taking it. False: it is no use, drop the caller. */
static bool peek(struct caller *caller)
{
	char request[REQUEST_MAX_BYTES];
	ssize_t length = recv(caller->fd, request, sizeof(request), MSG_PEEK | MSG_DONTWAIT);
	int wanted;

	if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
		return true;
	}
	/* No more than before: the peer has ended its side. TLS, for one, begins with no letter. */
	if (length <= 0 || (size_t)length == caller->bytes || !isalpha((unsigned char)request[0])) {
		return false;
	}
	caller->bytes = (size_t)length;
	if (memmem(request, (size_t)length, "\r\n\r\n", 4) != NULL) {
		caller->is_ready = true;
		return true;
	}
	caller->came_in_parts = true;
	wanted = (int)length + 1; /* what is here stays unread: call again only for more */
	setsockopt(caller->fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted));
	return length < REQUEST_MAX_BYTES;
}

static void on_readable(void *user, uint32_t events)
{
	struct caller *caller = user;
	int64_t now_ms = loop_now_ms();

	if (!peek(caller)) {
		drop(caller, close_in_order);
	} else if (caller->is_ready) {
		loop_watch_remove(caller->watch);
		caller->watch = NULL;
		look_in(caller->porch, wait_before(caller->porch, caller, now_ms), now_ms);
	}
}

/* --- Arriving --- */

static struct caller *oldest_of(const struct ws_porch *porch, const struct ws_host *host)
{
	struct caller *caller;

	TAILQ_FOREACH (caller, &porch->callers, link) {
		if (caller->host == host) {
			break;
		}
	}
	return caller;
}

/* False: the newcomer itself had to go. */
static bool make_room(struct ws_porch *porch, struct caller *newcomer)
{
	struct caller *victim = NULL;

	if (newcomer->host->waiting_count > COUNT_PER_HOST) {
		victim = oldest_of(porch, newcomer->host);
	} else if (porch->count > porch->count_max) {
		victim = find_victim(porch);
	}
	if (victim == NULL) {
		return true;
	}
	count_dropped(porch);
	if (victim == newcomer) {
		turn_away(newcomer);
		return false;
	}
	drop(victim, close_now);
	return true;
}

void ws_porch_add_take(struct ws_porch *porch, int fd, const struct sockaddr *address)
{
	const struct peer_key key = peer_key_of_socket(address);
	int64_t now_ms = loop_now_ms();
	struct ws_host *host = ws_hosts_meet(porch->options.hosts, &key, now_ms);
	struct caller *caller;

	if (host == NULL) {
		close_now(fd);
		count_dropped(porch);
		return;
	}
	caller = xcalloc(1, sizeof(*caller));
	caller->porch = porch;
	caller->fd = fd;
	memcpy(&caller->address, address,
		address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					      : sizeof(struct sockaddr_in6));
	caller->exact = peer_key_exact(address);
	caller->is_trusted = ws_hosts_is_trusted(porch->options.hosts, &caller->exact);
	porch->trusted_count += caller->is_trusted;
	caller->host = host;
	caller->arrived_ms = now_ms;
	TAILQ_INSERT_TAIL(&porch->callers, caller, link);
	porch->count++;
	host->waiting_count++;
	/* Often the request has come with the connection: then nothing more need be waited for. */
	if (!peek(caller)) {
		drop(caller, close_in_order);
		return;
	}
	if (!make_room(porch, caller)) {
		return;
	}
	if (!caller->is_ready) {
		caller->watch =
			loop_watch_add(porch->options.loop, fd, LOOP_READ, on_readable, caller);
	}
	/* A timer that is set for every one of a flood would cost more than it does. */
	if (!loop_timer_running(porch->timer)) {
		loop_timer_set(porch->timer, porch->options.wait_ms);
		porch->look_ms = now_ms + porch->options.wait_ms;
	}
	if (caller->is_ready) {
		look_in(porch, wait_before(porch, caller, now_ms), now_ms);
	}
}

/* --- Creating and destroying --- */

static unsigned allowed_count(unsigned count_max)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 4 < count_max) {
		count_max = (unsigned)(files.rlim_cur / 4);
	}
	return count_max > COUNT_MIN ? count_max : COUNT_MIN;
}

struct ws_porch *ws_porch_create(const struct ws_porch_options *options)
{
	struct ws_porch *porch = xcalloc(1, sizeof(*porch));

	porch->options = *options;
	porch->count_max = allowed_count(options->count_max);
	TAILQ_INIT(&porch->callers);
	porch->timer = loop_timer_create(options->loop, on_timer, porch);
	porch->report = loop_timer_create(options->loop, on_report, porch);
	return porch;
}

void ws_porch_destroy(struct ws_porch *porch)
{
	if (porch == NULL) {
		return;
	}
	while (!TAILQ_EMPTY(&porch->callers)) {
		drop(TAILQ_FIRST(&porch->callers), close_in_order);
	}
	loop_timer_destroy(porch->timer);
	loop_timer_destroy(porch->report);
	free(porch);
}

void ws_porch_set_pace(struct ws_porch *porch, int64_t pace_ms)
{
	int64_t longest_ms = loop_now_ms() + BURST_COUNT * pace_ms;

	if (pace_ms < porch->pace_ms && porch->paced_ms > longest_ms) {
		porch->paced_ms = longest_ms;
	}
	porch->pace_ms = pace_ms;
}
