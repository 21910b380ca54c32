#include "cmd/ctl_print.h"

#include "core/cleanup.h"
#include "core/shown.h"
#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "core/xalloc.h"
#include "proto/proto_ipc.h"
#include "terminal/text_table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LABEL "%-12s "

static const char *text(const char *value)
{
	return value != NULL ? value : "";
}

/* "1.2 GB"; powers of ten, as in shops and Steam. */
static char *size_text(int64_t bytes)
{
	return xstrdup(size_shown(bytes).text);
}

static char *date_text(int64_t unix_time)
{
	time_t seconds = unix_time;
	struct tm tm;
	char date[32] = "never";

	if (unix_time > 0 && localtime_r(&seconds, &tm) != NULL) {
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	}
	return xstrdup(date);
}

/* Rounded to the unit shown. */
static char *duration_text(int64_t seconds)
{
	enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

	if (seconds < 2 * MINUTE) {
		return xasprintf("%lld s", (long long)seconds);
	}
	if (seconds < 2 * HOUR) {
		return xasprintf("%lld min", (long long)((seconds + MINUTE / 2) / MINUTE));
	}
	if (seconds < 2 * DAY) {
		return xasprintf("%lld h", (long long)((seconds + HOUR / 2) / HOUR));
	}
	return xasprintf("%lld days", (long long)((seconds + DAY / 2) / DAY));
}

static void print_addresses(const struct ipc_agent *agent)
{
	printf(LABEL, "listening");
	if (!agent->listening) {
		printf("no: %s\n", text(agent->problem));
		return;
	}
	for (size_t i = 0; i < agent->addresses.count; i++) {
		AUTO(free_ptr)
		char *place =
			tcp_socket_host_port(agent->addresses.items[i], (uint16_t)agent->port);

		printf("%s%s", i > 0 ? ", " : "", place);
	}
	if (agent->addresses.count == 0) {
		printf("port %lld, no network", (long long)agent->port);
	}
	puts("");
}

/* Has one before it the same problem? */
static bool is_told(const struct ipc_status *status, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(text(status->libraries[i].problem),
			    text(status->libraries[index].problem)) == 0) {
			return true;
		}
	}
	return false;
}

/* "present, writable, 312 GB free" */
static char *library_text(const struct ipc_library *library)
{
	AUTO(free_ptr) char *room = size_text(library->free_bytes);

	if (strcmp(text(library->state), "away") == 0) {
		return xstrdup("not there");
	}
	if (!library->present) {
		return xstrdup("cannot be read now");
	}
	return xasprintf("%s, %s%s, %s free",
		strcmp(text(library->state), "unused") == 0 ? "not used yet" : "present",
		library->writable ? "writable" : "not writable",
		library->executable ? "" : ", mounted with 'noexec'", room);
}

static void print_libraries(const struct ipc_status *status)
{
	for (size_t i = 0; i < status->libraries_count; i++) {
		const struct ipc_library *library = &status->libraries[i];
		AUTO(free_ptr) char *state = library_text(library);

		printf(LABEL "%s: %s\n", "library", text(library->place), state);
		/* One that is elsewhere tells the same in both places. */
		if (*text(library->problem) != '\0' && !is_told(status, i)) {
			printf(LABEL "%s\n", "", text(library->problem));
		}
	}
}

void ctl_print_status(const void *result)
{
	const struct ipc_status *status = result;
	const struct ipc_connected_hub *hub = &status->hub;

	printf(LABEL "%s (%s, capydeck %s, %s)\n", "agent", text(status->agent.name),
		text(status->agent.id), text(status->agent.version), text(status->agent.platform));
	printf(LABEL "%s\n", "started by", text(status->agent.role));
	print_addresses(&status->agent);
	if (hub->connected) {
		printf(LABEL "%s %s at %s\n", "hub", text(hub->name), text(hub->version),
			text(hub->address));
	} else {
		printf(LABEL "%s; %lld paired\n", "hub",
			status->agent.accept_connections ? "none connected"
							 : "connections are switched off",
			(long long)status->paired_hubs);
	}
	if (status->pairing.active) {
		printf(LABEL "code %s for '%s', valid for %lld s\n", "pairing",
			text(status->pairing.code), text(status->pairing.hub_name),
			(long long)status->pairing.expires_in_seconds);
	}
	if (status->locked_out > 0) {
		printf(LABEL
			"%lld after too many wrong codes ('ctl lockouts reset' lets them in)\n",
			"locked out", (long long)status->locked_out);
	}
	printf(LABEL "%s: %s\n", "network", text(status->mdns.state), text(status->mdns.detail));
	if (strcmp(text(status->overlay.state), "failed") == 0) {
		printf(LABEL "failed: %s\n", "overlay", text(status->overlay.detail));
	}
	ctl_print_steam(&status->steam);
	printf(LABEL "%lld installed\n", "games", (long long)status->games);
	print_libraries(status);
	for (size_t i = 0; i < status->notices.count; i++) {
		printf(LABEL "%s\n", "notice", status->notices.items[i]);
	}
	if (status->uploads_count > 0) {
		const struct ipc_uploads uploads = {
			.uploads = status->uploads,
			.uploads_count = status->uploads_count,
		};

		puts("");
		ctl_print_uploads(&uploads);
	}
}

