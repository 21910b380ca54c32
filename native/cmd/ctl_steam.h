#pragma once

#include "cmd/ctl.h"

/* `capydeck ctl steam …` */
ctl_run ctl_steam_show;
ctl_run ctl_steam_restart;
