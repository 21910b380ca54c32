#pragma once

#include "core/state_file.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct strvec;

/*
 * How this agent describes itself. Its id is 8 hex digits, generated once and stored in
 * <config_dir>/agent.json, version 1: Hubs store their tokens by it, so it never changes, and
 * nobody is served before it is known.
 */
struct agent_identity {
	const char *id;	      /* "": not known yet */
	const char *platform; /* "steamdeck", "chimeraos", "legiongologo", "rogally", "linux" */
	const char *version;  /* the program's */
	struct state_link link;
	struct identity_file {
		int64_t version;
		char *id;
	} file;
};

/*
 * The rest is known at once; the id once agent_identity_ready(). *notice (caller frees, else NULL)
 * says when a damaged file was set aside. The identity must not be moved.
 */
void agent_identity_init(struct agent_identity *identity, const char *config_dir, char **notice);
void agent_identity_finish(struct agent_identity *identity);
/*
 * Reads or, if there is none, generates and saves the id, unless it is known. Errors, with a
 * sentence for the user: IO (it cannot be read now), NO_SPACE, IO (a new one cannot be saved).
 */
bool agent_identity_ready(struct agent_identity *identity, struct error *err);

/* The capabilities that get_info lists: only what works. Fills an empty list. */
void agent_identity_capabilities(struct strvec *capabilities);

/*
 * The platform by /etc/os-release' text and the DMI product and board names, as the kernel gives
 * them; each may be "". Static text.
 */
const char *agent_identity_platform(
	const char *os_release, const char *product_name, const char *board_name);
