#include "discovery/avahi_stack.h"

#define LOG_MODULE "mdns"
#include "core/log.h"

#include <assert.h>
#include <avahi-common/malloc.h>
#include <avahi-core/log.h>
#include <dlfcn.h>
#include <stddef.h>

/* Records of other hosts that a lookup may keep, on each interface and protocol. */
#define RESOLVER_CACHE_COUNT 1024
/* As avahi-daemon's own configuration has it. */
#define RATELIMIT_INTERVAL_US 1000000
#define RATELIMIT_BURST_COUNT 1000

/* avahi-core writes to stderr otherwise. What matters also comes as an error. */
static void log_line(AvahiLogLevel level, const char *text)
{
	log_debug("avahi: %s", text);
}

static AvahiServer *create(const AvahiPoll *poll, AvahiServerConfig *config,
	AvahiServerCallback changed, void *user, int *avahi_error)
{
	AvahiServer *server;

	avahi_set_log_function(log_line);
	config->use_ipv4 = 1;
	config->use_ipv6 = 1;
	config->publish_hinfo = 0;
	config->publish_workstation = 0;
	config->publish_domain = 0;
	config->disallow_other_stacks = 0;
	config->enable_wide_area = 0;
	config->ratelimit_interval = RATELIMIT_INTERVAL_US;
	config->ratelimit_burst = RATELIMIT_BURST_COUNT;
	server = avahi_server_new(poll, config, changed, user, avahi_error);
	avahi_server_config_free(config);
	return server;
}

AvahiServer *avahi_stack_publisher(const AvahiPoll *poll, const char *host,
	AvahiServerCallback changed, void *user, int *avahi_error)
{
	AvahiServerConfig config;

	avahi_server_config_init(&config);
	avahi_free(config.host_name);
	config.host_name = avahi_strdup(host);
	config.publish_addresses = 0; /* mdns_addresses.h tells why */
	/* A responder needs no cache; one would keep and time every record of the network. */
	config.n_cache_entries_max = 0;
	return create(poll, &config, changed, user, avahi_error);
}

AvahiServer *avahi_stack_resolver(const AvahiPoll *poll, int *avahi_error)
{
	AvahiServerConfig config;

	avahi_server_config_init(&config);
	config.disable_publishing = 1;
	config.publish_addresses = 0;
	config.n_cache_entries_max = RESOLVER_CACHE_COUNT;
	return create(poll, &config, NULL, NULL, avahi_error);
}

/*
 * libavahi-client and libavahi-core both export a function of this name: the one takes an
 * AvahiEntryGroup, the other an AvahiServer and an AvahiSEntryGroup. In a program that links both
 * the dynamic linker gives the first one to both libraries, and the second crashes when it frees a
 * group (Avahi 0.8). A program's own definition comes before either; this one hands the call to the
 * function of the library that made it. Our own code frees groups with their client or server.
 */
void avahi_entry_group_free(void *first, void *second);

__attribute__((noinline, used, visibility("default"))) void avahi_entry_group_free(
	void *first, void *second)
{
	Dl_info caller = { 0 };
	void *library;
	void (*own)(void *first, void *second);

	dladdr(__builtin_return_address(0), &caller);
	library = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	assert(library != NULL);
	*(void **)&own = dlsym(library, "avahi_entry_group_free");
	assert(own != NULL && own != avahi_entry_group_free);
	own(first, second);
	dlclose(library);
}
