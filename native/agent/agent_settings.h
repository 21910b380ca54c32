#pragma once

#include <stdbool.h>

struct agent_settings;
struct config;
struct error;
struct game_trash;
struct kept_files;
struct libraries;
struct loop;
struct pairing;
struct upload_store;

/*
 * The owner's settings while the agent runs: changed here or by an editor in settings.json, they
 * are checked, applied and reported at once. Values from the command line stay until that key is
 * changed. A file that does not parse is left in place, and a value that is not allowed, or cannot
 * be applied, leaves the current one in use; the complaint says so until the file is corrected.
 */
struct agent_settings_events {
	/* A key has a new value, which has been applied. */
	void (*changed)(void *user, const char *key);
	void (*renamed)(void *user); /* agent.name */
	/* agent.port: listen there. Errors: CONFLICT (it is in use), IO. */
	bool (*moved)(void *user, struct error *err);
	/* What is wrong with the file; NULL: it is correct again. */
	void (*complained)(void *user, const char *sentence);
};

/* All members are borrowed. */
struct agent_settings_options {
	struct loop *loop;
	struct config *config; /* in use */
	const char *home;      /* the value of "~" */
	/* Notified of changes: */
	struct pairing *pairing;
	struct libraries *libraries;
	struct upload_store *uploads;
	struct game_trash *trash;
	struct kept_files *kept;
};

/* Errors: IO. */
struct agent_settings *agent_settings_create(const struct agent_settings_options *options,
	const struct agent_settings_events *events, void *user, struct error *err);
void agent_settings_destroy(struct agent_settings *settings); /* NULL is fine */
/*
 * Reads and applies the file if it could not be read so far. Errors, with a sentence for the user:
 * IO.
 */
bool agent_settings_ready(struct agent_settings *settings, struct error *err);
/*
 * Sets, saves and applies one. value: as a user types it. Errors:
 * NOT_FOUND, INVALID, CONFLICT (the file does not parse, the port is in use), IO, NO_SPACE; then
 * nothing has changed.
 */
bool agent_settings_set(
	struct agent_settings *settings, const char *key, const char *value, struct error *err);
