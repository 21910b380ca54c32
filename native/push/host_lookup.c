#include "push/host_lookup.h"

#include "core/error.h"
#include "core/list.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A name with more than a few addresses is a service, not a Deck. */
#define ADDRESSES_MAX 8
#define ADDRESS_BYTES (INET6_ADDRSTRLEN + 16) /* with %interface */

/* The thread's data; it may outlive the lookup, which does not wait for it. */
struct lookup_job {
	struct worker_job job;
	struct host_lookup *lookup; /* for done() alone */
	char *host;
	struct strvec addresses;
	int result; /* of getaddrinfo() */
};

struct host_lookup {
	struct worker *worker;	  /* NULL: numeric, no lookup needed */
	struct loop_timer *timer; /* reports the result */
	struct strvec addresses;
	struct error err;
	void (*found)(void *user, const struct strvec *addresses, const struct error *err);
	void *user;
};

static void free_job(struct worker_job *job)
{
	struct lookup_job *lookup = CONTAINER_OF(job, struct lookup_job, job);

	strvec_finish(&lookup->addresses);
	free(lookup->host);
	free(lookup);
}

static void add_address(struct strvec *addresses, const struct addrinfo *info)
{
	char address[ADDRESS_BYTES];

	if (addresses->count < ADDRESSES_MAX &&
		getnameinfo(info->ai_addr, info->ai_addrlen, address, sizeof(address), NULL, 0,
			NI_NUMERICHOST) == 0 &&
		!strvec_contains(addresses, address)) {
		strvec_push(addresses, address);
	}
}

/* Returns the result of getaddrinfo(). Any thread. */
static int look_up(const char *host, int flags, struct strvec *addresses)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo *infos = NULL;
	int result = getaddrinfo(host, NULL, &hints, &infos);

	if (result != 0) {
		return result;
	}
	for (const struct addrinfo *info = infos; info != NULL; info = info->ai_next) {
		add_address(addresses, info);
	}
	freeaddrinfo(infos);
	return addresses->count > 0 ? 0 : EAI_NONAME;
}

static void run_job(struct worker_job *job)
{
	struct lookup_job *lookup = CONTAINER_OF(job, struct lookup_job, job);

	lookup->result = look_up(lookup->host, 0, &lookup->addresses);
}

static void job_done(struct worker_job *job)
{
	struct lookup_job *done = CONTAINER_OF(job, struct lookup_job, job);
	struct host_lookup *lookup = done->lookup;

	if (done->result != 0) {
		error_set(&lookup->err, ERROR_NOT_FOUND,
			"cannot find '%s' (%s); check the name, or give its numeric address",
			done->host, gai_strerror(done->result));
	}
	strvec_copy(&lookup->addresses, &done->addresses);
	free_job(job);
	/* Not from here: found() may destroy the lookup, and the pool with it. */
	loop_timer_set(lookup->timer, 0);
}

static void report_addresses(void *user)
{
	struct host_lookup *lookup = user;
	bool failed = lookup->err.kind != ERROR_NONE;

	lookup->found(lookup->user, &lookup->addresses, failed ? &lookup->err : NULL);
}

static void ask_resolver(struct host_lookup *lookup, struct loop *loop, const char *host)
{
	struct lookup_job *job = xcalloc(1, sizeof(*job));

	job->job.run = run_job;
	job->job.done = job_done;
	job->lookup = lookup;
	job->host = xstrdup(host);
	lookup->worker = worker_create(loop, 1);
	worker_submit(lookup->worker, &job->job);
}

struct host_lookup *host_lookup_create(struct loop *loop, const char *host,
	void (*found)(void *user, const struct strvec *addresses, const struct error *err),
	void *user)
{
	struct host_lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->found = found;
	lookup->user = user;
	lookup->timer = loop_timer_create(loop, report_addresses, lookup);
	if (look_up(host, AI_NUMERICHOST, &lookup->addresses) == 0) {
		loop_timer_set(lookup->timer, 0);
	} else {
		ask_resolver(lookup, loop, host);
	}
	return lookup;
}

void host_lookup_destroy(struct host_lookup *lookup)
{
	if (lookup == NULL) {
		return;
	}
	if (lookup->worker != NULL) {
		worker_leave(lookup->worker, free_job);
	}
	loop_timer_destroy(lookup->timer);
	strvec_finish(&lookup->addresses);
	free(lookup);
}
