#include "mdns/avahi_stack.h"

#include <avahi-common/malloc.h>
#include <avahi-core/log.h>
#include <stddef.h>

/* Records of other hosts that a lookup may keep, on each interface and protocol. */
#define RESOLVER_CACHE_COUNT 1024
/* As avahi-daemon's own configuration has it. */
#define RATELIMIT_INTERVAL_US 1000000
#define RATELIMIT_BURST_COUNT 1000

/* Otherwise avahi-core writes to stderr. What matters is also returned as an error. */
static void drop_line(AvahiLogLevel level, const char *text)
{
}

static AvahiServer *create(const AvahiPoll *poll, AvahiServerConfig *config,
	AvahiServerCallback changed, void *user, int *avahi_error)
{
	AvahiServer *server;

	avahi_set_log_function(drop_line);
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
	config.publish_addresses = 0; /* host_addresses.h explains why */
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
