#pragma once

#include <stdbool.h>

struct control_call;
struct error;
struct strbuf;

/* Methods about installed games, for control_methods.c. Source: control/README.md. */
bool control_games_list(const struct control_call *call, struct strbuf *result, struct error *err);
