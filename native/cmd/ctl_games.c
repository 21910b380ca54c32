#include "cmd/ctl_games.h"

#include "cmd/ctl_print.h"
#include "proto/proto_ipc.h"

bool ctl_games_list(struct ctl *ctl, char **args, struct error *err)
{
	struct ipc_games games = { 0 };
	bool ok = ctl_call(ctl, "games.list", NULL, NULL, ipc_games_fields, &games, err);

	if (ok && !ctl->json) {
		ctl_print_games(&games);
	}
	json_finish(&games, ipc_games_fields);
	return ok;
}
