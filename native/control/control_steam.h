#pragma once

#include <stdbool.h>

struct control_call;
struct control_ticket;
struct error;

/* The method steam.restart, for control_methods.c. Source: control/README.md. */
bool control_steam_restart(
	const struct control_call *call, struct control_ticket *ticket, struct error *err);
