#include "steam/steam_driver.h"

#include "core/cleanup.h"
#include "core/strbuf.h"

#include <assert.h>

struct steam_driver *steam_driver_pick(
	struct steam_driver *const *drivers, size_t count, struct strbuf *reason)
{
	AUTO(strbuf_finish) struct strbuf said = { 0 };
	size_t i = 0;

	assert(count > 0);
	while (!drivers[i]->ops->ready(drivers[i], &said) && i + 1 < count) {
		strbuf_reset(&said);
		i++;
	}
	if (reason != NULL) {
		strbuf_append(reason, strbuf_text(&said), said.length);
	}
	return drivers[i];
}
