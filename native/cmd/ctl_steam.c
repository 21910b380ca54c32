#include "cmd/ctl_steam.h"

#include "cmd/ctl_print.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "proto/proto_ipc.h"

#include <stdio.h>

bool ctl_steam_show(struct ctl *ctl, char **args, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf json = { 0 };
	struct ipc_status status = { 0 };
	bool ok = ctl_fetch(ctl, "status", ipc_status_fields, &status, err);

	if (ok && ctl->json) {
		json_write(&json, ipc_steam_fields, &status.steam);
		puts(json.data);
	} else if (ok) {
		ctl_print_steam(&status.steam);
	}
	json_finish(&status, ipc_status_fields);
	return ok;
}

bool ctl_steam_restart(struct ctl *ctl, char **args, struct error *err)
{
	const struct ipc_restart params = { .force = ctl->force };
	struct ipc_restarted restarted = { 0 };
	bool ok = ctl_call(ctl, "steam.restart", ipc_restart_fields, &params, ipc_restarted_fields,
		&restarted, err);

	if (ok && !ctl->json) {
		ctl_say("%s", restarted.message);
	}
	json_finish(&restarted, ipc_restarted_fields);
	return ok;
}
