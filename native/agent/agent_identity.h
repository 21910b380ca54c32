#pragma once

#include <stdbool.h>

struct error;
struct strvec;

/*
 * What this agent says about itself. Its id is 8 hex digits, drawn once and kept in
 * <config_dir>/agent.json, version 1: Hubs key their tokens by it, so it is stable for life.
 */
struct agent_identity {
	char *id;
	const char *platform; /* "steamdeck", "chimeraos", "legiongologo", "rogally", "linux" */
	const char *version;  /* the program's */
};

/*
 * Reads or makes the id. *notice (caller frees, else NULL) says when a damaged file was set aside
 * and a new id was drawn. Errors: IO, NO_SPACE (a new id cannot be kept).
 */
bool agent_identity_init(
	struct agent_identity *identity, const char *config_dir, char **notice, struct error *err);
void agent_identity_finish(struct agent_identity *identity);

/* What get_info lists: only what works. Fills an empty list. */
void agent_identity_capabilities(struct strvec *capabilities);

/*
 * The platform by /etc/os-release' text and the DMI product and board names, as the kernel gives
 * them; each may be "". Static text.
 */
const char *agent_identity_platform(
	const char *os_release, const char *product_name, const char *board_name);
