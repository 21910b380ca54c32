#include "hubs/agent_hub.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"
#include "proto/proto_session.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX_BYTES 128
#define TEXT_MAX_BYTES 64 /* name, version, platform: shown to users */

/* A text for display: printable and short. */
static char *clean_text(const char *text, const char *otherwise)
{
	char *clean = xstrdup(text != NULL && *text != '\0' ? text : otherwise);

	utf8_make_printable(clean);
	clean[utf8_cut(clean, strlen(clean), TEXT_MAX_BYTES)] = '\0';
	return clean;
}

static bool check_id(const char *id, struct error *err)
{
	AUTO(free_ptr) char *printable = xstrdup(id);

	utf8_make_printable(printable);
	return (*id != '\0' && strlen(id) <= ID_MAX_BYTES && strcmp(printable, id) == 0) ||
	       error_set(err, ERROR_INVALID,
		       "'hubId' must have 1 to %d bytes without control characters, not '%.40s'",
		       ID_MAX_BYTES, id);
}

bool agent_hub_init(struct agent_hub *hub, const struct hub_connected *hello, struct error *err)
{
	if (!check_id(hello->hub_id, err)) {
		return false;
	}
	if (hello->protocol_version > PROTO_VERSION) {
		return error_set(err, ERROR_BLOCKED,
			"protocol version %lld is not supported; this agent speaks version %d",
			(long long)hello->protocol_version, PROTO_VERSION);
	}
	*hub = (struct agent_hub){
		.id = xstrdup(hello->hub_id),
		.name = clean_text(hello->name, "a Hub without a name"),
		.version = clean_text(hello->version, ""),
		.platform = clean_text(hello->platform, ""),
		.is_desktop = hub_connected_is_desktop(hello),
	};
	return true;
}

void agent_hub_finish(struct agent_hub *hub)
{
	free(hub->id);
	free(hub->name);
	free(hub->version);
	free(hub->platform);
	*hub = (struct agent_hub){ 0 };
}
