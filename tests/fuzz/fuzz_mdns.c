/*
 * Whatever services the network shows, however they come and go, what a person then sees of them is
 * printable, each is listed once, and none makes the lists grow beyond their limits.
 *
 * Avahi is played: as the daemon, or (first line "c…") as what capydeck-mdns is made of, whose
 * reports then take their way through the pipe; "n…": there is neither. An input's lines:
 *
 *	+<interface> <4|6> <name>	a service appears, "-…" goes, "f…" does not resolve
 *	s<interface> <4|6> <name>|<host>|<address>|<port>|<text>|…	it resolves
 *	a, x, e		all for now; the browser fails; Avahi's cache is full
 *	t		a second passes
 *	m		many services appear, resolve and go, which all have other names
 *	{…		a line that capydeck-mdns writes
 */
#include "core/child_lines.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "mdns/avahi_stack.h"
#include "mdns/sightings.h"
#include "proto/proto_mdns.h"
#include "push/agent_finder.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <avahi-core/lookup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINES_MAX 200
#define FIELDS_MAX 16
#define WAIT_MS 5000
#define MANY 400
#define MANY_STEPS_MAX 3 /* more than are listed */

/* A resolver of either Avahi. */
struct resolver {
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	char *name;
	AvahiServiceResolverCallback client_resolved;
	AvahiSServiceResolverCallback core_resolved;
	void *user;
	struct resolver *next;
};

static struct loop *loop;
static bool has_daemon, has_program;
static struct resolver *resolvers;
static size_t resolvers_count;
static AvahiServiceBrowserCallback client_browsed;
static AvahiSServiceBrowserCallback core_browsed;
static AvahiClientCallback client_changed;
static void *browsed_user, *client_user;
static const struct child_lines_options *child;
static struct child_lines_options child_options;
static struct sightings *sightings;
static unsigned finished_count, many_count;

/* --- What Avahi is played by --- */

static struct resolver *add_resolver(
	AvahiIfIndex interface, AvahiProtocol protocol, const char *name, void *user)
{
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));

	resolver->interface = interface;
	resolver->protocol = protocol;
	resolver->name = xstrdup(name);
	resolver->user = user;
	resolver->next = resolvers;
	resolvers = resolver;
	fuzz_require(++resolvers_count <= MDNS_SIGHTINGS_MAX);
	return resolver;
}

static void remove_resolver(struct resolver *gone)
{
	struct resolver **at = &resolvers;

	while (*at != gone) {
		at = &(*at)->next;
	}
	*at = gone->next;
	resolvers_count--;
	free(gone->name);
	free(gone);
}

AvahiClient *avahi_client_new(const AvahiPoll *poll, AvahiClientFlags flags,
	AvahiClientCallback changed, void *user, int *error)
{
	client_changed = changed;
	client_user = user;
	return has_daemon ? (AvahiClient *)&has_daemon : NULL;
}

void avahi_client_free(AvahiClient *client)
{
	client_browsed = NULL;
	client_changed = NULL;
}

AvahiServiceBrowser *avahi_service_browser_new(AvahiClient *client, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *type, const char *domain, AvahiLookupFlags flags,
	AvahiServiceBrowserCallback browsed, void *user)
{
	client_browsed = browsed;
	browsed_user = user;
	return (AvahiServiceBrowser *)&client_browsed;
}

AvahiServiceResolver *avahi_service_resolver_new(AvahiClient *client, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *name, const char *type, const char *domain,
	AvahiProtocol wanted, AvahiLookupFlags flags, AvahiServiceResolverCallback resolved,
	void *user)
{
	struct resolver *resolver = add_resolver(interface, protocol, name, user);

	resolver->client_resolved = resolved;
	return (AvahiServiceResolver *)resolver;
}

int avahi_service_resolver_free(AvahiServiceResolver *resolver)
{
	remove_resolver((struct resolver *)resolver);
	return 0;
}

AvahiServer *avahi_stack_resolver(const AvahiPoll *poll, int *avahi_error)
{
	return (AvahiServer *)&has_daemon;
}

int avahi_server_errno(AvahiServer *server)
{
	return AVAHI_ERR_FAILURE;
}

void avahi_server_free(AvahiServer *server)
{
	core_browsed = NULL;
}

AvahiSServiceBrowser *avahi_s_service_browser_new(AvahiServer *server, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *type, const char *domain, AvahiLookupFlags flags,
	AvahiSServiceBrowserCallback browsed, void *user)
{
	core_browsed = browsed;
	browsed_user = user;
	return (AvahiSServiceBrowser *)&core_browsed;
}

AvahiSServiceResolver *avahi_s_service_resolver_new(AvahiServer *server, AvahiIfIndex interface,
	AvahiProtocol protocol, const char *name, const char *type, const char *domain,
	AvahiProtocol wanted, AvahiLookupFlags flags, AvahiSServiceResolverCallback resolved,
	void *user)
{
	struct resolver *resolver = add_resolver(interface, protocol, name, user);

	resolver->core_resolved = resolved;
	return (AvahiSServiceResolver *)resolver;
}

