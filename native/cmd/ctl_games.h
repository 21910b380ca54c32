#pragma once

#include "cmd/ctl.h"

/* `capydeck ctl games …` */
ctl_run ctl_games_list;
