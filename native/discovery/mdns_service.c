#include "discovery/mdns_service.h"

#include "core/random.h"
#include "core/xalloc.h"
#include "discovery/mdns.h"

#include <stdlib.h>

#define RETRY_MAX_MS (5 * 60 * 1000)
#define SEQ_START_LIMIT 1000000

void mdns_service_init(struct mdns_service *service, const struct mdns_options *options)
{
	service->type = xstrdup(options->type);
	service->name = xstrdup(options->name);
	service->host = xstrdup(options->host);
	service->port = options->port;
	strvec_copy(&service->txt, options->txt);
	/* Not from 0, or a Hub would take the agent's restart for the record it already has. */
	service->seq = random_below(SEQ_START_LIMIT);
}

void mdns_service_finish(struct mdns_service *service)
{
	free(service->type);
	free(service->name);
	free(service->host);
	strvec_finish(&service->txt);
	*service = (struct mdns_service){ 0 };
}

AvahiStringList *mdns_service_txt(const struct mdns_service *service)
{
	AvahiStringList *list = NULL;

	for (size_t i = 0; i < service->txt.count; i++) {
		list = avahi_string_list_add(list, service->txt.items[i]);
	}
	list = avahi_string_list_add_printf(list, "seq=%u", service->seq);
	return list;
}

int64_t mdns_retry_delay_ms(int64_t *last_ms, int64_t first_ms)
{
	int64_t delay_ms = *last_ms * 2 > first_ms ? *last_ms * 2 : first_ms;

	*last_ms = delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS;
	return *last_ms;
}
