#define LOG_MODULE "agent"

#include "agent/agent_announcer.h"

#include "agent/agent_identity.h"
#include "agent/config.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "discovery/mdns.h"
#include "proto/proto_constants.h"

#include <stdlib.h>

/* Desktop Hubs forget an agent that they have not resolved anew for 120 s. */
#define REFRESH_MS (60 * 1000)

struct agent_announcer {
	const struct config *config;
	const struct agent_identity *identity;
	struct mdns *mdns;
	void (*changed)(void *user);
	void *user;
};

static void fill_txt(const struct agent_announcer *announcer, struct strvec *txt)
{
	const struct agent_identity *identity = announcer->identity;

	strvec_push_take(txt, xasprintf("id=%s", identity->id));
	strvec_push_take(txt, xasprintf("name=%s", announcer->config->agent_name));
	strvec_push_take(txt, xasprintf("version=%s", identity->version));
	strvec_push_take(txt, xasprintf("platform=%s", identity->platform));
}

static void on_mdns_changed(void *user, enum mdns_state state)
{
	const struct agent_announcer *announcer = user;

	if (state == MDNS_FAILED) {
		log_warning("%s", mdns_detail(announcer->mdns));
	} else {
		log_info("%s", mdns_detail(announcer->mdns));
	}
	announcer->changed(announcer->user);
}

struct agent_announcer *agent_announcer_create(struct loop *loop, const struct config *config,
	const struct agent_identity *identity, uint16_t port, void (*changed)(void *user),
	void *user)
{
	struct agent_announcer *announcer = xcalloc(1, sizeof(*announcer));
	AUTO(free_ptr) char *host = xasprintf("capydeck-%s", identity->id);
	AUTO(strvec_finish) struct strvec txt = { 0 };

	announcer->config = config;
	announcer->identity = identity;
	announcer->changed = changed;
	announcer->user = user;
	fill_txt(announcer, &txt);
	announcer->mdns = mdns_create(loop,
		&(struct mdns_options){
			.type = PROTO_SERVICE_TYPE,
			.name = identity->id,
			.host = host,
			.port = port,
			.txt = &txt,
			.refresh_ms = REFRESH_MS,
		},
		on_mdns_changed, announcer);
	return announcer;
}

void agent_announcer_update(struct agent_announcer *announcer)
{
	AUTO(strvec_finish) struct strvec txt = { 0 };

	if (announcer != NULL) {
		fill_txt(announcer, &txt);
		mdns_update(announcer->mdns, &txt);
	}
}

const struct mdns *agent_announcer_mdns(const struct agent_announcer *announcer)
{
	return announcer->mdns;
}

void agent_announcer_destroy(struct agent_announcer *announcer)
{
	if (announcer != NULL) {
		mdns_destroy(announcer->mdns);
		free(announcer);
	}
}
