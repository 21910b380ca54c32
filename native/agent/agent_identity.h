#pragma once

#include <stdbool.h>

struct error;
struct strvec;

/*
 * How this agent describes itself. Its id is 8 hex digits, generated once and stored in
 * <config_dir>/agent.json, version 1: Hubs store their tokens by it, so it never changes.
 */
struct agent_identity {
	char *id;
	const char *platform; /* "steamdeck", "chimeraos", "legiongologo", "rogally", "linux" */
	const char *version;  /* the program's */
};

/*
 * Reads or generates the id. *notice (caller frees, else NULL) says when a damaged file was set
 * aside and a new id was generated. Errors: IO, NO_SPACE (a new id cannot be saved).
 */
bool agent_identity_init(
	struct agent_identity *identity, const char *config_dir, char **notice, struct error *err);
void agent_identity_finish(struct agent_identity *identity);

/* The capabilities that get_info lists: only what works. Fills an empty list. */
void agent_identity_capabilities(struct strvec *capabilities);

/*
 * The platform by /etc/os-release' text and the DMI product and board names, as the kernel gives
 * them; each may be "". Static text.
 */
const char *agent_identity_platform(
	const char *os_release, const char *product_name, const char *board_name);
