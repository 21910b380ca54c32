#pragma once

#include <stdbool.h>

struct control_call;
struct control_ticket;
struct error;
struct strbuf;

/* Methods about installed and deleted games, for control_methods.c. Source: control/README.md. */
bool control_games_list(const struct control_call *call, struct strbuf *result, struct error *err);
bool control_games_trash(const struct control_call *call, struct strbuf *result, struct error *err);
bool control_games_discard(
	const struct control_call *call, struct strbuf *result, struct error *err);
bool control_games_delete(
	const struct control_call *call, struct control_ticket *ticket, struct error *err);
bool control_games_restore(
	const struct control_call *call, struct control_ticket *ticket, struct error *err);
