#pragma once

#include "core/json.h"
#include "core/strvec.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The owner's settings: one flat JSON object with dotted keys in <config_dir>/settings.json,
 * version 1. Unknown keys survive a rewrite. One table in config_keys.c has key, type, default,
 * check and help, for the file, `ctl settings` and the UI.
 */
struct config {
	char *path;	    /* of the file */
	bool is_unread;	    /* it cannot be read now, and these are the defaults */
	int64_t version;    /* the file's: a file from a newer program is not rewritten as an older
			       version */
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
	/* pairing.sendCodeToHub: puts the code on the wire, protocol.md §3.1; default false */
	bool pairing_send_code_to_hub;
	/* uploads.expireDays: 1–90; default 7 */
	int64_t uploads_expire_days;
	/* games.trashDays: 1–90; default 7 */
	int64_t games_trash_days;
	/* games.keepPrevious: the build that an update replaces; default true */
	bool games_keep_previous;
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

/* Every setting once; read by config.c alone. */
#define CONFIG_KEY_COUNT 17
#define CONFIG_NAME_BYTES 128
#define CONFIG_DAY_MS (24 * 60 * 60 * INT64_C(1000)) /* for settings in days */

struct config_key {
	struct json_field field;		/* of struct config */
	const char *default_json;		/* NULL: the host's name */
	bool (*is_allowed)(const void *member); /* NULL: anything of the type */
	const char *allowed;			/* completes "must be …" */
	const char *help;
};

extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/* NULL: no such setting. */
const struct config_key *config_key_find(const char *name);
