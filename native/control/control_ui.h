#pragma once

#include <stdbool.h>

struct control_call;
struct error;
struct strbuf;

/* Methods of the game-mode plugin, for control_methods.c. Source: control/README.md. */
bool control_ui_attach(const struct control_call *call, struct strbuf *result, struct error *err);
bool control_ui_detach(const struct control_call *call, struct strbuf *result, struct error *err);
bool control_ui_read_file(
	const struct control_call *call, struct strbuf *result, struct error *err);