void avahi_s_service_resolver_free(AvahiSServiceResolver *resolver)
{
	remove_resolver((struct resolver *)resolver);
}

/* --- The pipe of capydeck-mdns --- */

struct child_lines {
	bool is_ended;
};

static struct child_lines lines;

/* As child_lines.c does: a report that makes no sense ends the child. */
static void report_line(const char *line, size_t length)
{
	struct error why;

	if (child == NULL || lines.is_ended) {
		return;
	}
	if (length > child->report_max_bytes || !child->reported(child->user, line, length)) {
		lines.is_ended = true;
		error_set(&why, ERROR_CANCELLED, "it makes no sense");
		child->ended(child->user, &why);
	}
}

static void on_report(void *user, struct mdns_report *report)
{
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	json_write(&line, mdns_report_fields, report);
	report_line(line.data, line.length);
}

static void on_failed(void *user, int avahi_error)
{
	on_report(user, &(struct mdns_report){ .event = MDNS_CANNOT, .error = "no network" });
	if (child != NULL && !lines.is_ended) {
		lines.is_ended = true;
		child->ended(child->user, &(struct error){ .kind = ERROR_IO });
	}
}

static const struct sightings_events sightings_events = {
	.reported = on_report,
	.failed = on_failed,
};

struct child_lines *child_lines_create(
	struct loop *its_loop, const struct child_lines_options *options, struct error *err)
{
	if (!has_program) {
		error_set(err, ERROR_NOT_FOUND, "no such program");
		return NULL;
	}
	child_options = *options;
	child = &child_options;
	lines.is_ended = false;
	return &lines;
}

void child_lines_watch(struct child_lines *unused)
{
}

bool child_lines_send(struct child_lines *unused, struct strbuf *line, struct error *err)
{
	struct mdns_order order = { 0 };

	fuzz_require(json_read_text(&order, mdns_order_fields, line->data, line->length, NULL));
	if (strcmp(order.verb, MDNS_BROWSE) == 0) {
		sightings_destroy(sightings);
		sightings = sightings_create(NULL, order.type, &sightings_events, NULL);
	}
	json_finish(&order, mdns_order_fields);
	return true;
}

void child_lines_kill(struct child_lines *unused, const char *why)
{
}

void child_lines_end(struct child_lines *unused)
{
	child = NULL;
	sightings_destroy(TAKE_PTR(sightings));
}

void child_lines_wait(struct child_lines *unused, int wait_ms)
{
}

void child_lines_destroy(struct child_lines *unused)
{
}

/* --- The input --- */

static void browsed(
	AvahiBrowserEvent event, AvahiIfIndex interface, AvahiProtocol protocol, const char *name)
{
	if (client_browsed != NULL) {
		client_browsed(NULL, interface, protocol, event, name, "_capydeploy._tcp", "local",
			0, browsed_user);
	} else if (core_browsed != NULL) {
		core_browsed(NULL, interface, protocol, event, name, "_capydeploy._tcp", "local", 0,
			browsed_user);
	}
}

static void resolved(const struct resolver *resolver, AvahiResolverEvent event, const char *host,
	const AvahiAddress *address, uint16_t port, AvahiStringList *txt)
{
	if (resolver->client_resolved != NULL) {
		resolver->client_resolved(NULL, resolver->interface, resolver->protocol, event,
			resolver->name, "_capydeploy._tcp", "local", host, address, port, txt, 0,
			resolver->user);
	} else {
		resolver->core_resolved(NULL, resolver->interface, resolver->protocol, event,
			resolver->name, "_capydeploy._tcp", "local", host, address, port, txt, 0,
			resolver->user);
	}
}

/* fields: host, address, port, texts. */
static void resolve(const struct resolver *resolver, char *const *fields, size_t count)
{
	AvahiStringList *txt = NULL;
	AvahiAddress address;
	bool is_address = count > 2 && avahi_address_parse(fields[1], AVAHI_PROTO_UNSPEC, &address);

	for (size_t i = count; i > 3; i--) {
		txt = avahi_string_list_add(txt, fields[i - 1]);
	}
	resolved(resolver, is_address ? AVAHI_RESOLVER_FOUND : AVAHI_RESOLVER_FAILURE, fields[0],
		is_address ? &address : NULL,
		count > 2 ? (uint16_t)strtoul(fields[2], NULL, 10) : 0, txt);
	avahi_string_list_free(txt);
}

static void take_service(char kind, char *text)
{
	int interface = 0, family = 0, at = 0;
	char *fields[FIELDS_MAX];
	size_t count = 0;
	AvahiProtocol protocol;

	if (sscanf(text, "%d %d %n", &interface, &family, &at) < 2) {
		return;
	}
	protocol = family == 6 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET;
	for (char *field = text + at; field != NULL && count < FIELDS_MAX;) {
		fields[count++] = strsep(&field, "|");
	}
	if (kind == '+' || kind == '-') {
		browsed(kind == '+' ? AVAHI_BROWSER_NEW : AVAHI_BROWSER_REMOVE, interface, protocol,
			fields[0]);
		return;
	}
	for (const struct resolver *each = resolvers; each != NULL; each = each->next) {
		if (each->interface == interface && each->protocol == protocol &&
			strcmp(each->name, fields[0]) == 0) {
			resolve(each, fields + 1, kind == 's' && count > 1 ? count - 1 : 0);
			return;
		}
	}
}

