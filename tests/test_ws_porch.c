// Callers are socket pairs with made-up addresses; whether there is a place is the test's to say.
#include "ws/ws_porch.h"

#include "core/loop.h"
#include "suite.h"
#include "ws/ws_hosts.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAITING_MAX 4
#define FIRST 0x0a000001

static struct loop *loop;
static struct ws_hosts *hosts;
static struct ws_porch *porch;
static unsigned places, came_count;

static int64_t ask(void *user, const struct ws_visitor *visitor)
{
	(void)user;
	(void)visitor;
	return places > 0 ? 0 : 60 * 1000;
}

static void come_in(void *user, int fd, const struct ws_visitor *visitor)
{
	(void)user;
	(void)visitor;
	places--;
	came_count++;
	close(fd);
	loop_stop(loop);
}

static void crowded(void *user, unsigned dropped_count)
{
	(void)user;
	(void)dropped_count;
}

static void set_up(void)
{
	const struct ws_porch_options options = {
		.loop = loop = loop_create(),
		.hosts = hosts = ws_hosts_create(),
		.count_max = WAITING_MAX,
		.wait_ms = 10 * 60 * 1000,
		.ask = ask,
		.come_in = come_in,
		.crowded = crowded,
	};

	porch = ws_porch_create(&options);
	places = came_count = 0;
}

static void tear_down(void)
{
	ws_porch_destroy(porch);
	ws_hosts_destroy(hosts);
	loop_destroy(loop);
}

/* A connection from that host, its request with it or not; the peer's end. */
static int arrive(uint32_t host, const char *request)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(host), .sin_port = htons(4000)
	};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(send(fds[1], request, strlen(request), 0), (ssize_t)strlen(request));
	ws_porch_add_take(porch, fds[0], (const void *)&address);
	return fds[1];
}

static const char whole[] = "GET /ws HTTP/1.1\r\n\r\n";

static bool is_gone(int fd)
{
	struct pollfd probe = { .fd = fd, .events = POLLIN };

	return poll(&probe, 1, 0) > 0 && (probe.revents & POLLHUP) != 0;
}

static void give_a_place(void)
{
	unsigned before = came_count;

	places = 1;
	ws_porch_look(porch);
	while (came_count == before) {
		loop_run(loop);
	}
}

/* Its turn, and then time goes on. */
static void take_a_turn(uint32_t host)
{
	int fd = arrive(host, whole);
	int64_t now_ms;

	give_a_place();
	close(fd);
	now_ms = loop_now_ms();
	while (loop_now_ms() == now_ms) {
	}
}

/* As many as may wait, of hosts that have had no turn. */
static void crowd_waits(int fds[WAITING_MAX], const char *request)
{
	for (uint32_t i = 0; i < WAITING_MAX; i++) {
		fds[i] = arrive(FIRST + 100 + i, request);
	}
}

static void close_all(const int fds[WAITING_MAX])
{
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		close(fds[i]);
	}
}

/* Who finds no room has not had its turn, however often it tries. */
START_TEST(turned_away_is_no_turn)
{
	const uint32_t early = FIRST, late = FIRST + 1;
	int crowd[WAITING_MAX], early_fd, late_fd;

	take_a_turn(early);
	take_a_turn(late);
	crowd_waits(crowd, whole);
	early_fd = arrive(early, "");
	ck_assert(is_gone(early_fd));
	close(early_fd);
	give_a_place();
	late_fd = arrive(late, whole);
	ck_assert(!is_gone(late_fd));
	early_fd = arrive(early, "");
	ck_assert(is_gone(late_fd));
	ck_assert(!is_gone(early_fd));
	close(early_fd);
	close(late_fd);
	close_all(crowd);
}
END_TEST

static void on_timer(void *user)
{
	loop_stop(user);
}

/* A crowd whose requests do not come keeps nobody out, even if it has had no turn yet. */
START_TEST(request_that_does_not_come_makes_room)
{
	struct loop_timer *timer = loop_timer_create(loop, on_timer, loop);
	int crowd[WAITING_MAX], fd;

	take_a_turn(FIRST);
	crowd_waits(crowd, "");
	loop_timer_set(timer, 600);
	loop_run(loop);
	loop_timer_destroy(timer);
	fd = arrive(FIRST, "");
	ck_assert(!is_gone(fd));
	ck_assert(is_gone(crowd[0]));
	ck_assert(!is_gone(crowd[1]));
	close(fd);
	close_all(crowd);
}
END_TEST

START_TEST(whose_turn_is_longest_ago_comes_first)
{
	int early_fd, late_fd;

	take_a_turn(FIRST);
	take_a_turn(FIRST + 1);
	late_fd = arrive(FIRST + 1, whole);
	early_fd = arrive(FIRST, whole);
	give_a_place();
	ck_assert(is_gone(early_fd));
	ck_assert(!is_gone(late_fd));
	close(early_fd);
	close(late_fd);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ws_porch");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, turned_away_is_no_turn);
	tcase_add_test(tcase, request_that_does_not_come_makes_room);
	tcase_add_test(tcase, whose_turn_is_longest_ago_comes_first);
	return run_tcase(tcase);
}
