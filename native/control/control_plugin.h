#pragma once

#include <stdbool.h>

struct control_call;
struct error;
struct strbuf;

/*
 * The methods that only the interface in Game Mode calls, rows of the table in control_methods.c:
 * it attaches and detaches, and gets images, in parts, since one in a single line would hold up
 * everything else that is said on the connection.
 */
bool control_plugin_attach(
	const struct control_call *call, struct strbuf *result, struct error *err);
bool control_plugin_detach(
	const struct control_call *call, struct strbuf *result, struct error *err);
bool control_plugin_read_file(
	const struct control_call *call, struct strbuf *result, struct error *err);
bool control_plugin_artwork(
	const struct control_call *call, struct strbuf *result, struct error *err);