static void take_many(void)
{
	static unsigned number;
	AvahiAddress address;

	avahi_address_parse("10.0.0.7", AVAHI_PROTO_INET, &address);
	for (unsigned i = 0; i < MANY; i++) {
		AUTO(free_ptr) char *name = xasprintf("many-%u", number++);

		browsed(AVAHI_BROWSER_NEW, 1, AVAHI_PROTO_INET, name);
		if (resolvers != NULL && strcmp(resolvers->name, name) == 0) {
			resolved(resolvers, AVAHI_RESOLVER_FOUND, "many.local", &address, 1, NULL);
		}
		loop_dispatch(loop);
		loop_dispatch(loop);
		browsed(AVAHI_BROWSER_REMOVE, 1, AVAHI_PROTO_INET, name);
		loop_dispatch(loop);
	}
}

static void take_line(const char *line, size_t length)
{
	AUTO(free_ptr) char *text = xcalloc(1, length + 1);

	memcpy(text, line, length);
	switch (text[0]) {
	case '+':
	case '-':
	case 's':
	case 'f':
		take_service(text[0], text + 1);
		break;
	case 'a':
		browsed(AVAHI_BROWSER_ALL_FOR_NOW, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, NULL);
		break;
	case 'e':
		browsed(AVAHI_BROWSER_CACHE_EXHAUSTED, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, NULL);
		break;
	case 'x':
		browsed(AVAHI_BROWSER_FAILURE, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, NULL);
		break;
	case 'c':
		if (client_changed != NULL) {
			client_changed(
				(AvahiClient *)&has_daemon, AVAHI_CLIENT_FAILURE, client_user);
		}
		break;
	case '{':
		report_line(line, length);
		break;
	case 'm':
		if (many_count++ < MANY_STEPS_MAX) {
			take_many();
		}
		break;
	default:
		if (child != NULL && !lines.is_ended) {
			child->ping(child->user);
		}
		fuzz_clock_skip(1000);
		break;
	}
	loop_dispatch(loop);
	loop_dispatch(loop);
}

/* --- What comes of it --- */

static void check_text(const char *text)
{
	uint32_t code;
	size_t step;

	fuzz_require(text != NULL && utf8_valid(text, strlen(text)));
	for (; *text != '\0'; text += step) {
		step = utf8_decode(text, strlen(text), &code);
		fuzz_require(!utf8_is_control(code) && !utf8_is_reordering(code));
	}
}

static void check_agents(struct agent_finder *finder)
{
	size_t count = 0;
	const struct found_agent *agents = agent_finder_agents(finder, &count);

	for (size_t i = 0; i < count; i++) {
		const struct found_agent *agent = &agents[i], *match;
		struct error err = { 0 };

		check_text(agent->id);
		check_text(agent->name);
		check_text(agent->host);
		check_text(agent->address);
		check_text(agent->platform);
		check_text(agent->version);
		fuzz_require(agent->port <= UINT16_MAX && agent->address[0] != '\0');
		match = agent_finder_match(finder, agent->id, &err);
		fuzz_require(match != NULL && strcasecmp(match->id, agent->id) == 0);
		match = agent_finder_match(finder, agent->name, &err);
		fuzz_require(match != NULL || err.kind == ERROR_CONFLICT);
		for (size_t j = 0; j < i; j++) {
			fuzz_require(strcmp(agents[j].id, agent->id) != 0);
		}
	}
	if (agent_finder_match(finder, "nobody", NULL) == NULL) {
		fuzz_require(count == 0 || strcmp(agents[0].id, "nobody") != 0);
	}
}

static void on_finished(void *user, const struct error *err)
{
	finished_count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_lines input = fuzz_lines_of(data, size);
	struct agent_finder *finder;
	const char *line;
	size_t length;

	if (loop == NULL) {
		loop = loop_create();
	}
	has_program = size == 0 || data[0] != 'n';
	has_daemon = has_program && (size == 0 || data[0] != 'c');
	finished_count = many_count = 0;
	finder = agent_finder_create(loop, "deck", WAIT_MS, on_finished, NULL);
	loop_dispatch(loop);
	for (unsigned i = 0; i < LINES_MAX && fuzz_next_line(&input, &line, &length); i++) {
		take_line(line, length);
	}
	fuzz_clock_skip(WAIT_MS);
	while (finished_count == 0) {
		loop_dispatch(loop);
	}
	check_agents(finder);
	agent_finder_destroy(finder);
	fuzz_require(resolvers_count == 0);
	return 0;
}
