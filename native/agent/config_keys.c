#include "agent/config_keys.h"

#include "core/strvec.h"
#include "core/utf8.h"

#include <stdint.h>
#include <string.h>

#define LIST_ITEMS 100

static bool is_printable(const char *text)
{
	size_t length = strlen(text), at = 0;

	while (at < length) {
		uint32_t code = 0;
		size_t count = utf8_decode(text + at, length - at, &code);

		if (count == 0 || utf8_is_control(code) || utf8_is_reordering(code)) {
			return false;
		}
		at += count;
	}
	return true;
}

static bool is_name(const void *member)
{
	const char *name = *(char *const *)member;

	return is_printable(name) && strspn(name, " ") < strlen(name) &&
	       strlen(name) <= CONFIG_NAME_BYTES;
}

static bool is_port(const void *member)
{
	int64_t port = *(const int64_t *)member;

	return port >= 1 && port <= 65535;
}

static bool is_day_count(const void *member)
{
	int64_t days = *(const int64_t *)member;

	return days >= 1 && days <= 90;
}

/* Steam's name for a tool, such as "proton_experimental", or a folder in compatibilitytools.d. */
static bool is_tool_name(const void *member)
{
	const char *name = *(char *const *)member;

	return is_printable(name) && strlen(name) <= CONFIG_NAME_BYTES && strchr(name, '"') == NULL;
}

/* A locale such as "de" or "pt_BR"; "" is the session's own. */
static bool is_language(const void *member)
{
	const char *name = *(char *const *)member;

	return strlen(name) <= 16 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
						  "VWXYZ_-.0123456789@") == strlen(name);
}

static bool is_folder_path(const char *path)
{
	if (*path != '/' && strcmp(path, "~") != 0 && strncmp(path, "~/", 2) != 0) {
		return false;
	}
	for (const char *at = path; (at = strstr(at, "/..")) != NULL; at++) {
		if (at[3] == '/' || at[3] == '\0') {
			return false;
		}
	}
	return is_printable(path);
}

static bool is_folder(const void *member)
{
	return is_folder_path(*(char *const *)member);
}

static bool is_folder_list(const void *member)
{
	const struct strvec *list = member;

	for (size_t i = 0; i < list->count; i++) {
		if (!is_folder_path(list->items[i])) {
			return false;
		}
	}
	return list->count <= LIST_ITEMS;
}

/* RFC 6454 §6.1: scheme "://" host [":" port]. */
static bool is_origin_list(const void *member)
{
	const struct strvec *list = member;

	for (size_t i = 0; i < list->count; i++) {
		const char *host = strstr(list->items[i], "://");

		if (host == NULL || host == list->items[i] || host[3] == '\0' ||
			strpbrk(host + 3, "/ ") != NULL || !is_printable(list->items[i])) {
			return false;
		}
	}
	return list->count <= LIST_ITEMS;
}

#define FIELD(member_, key_, type_) JSON_FIELD(struct config, member_, key_, type_, 0)

const struct config_key config_keys[CONFIG_KEY_COUNT] = {
	{ FIELD(agent_name, "agent.name", JSON_STRING), NULL, is_name,
		"a name of 1 to 128 bytes without control characters",
		"name shown to Hubs (default: the host's name)" },
	{ FIELD(agent_port, "agent.port", JSON_INT64), "9999", is_port,
		"a whole number from 1 to 65535", "port to listen on (default: 9999)" },
	{ FIELD(library_path, "library.path", JSON_STRING), "\"~/Games\"", is_folder,
		"a folder that starts with / or ~ and has no '..'",
		"folder that games are installed in (default: ~/Games)" },
	{ FIELD(library_extra, "library.extra", JSON_STRINGS), "[]", is_folder_list,
		"a list of folders that start with / or ~ and have no '..'",
		"further folders that a Hub may install in (default: none)" },
	{ FIELD(connections_accept, "connections.accept", JSON_BOOL), "true", NULL, "true or false",
		"whether Hubs may connect (default: true)" },
	{ FIELD(connections_allowed_origins, "connections.allowedOrigins", JSON_STRINGS), "[]",
		is_origin_list, "a list of origins such as \"https://hub.example\"",
		"web pages that may connect (default: none)" },
	{ FIELD(pairing_send_code_to_hub, "pairing.sendCodeToHub", JSON_BOOL), "false", NULL,
		"true or false",
		"send the pairing code to the Hub too; pairing then no longer proves that "
		"someone at this device agrees (default: false)" },
	{ FIELD(uploads_expire_days, "uploads.expireDays", JSON_INT64), "7", is_day_count,
		"a whole number from 1 to 90",
		"days that an interrupted upload is kept (default: 7)" },
	{ FIELD(games_trash_days, "games.trashDays", JSON_INT64), "7", is_day_count,
		"a whole number from 1 to 90",
		"days that a deleted game can be restored (default: 7)" },
	{ FIELD(games_keep_previous, "games.keepPrevious", JSON_BOOL), "true", NULL,
		"true or false",
		"keep the build that an update replaces, one per game, until its room is needed; "
		"files of the player's are kept in any case (default: true)" },
	{ FIELD(steam_compat_tool, "steam.compatTool", JSON_STRING), "\"proton_experimental\"",
		is_tool_name, "the name of a tool without quotes, or empty",
		"compatibility tool for Windows games that have none set; empty: set none "
		"(default: proton_experimental)" },
	{ FIELD(steam_restart_while_playing, "steam.restartWhilePlaying", JSON_BOOL), "false", NULL,
		"true or false",
		"let a Hub restart Steam while a game runs, which ends the game "
		"(default: false)" },
	{ FIELD(steam_debugger_port, "steam.debuggerPort", JSON_INT64), "8080", is_port,
		"a whole number from 1 to 65535",
		"port of Steam's own debugger on this device (default: 8080)" },
	{ FIELD(overlay_language, "overlay.language", JSON_STRING), "\"\"", is_language,
		"a language such as \"de\" or \"pt-BR\", or empty",
		"language of the pairing code's card; empty: the session's (default: empty)" },
	{ FIELD(overlay_large_text, "overlay.largeText", JSON_BOOL), "false", NULL, "true or false",
		"show the pairing code larger (default: false)" },
	{ FIELD(overlay_reduced_motion, "overlay.reducedMotion", JSON_BOOL), "false", NULL,
		"true or false", "let the countdown move in few steps (default: false)" },
	{ FIELD(artwork_local_servers, "artwork.localServers", JSON_BOOL), "false", NULL,
		"true or false",
		"also fetch artwork from this device and from private networks "
		"(default: false)" },
};

const struct config_key *config_key_find(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (strcmp(config_keys[i].field.key, name) == 0) {
			return &config_keys[i];
		}
	}
	return NULL;
}
