#pragma once

#include <stdbool.h>

struct agent_settings;
struct config;
struct error;
struct game_trash;
struct loop;
struct pairing;
struct upload_store;

/*
 * The owner's settings while the agent runs: changed here or by an editor in settings.json, they
 * are checked, applied and told at once. What the command line set stays until that very key is
 * changed. A file that does not parse stays where it is, and a value that is not allowed, or
 * cannot be applied, leaves the present one in use; the complaint says so until the file is right.
 */
struct agent_settings_events {
	/* A key has a new value in the configuration, and is applied. */
	void (*changed)(void *user, const char *key);
	void (*renamed)(void *user); /* agent.name */
	/* agent.port: listen there. Errors: CONFLICT (it is taken), IO. */
	bool (*moved)(void *user, struct error *err);
	/* What is wrong with the file; NULL: nothing any more. */
	void (*complained)(void *user, const char *sentence);
};

/* All members are borrowed. */
struct agent_settings_options {
	struct loop *loop;
	struct config *config; /* in use */
	const char *home;      /* what "~" means */
	/* Whom a change is told: */
	struct pairing *pairing;
	struct upload_store *uploads;
	struct game_trash *trash;
};

/* Errors: IO. */
struct agent_settings *agent_settings_create(const struct agent_settings_options *options,
	const struct agent_settings_events *events, void *user, struct error *err);
void agent_settings_destroy(struct agent_settings *settings); /* NULL is fine */
/*
 * Sets, keeps and applies one. value: as a person types it. Errors: NOT_FOUND, INVALID,
 * CONFLICT (the file does not parse, the port is taken), IO, NO_SPACE; nothing changed then.
 */
bool agent_settings_set(
	struct agent_settings *settings, const char *key, const char *value, struct error *err);
