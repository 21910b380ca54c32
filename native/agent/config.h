#pragma once

#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct strbuf;

/*
 * The owner's settings: one flat JSON object with dotted keys in <config_dir>/settings.json,
 * version 1. Unknown keys survive a rewrite. One table in config_keys.c holds key, type, default,
 * check and help, and serves the file, `ctl settings` and the UI.
 */
struct config {
	char *path;	 /* of the file */
	int64_t version; /* the file's: a newer program's file is not rewritten as an older one */
	char *unknown_json; /* the file's members that are not ours: "key":value,…; never NULL */
	/* agent.name: shown to Hubs, 1–128 bytes; default: the host's name */
	char *agent_name;
	/* agent.port: 1–65535 (0 is allowed on the command line only); default 9999 */
	int64_t agent_port;
	/* library.path: default install folder, "~" allowed; default "~/Games" */
	char *library_path;
	/* library.extra: further folders that installPath may name; default none */
	struct strvec library_extra;
	/* connections.accept; default true */
	bool connections_accept;
	/* connections.allowedOrigins: browsers that may connect; default none */
	struct strvec connections_allowed_origins;
	/* pairing.sendCodeToHub: puts the code on the wire, see proto/protocol.md; default false */
	bool pairing_send_code_to_hub;
	/* uploads.expireDays: 1–90; default 7 */
	int64_t uploads_expire_days;
	/* games.trashDays: 1–90; default 7 */
	int64_t games_trash_days;
	/* steam.compatTool: for Windows games; "": none; default "proton_experimental" */
	char *steam_compat_tool;
	/* steam.restartWhilePlaying; default false */
	bool steam_restart_while_playing;
	/* steam.debuggerPort: 1–65535; default 8080 */
	int64_t steam_debugger_port;
	/* overlay.language: a locale; "": the session's; default "" */
	char *overlay_language;
	/* overlay.largeText, overlay.reducedMotion; default false */
	bool overlay_large_text;
	bool overlay_reduced_motion;
	/* artwork.localServers: loopback and private addresses in artwork's URLs; default false */
	bool artwork_local_servers;
};

/*
 * Reads the file; one that is missing gives the defaults, one that does not parse is set aside
 * and gives the defaults too. A value that is not allowed gives that key's default. *notice
 * (caller frees, else NULL) says what was wrong, also that the file is a newer program's.
 */
void config_load(struct config *config, const char *path, char **notice);
/*
 * Reads the file anew for a program that runs with present. Unlike config_load() it leaves a file
 * that does not parse where it is, as someone may be editing it, and a value that is not allowed
 * gives the present one. On failure config is empty. Errors: INVALID, TOO_LARGE, IO.
 */
bool config_reload(
	struct config *config, const struct config *present, char **notice, struct error *err);
void config_finish(struct config *config);
/* Errors: IO, NO_SPACE. */
bool config_save(const struct config *config, struct error *err);

/*
 * Sets one key from text, as a person types it: "true", "9998", "~/Games", or JSON (a list:
 * ["a","b"], or one item). On failure nothing is changed. Errors: NOT_FOUND (no such key, the
 * message lists those there are), INVALID (the message names the key, the value and what is
 * allowed).
 */
bool config_set(struct config *config, const char *key, const char *value, struct error *err);
/* Appends the key's value as JSON. Errors: NOT_FOUND. */
bool config_get(
	const struct config *config, const char *key, struct strbuf *json, struct error *err);
/* Appends one JSON object with every key and value. */
void config_write(const struct config *config, struct strbuf *json);
/* The table's rows for `--help`: false when index is past the end. Strings are borrowed. */
bool config_describe(unsigned index, const char **key, const char **help);