void ctl_print_pairing(const void *result)
{
	const struct ipc_pairing *pairing = result;
	if (pairing->active) {
		printf("%s  for '%s', valid for %lld seconds\n", text(pairing->code),
			text(pairing->hub_name), (long long)pairing->expires_in_seconds);
	} else {
		puts("no pairing code is shown; start pairing on the Hub");
	}
}

void ctl_print_waiting(const void *result)
{
	const struct ipc_waiting_hubs *hubs = result;
	struct text_table table = { 0 };

	if (hubs->hubs_count == 0) {
		puts("no Hub is waiting for a code");
		return;
	}
	text_table_row(&table, (const char *[]){ "NAME", "ADDRESS", "ASKED", "", NULL });
	for (size_t i = 0; i < hubs->hubs_count; i++) {
		const struct ipc_waiting_hub *hub = &hubs->hubs[i];
		AUTO(free_ptr)
		char *asked = xasprintf("%lld s ago", (long long)hub->asked_seconds_ago);

		text_table_row(&table, (const char *[]){ text(hub->name), text(hub->address), asked,
					       hub->known ? "has paired before" : "", NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
}

void ctl_print_hubs(const void *result)
{
	const struct ipc_hubs *hubs = result;
	struct text_table table = { 0 };

	if (hubs->hubs_count == 0) {
		puts("no Hub is paired");
		return;
	}
	text_table_row(&table, (const char *[]){ "ID", "NAME", "PAIRED", "LAST SEEN", NULL });
	for (size_t i = 0; i < hubs->hubs_count; i++) {
		const struct ipc_hub *hub = &hubs->hubs[i];
		AUTO(free_ptr) char *paired = date_text(hub->paired_at);
		AUTO(free_ptr)
		char *seen = hub->connected ? xstrdup("connected") : date_text(hub->last_seen);

		text_table_row(&table,
			(const char *[]){ text(hub->hub_id), text(hub->name), paired, seen, NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
}

/* "receiving, 3.1 MB/s, 2 min left" */
static char *upload_state(const struct ipc_upload *upload)
{
	int64_t left_bytes = upload->total_bytes - upload->transferred_bytes;
	AUTO(free_ptr) char *rate = NULL;
	AUTO(free_ptr) char *left = NULL;

	if (*text(upload->problem) != '\0') {
		return xasprintf("%s, its card is out", text(upload->state));
	}
	if (upload->expires_in_seconds >= 0) {
		left = duration_text(upload->expires_in_seconds);
		return xasprintf("%s, kept for %s", text(upload->state), left);
	}
	if (upload->bytes_per_second <= 0) {
		return xstrdup(text(upload->state));
	}
	rate = size_text(upload->bytes_per_second);
	left = duration_text(left_bytes / upload->bytes_per_second);
	return xasprintf("%s, %s/s, %s left", text(upload->state), rate, left);
}

void ctl_print_uploads(const void *result)
{
	const struct ipc_uploads *uploads = result;
	struct text_table table = { 0 };

	if (uploads->uploads_count == 0) {
		puts("no uploads");
		return;
	}
	text_table_row(&table, (const char *[]){ "UPLOAD", "GAME", "DONE", "SIZE", "STATE", NULL });
	for (size_t i = 0; i < uploads->uploads_count; i++) {
		const struct ipc_upload *upload = &uploads->uploads[i];
		double share = upload->total_bytes > 0 ? (double)upload->transferred_bytes /
								 (double)upload->total_bytes
						       : 1;
		AUTO(free_ptr) char *percent = xasprintf("%d %%", (int)(share * 100));
		AUTO(free_ptr) char *size = size_text(upload->total_bytes);
		AUTO(free_ptr) char *state = upload_state(upload);

		text_table_row(
			&table, (const char *[]){ text(upload->upload_id), text(upload->game_name),
					percent, size, state, NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
}

void ctl_print_games(const void *result)
{
	const struct ipc_games *games = result;
	struct text_table table = { 0 };

	if (games->games_count == 0) {
		puts("no games installed by this agent");
		return;
	}
	text_table_row(&table,
		(const char *[]){ "GAME", "SIZE", "FILES", "APP ID", "INSTALLED", "FOLDER", NULL });
	for (size_t i = 0; i < games->games_count; i++) {
		const struct ipc_game *game = &games->games[i];
		AUTO(free_ptr) char *size = size_text(game->size_bytes);
		AUTO(free_ptr) char *files = xasprintf("%lld", (long long)game->file_count);
		AUTO(free_ptr)
		char *app_id = game->app_id != 0 ? xasprintf("%u", game->app_id) : xstrdup("-");
		AUTO(free_ptr) char *installed = date_text(game->installed_at);

		text_table_row(&table, (const char *[]){ text(game->name), size, files, app_id,
					       installed, text(game->dir), NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
	for (size_t i = 0; i < games->games_count; i++) {
		if (*text(games->games[i].problem) != '\0') {
			printf("'%s': %s\n", games->games[i].name, games->games[i].problem);
		}
	}
}

/* "3 games, 1 unfinished upload, 2 deleted games" */
static char *contents_text(const struct ipc_library *library)
{
	const struct {
		int64_t count;
		const char *one;
		const char *many;
	} parts[] = {
		{ library->games, "game", "games" },
		{ library->uploads, "unfinished upload", "unfinished uploads" },
		{ library->deleted_games, "deleted game", "deleted games" },
	};
	struct strbuf out = { 0 };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].count > 0) {
			strbuf_appendf(&out, "%s%lld %s", out.length > 0 ? ", " : "",
				(long long)parts[i].count,
				parts[i].count == 1 ? parts[i].one : parts[i].many);
		}
	}
	return out.length > 0 ? strbuf_detach(&out) : xstrdup("nothing");
}

static const char *library_state(const struct ipc_library *library)
{
	if (!library->present) {
		return text(library->state);
	}
	return !library->writable     ? "read-only"
	       : !library->executable ? "noexec"
				      : text(library->state);
}

void ctl_print_libraries(const void *result)
{
	const struct ipc_libraries *libraries = result;
	struct text_table table = { 0 };

	text_table_row(&table, (const char *[]){ "LIBRARY", "STATE", "FREE", "HOLDS", NULL });
	for (size_t i = 0; i < libraries->libraries_count; i++) {
		const struct ipc_library *library = &libraries->libraries[i];
		AUTO(free_ptr)
		char *room = library->present ? size_text(library->free_bytes) : xstrdup("-");
		AUTO(free_ptr) char *contents = contents_text(library);

		text_table_row(&table, (const char *[]){ text(library->place),
					       library_state(library), room, contents, NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
	for (size_t i = 0; i < libraries->libraries_count; i++) {
		if (*text(libraries->libraries[i].problem) != '\0') {
			printf("%s\n", libraries->libraries[i].problem);
		}
	}
}

void ctl_print_trash(const void *result)
{
	const struct ipc_trash *trash = result;
	struct text_table table = { 0 };

	if (trash->games_count == 0) {
		puts("no deleted games");
		return;
	}
	text_table_row(&table,
		(const char *[]){ "ID", "GAME", "SIZE", "DELETED", "KEPT FOR", "FOLDER", NULL });
	for (size_t i = 0; i < trash->games_count; i++) {
		const struct ipc_trashed_game *game = &trash->games[i];
		AUTO(free_ptr) char *size = size_text(game->size_bytes);
		AUTO(free_ptr) char *deleted = date_text(game->deleted_at);
		AUTO(free_ptr) char *left = duration_text(game->expires_in_seconds);

		text_table_row(&table, (const char *[]){ text(game->id), text(game->name), size,
					       deleted, left, text(game->dir), NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
}

/* One row a file, and one for a previous build. */
static void add_kept_rows(struct text_table *table, const struct ipc_kept *kept)
{
	AUTO(free_ptr) char *when = date_text(kept->kept_at);

	for (size_t i = 0; i < kept->files_count; i++) {
		AUTO(free_ptr) char *size = size_text(kept->files[i].size_bytes);
		AUTO(free_ptr) char *left = duration_text(kept->expires_in_seconds);

		text_table_row(table, (const char *[]){ text(kept->id), text(kept->name), when,
					      left, size, text(kept->files[i].path), NULL });
	}
	if (kept->previous_files > 0) {
		AUTO(free_ptr) char *size = size_text(kept->previous_bytes);

		text_table_row(table, (const char *[]){ text(kept->id), text(kept->name), when, "-",
					      size, "(the previous build)", NULL });
	}
}

void ctl_print_kept(const void *result)
{
	const struct ipc_kept_list *list = result;
	struct text_table table = { 0 };

	if (list->kept_count == 0) {
		puts("nothing is kept");
		return;
	}
	text_table_row(
		&table, (const char *[]){ "ID", "GAME", "KEPT", "KEPT FOR", "SIZE", "FILE", NULL });
	for (size_t i = 0; i < list->kept_count; i++) {
		add_kept_rows(&table, &list->kept[i]);
	}
	text_table_print(&table);
	text_table_finish(&table);
}

void ctl_print_steam(const struct ipc_steam *steam)
{
	printf(LABEL "%s: %s\n", "steam", text(steam->state), text(steam->detail));
	if (steam->queued > 0) {
		printf(LABEL "%lld; made when Steam ends ('capydeck ctl steam restart' ends it) "
			     "or can be reached\n",
			"queued", (long long)steam->queued);
	}
}

void ctl_print_settings(const void *result)
{
	const struct ipc_settings *settings = result;
	struct text_table table = { 0 };

	text_table_row(&table, (const char *[]){ "SETTING", "VALUE", "MEANING", NULL });
	for (size_t i = 0; i < settings->settings_count; i++) {
		const struct ipc_setting *setting = &settings->settings[i];

		text_table_row(&table, (const char *[]){ text(setting->key), text(setting->value),
					       text(setting->help), NULL });
	}
	text_table_print(&table);
	text_table_finish(&table);
}
