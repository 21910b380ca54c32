#pragma once

#include "cmd/ctl.h"

/* `capydeck ctl games …` */
ctl_run ctl_games_delete;  /* NAME, APPID or DIR */
ctl_run ctl_games_restore; /* ID or NAME */
ctl_run ctl_games_discard; /* ID */
