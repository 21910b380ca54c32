#define SUITE_ALONE /* replaces the resolver */
#include "push/host_lookup.h"

#include "core/error.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct loop *loop;
static struct strvec found;
static struct error failure;
static unsigned found_count;
static atomic_uint asked_count;
static int asked_fd; /* readable: a thread is in the resolver */

static struct addrinfo *make_info(const char *address, struct addrinfo *next)
{
	struct {
		struct addrinfo info;
		struct sockaddr_in place;
	} *made = calloc(1, sizeof(*made));

	made->place.sin_family = AF_INET;
	inet_pton(AF_INET, address, &made->place.sin_addr);
	made->info.ai_family = AF_INET;
	made->info.ai_addr = (struct sockaddr *)&made->place;
	made->info.ai_addrlen = sizeof(made->place);
	made->info.ai_next = next;
	return &made->info;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	uint64_t one = 1;

	if ((hints->ai_flags & AI_NUMERICHOST) != 0) {
		if (strcmp(node, "127.0.0.1") != 0) {
			return EAI_NONAME;
		}
		*result = make_info(node, NULL);
		return 0;
	}
	atomic_fetch_add(&asked_count, 1);
	if (strcmp(node, "hangs") == 0) {
		if (write(asked_fd, &one, sizeof(one)) < 0) {
			abort();
		}
		for (;;) {
			pause();
		}
	}
	if (strcmp(node, "deck.example") != 0) {
		return EAI_NONAME;
	}
	*result = make_info("192.0.2.1", make_info("192.0.2.1", make_info("192.0.2.9", NULL)));
	return 0;
}

void freeaddrinfo(struct addrinfo *infos)
{
	while (infos != NULL) {
		struct addrinfo *next = infos->ai_next;

		free(infos);
		infos = next;
	}
}

static void reset(void)
{
	found_count = 0;
	failure = (struct error){ .kind = ERROR_NONE };
}

static void on_found(void *user, const struct strvec *addresses, const struct error *err)
{
	struct host_lookup **lookup = user;

	found_count++;
	strvec_copy(&found, addresses);
	if (err != NULL) {
		failure = *err;
	}
	host_lookup_destroy(*lookup);
	loop_stop(loop);
}

static void look_up(const char *host)
{
	struct host_lookup *lookup;

	loop = loop_create();
	lookup = host_lookup_create(loop, host, on_found, &lookup);
	ck_assert_uint_eq(found_count, 0);
	loop_run(loop);
	loop_destroy(loop);
	ck_assert_uint_eq(found_count, 1);
}

START_TEST(a_numeric_host_is_its_own_address)
{
	look_up("127.0.0.1");
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.items[0], "127.0.0.1");
	ck_assert_uint_eq(asked_count, 0);
	strvec_finish(&found);
}
END_TEST

START_TEST(each_address_is_told_once_in_order)
{
	look_up("deck.example");
	ck_assert_uint_eq(found.count, 2);
	ck_assert_str_eq(found.items[0], "192.0.2.1");
	ck_assert_str_eq(found.items[1], "192.0.2.9");
	ck_assert_int_eq(failure.kind, ERROR_NONE);
	strvec_finish(&found);
}
END_TEST

START_TEST(a_name_that_is_none_is_said_so)
{
	look_up("nowhere");
	ck_assert_uint_eq(found.count, 0);
	ck_assert_int_eq(failure.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(failure.message, "cannot find 'nowhere'"));
}
END_TEST

START_TEST(nobody_waits_for_a_resolver_that_hangs)
{
	struct host_lookup *lookup;
	uint64_t value;

	loop = loop_create();
	asked_fd = eventfd(0, EFD_CLOEXEC);
	lookup = host_lookup_create(loop, "hangs", on_found, &lookup);
	ck_assert_int_eq(read(asked_fd, &value, sizeof(value)), sizeof(value));
	host_lookup_destroy(lookup);
	loop_destroy(loop);
	ck_assert_uint_eq(found_count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_lookup");

	tcase_add_checked_fixture(tcase, reset, NULL);
	tcase_add_test(tcase, a_numeric_host_is_its_own_address);
	tcase_add_test(tcase, each_address_is_told_once_in_order);
	tcase_add_test(tcase, a_name_that_is_none_is_said_so);
	tcase_add_test(tcase, nobody_waits_for_a_resolver_that_hangs);
	return run_tcase(tcase);
}
