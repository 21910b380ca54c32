/*
 * Whatever a file holds in which this program keeps something between runs: it loads, or what was
 * in it is set aside with a notice; and the next start finds nothing to complain about.
 *
 * The first line names the file, the rest is its content.
 */
#include "agent/agent_identity.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/log.h"
#include "core/paths.h"
#include "core/strvec.h"
#include "core/xalloc.h"
#include "fuzz.h"
#include "library/game_registry.h"
#include "library/installed_manifest.h"
#include "library/kept_record.h"
#include "library/trash_list.h"
#include "push/agent_tokens.h"
#include "push/hash_cache.h"
#include "steam/change/shortcuts.h"
#include "steam/steam_queue.h"
#include "upload/upload_staging.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GAME_DIR "/home/deck/Games/Doom"
#define UPLOAD_ID "0123456789abcdef0123456789abcdef"

static const struct game doom = {
	.dir = (char *)GAME_DIR,
	.name = (char *)"Doom",
	.hub_id = (char *)"hub",
	.executable = (char *)"doom.sh",
	.app_id = 3123456789u,
	.user_id = (char *)"22202",
	.pending = (char *)"",
};

static void count_change(void *user)
{
	(*(unsigned *)user)++;
}

static void change_registry(void *user)
{
	struct game_registry *registry = user;
	size_t count = game_registry_count(registry);

	fuzz_require(!game_registry_put(registry, &doom, NULL));
	fuzz_require(game_registry_count(registry) == count);
	if (count > 0) {
		const char *dir = game_registry_at(registry, 0)->dir;

		fuzz_require(!game_registry_remove(registry, dir, NULL));
		fuzz_require(game_registry_count(registry) == count);
	}
}

/* What has happened is known at once, and kept as soon as it can be. */
static void record_blocked(void *user)
{
	struct game_registry *registry = user;

	fuzz_require(!game_registry_record(registry, &doom, NULL));
	fuzz_require(game_registry_find(registry, GAME_DIR) != NULL);
	fuzz_require(!game_registry_flush(registry, NULL));
}

static void forget_blocked(void *user)
{
	struct game_registry *registry = user;

	game_registry_forget(registry, GAME_DIR);
	game_registry_forget(registry, GAME_DIR);
	fuzz_require(game_registry_find(registry, GAME_DIR) == NULL);
	fuzz_require(!game_registry_flush(registry, NULL));
}

static void check_registry_changes(struct game_registry *registry)
{
	static unsigned changes; /* the registry goes on counting */

	changes = 0;
	game_registry_set_changed(registry, count_change, &changes);
	fuzz_require(game_registry_put(registry, &doom, NULL) && changes == 1);
	fuzz_require(game_registry_find_app(registry, doom.app_id) != NULL);
	fuzz_require(game_registry_find_app(registry, 0) == NULL);
	fuzz_require(game_registry_find_file(registry, GAME_DIR "/doom.sh") != NULL);
	fuzz_require(game_registry_remove(registry, GAME_DIR, NULL) && changes == 2);
	fuzz_require(game_registry_find(registry, GAME_DIR) == NULL);
	fuzz_require(game_registry_remove(registry, GAME_DIR, NULL)); /* again */
}

static void load_games(const char *folder, char **notice)
{
	AUTO(free_ptr) char *path = path_join(folder, "games.json");
	struct game_registry *registry = game_registry_create(path, notice);

	fuzz_require(registry != NULL);
	for (size_t i = 0; i < game_registry_count(registry); i++) {
		const struct game *game = game_registry_at(registry, i);
		AUTO(game_finish) struct game copy = { 0 };

		fuzz_require(path_is_plain(game->dir) && game->name[0] != '\0');
		fuzz_require(game_check(game, NULL));
		fuzz_require(game_registry_find(registry, game->dir) == game);
		fuzz_require(game_registry_find_file(registry, game->dir) != NULL);
		game_copy(&copy, game);
		fuzz_require(game_registry_put(registry, &copy, NULL));
	}
	check_registry_changes(registry);
	fuzz_block(path, change_registry, registry);
	fuzz_block(path, record_blocked, registry);
	fuzz_require(game_registry_flush(registry, NULL));
	fuzz_block(path, forget_blocked, registry);
	fuzz_require(game_registry_flush(registry, NULL));
	game_registry_destroy(registry);
}

static void check_trash_changes(struct trash_list *list)
{
	const size_t count = list->games_count, discarded = list->discarded_count;
	AUTO(trashed_game_finish) struct trashed_game taken = { 0 };
	struct game nowhere = doom;

	nowhere.dir = (char *)"Games/Doom";
	fuzz_require(trash_list_add(list, &nowhere, NULL) == NULL);
	fuzz_require(trash_list_add(list, &doom, NULL) != NULL);
	fuzz_require(trash_list_add(list, &doom, NULL) != NULL);
	fuzz_require(trash_list_add(list, &doom, NULL) != NULL);
	taken = trash_list_take(list, list->games_count - 1);
	fuzz_require(strcmp(taken.game.dir, GAME_DIR) == 0);
	trash_list_drop(list, list->games_count - 1);
	trash_list_discard(list, list->games_count - 1);
	trash_list_undo_discard(list, list->games_count);
	trash_list_discard(list, list->games_count - 1);
	fuzz_require(list->games_count == count && list->discarded_count == discarded + 1);
	trash_list_drop_discarded(list, list->discarded_count - 1);
	fuzz_require(trash_list_save(list, NULL));
}

static void load_trash(const char *folder, char **notice)
{
	AUTO(free_ptr) char *path = path_join(folder, "trash.json");
	struct trash_list list = { 0 };

	trash_list_load(&list, path, notice);
	for (size_t i = 0; i < list.games_count; i++) {
		size_t index;

		fuzz_require(path_is_plain(list.games[i].game.dir));
		fuzz_require(path_is_folder_name(list.games[i].id));
		fuzz_require(trash_list_find(&list, list.games[i].id, &index, NULL));
	}
	check_trash_changes(&list);
	trash_list_finish(&list);
}

/* One that cannot be read now is not replaced by a new one. */
static void check_unreadable_identity(const char *folder)
{
	AUTO(free_ptr) char *other = path_join(folder, "other");
	AUTO(free_ptr) char *path = path_join(other, "agent.json");
	AUTO(free_ptr) char *notice = NULL;
	struct agent_identity identity = { 0 };
	struct error err = { 0 };

	if (mkdir(other, 0700) != 0) {
		return;
	}
	fuzz_require(symlink(path, path) == 0); /* it leads nowhere */
	agent_identity_init(&identity, other, &notice);
	fuzz_require(!agent_identity_ready(&identity, &err) && err.kind == ERROR_IO);
	fuzz_require(identity.id[0] == '\0' && unlink(path) == 0);
	fuzz_require(agent_identity_ready(&identity, NULL) && identity.id[0] != '\0');
	fuzz_require(agent_identity_ready(&identity, NULL));
	agent_identity_finish(&identity);
}

static void load_identity(const char *folder, char **notice)
{
	struct agent_identity identity = { 0 };

	agent_identity_init(&identity, folder, notice);
	fuzz_require(agent_identity_ready(&identity, NULL));
	fuzz_require(strlen(identity.id) == 8);
	fuzz_require(strspn(identity.id, "0123456789abcdef") == 8);
	agent_identity_finish(&identity);
	check_unreadable_identity(folder);
}

static void load_keys(const char *folder, char **notice)
{
	AUTO(free_ptr) char *in_the_way = path_join(folder, "in-the-way");
	AUTO(free_ptr) char *unused = NULL;
	struct agent_tokens tokens = { 0 };
	struct agent_token token = {
		.agent_id = (char *)"a1",
		.address = (char *)"h:1",
		.name = (char *)"Deck",
		.token = (char *)"key",
	};

	fuzz_require(agent_tokens_init(&tokens, folder, notice, NULL));
	fuzz_require(tokens.hub_id != NULL && tokens.hub_id[0] != '\0');
	for (size_t i = 0; i < tokens.tokens_count; i++) {
		fuzz_require(tokens.tokens[i].token[0] != '\0');
	}
	fuzz_require(agent_tokens_put(&tokens, &token, NULL));
	fuzz_require(strcmp(agent_tokens_find(&tokens, "a1", NULL), "key") == 0);
	fuzz_require(agent_tokens_find(&tokens, NULL, "h:1") != NULL);
	agent_tokens_find(&tokens, "another", "h:1");
	fuzz_require(agent_tokens_forget(&tokens, "key", NULL));
	agent_tokens_finish(&tokens);
	/* A file is where the folder should be. */
	fuzz_write_file(in_the_way, "", 0);
	fuzz_require(!agent_tokens_init(&tokens, in_the_way, &unused, NULL));
}

static void load_hashes(const char *folder, char **notice)
{
	AUTO(free_ptr) char *path = path_join(folder, "hashes");
	struct hash_cache *cache = hash_cache_create(path);
	const struct file_stamp stamp = {
		.device = 1, .inode = 2, .size = 3, .mtime_ns = 4, .ctime_ns = 5
	};
	const char *known = hash_cache_get(cache, &stamp);

	fuzz_require(known == NULL || strlen(known) == 64);
	hash_cache_put(cache, &stamp, UPLOAD_ID UPLOAD_ID, INT64_MAX);
	fuzz_require(strcmp(hash_cache_get(cache, &stamp), UPLOAD_ID UPLOAD_ID) == 0);
	fuzz_require(hash_cache_save(cache, NULL));
	hash_cache_destroy(cache);
}

static void change_queue(void *user)
{
	struct steam_queue *queue = user;
	size_t count = steam_queue_count(queue);
	AUTO(steam_change_finish) struct steam_change change = { 0 };
	int64_t number = 0;

	steam_change_fill_put(&change,
		&(struct steam_shortcut_request){ .name = "Doom", .exe = GAME_DIR "/doom.sh" });
	change.account_id = xstrdup("22202");
	change.reported_app_id = 3123456789u;
	fuzz_require(!steam_queue_add(queue, &change, &number, NULL));
	fuzz_require(steam_queue_count(queue) == count);
	if (count > 0) {
		number = steam_queue_at(queue, 0)->number;
		fuzz_require(!steam_queue_remove(queue, &number, 1, NULL));
		fuzz_require(steam_queue_count(queue) == count);
	}
}

static void check_queue_changes(struct steam_queue *queue)
{
	const struct steam_shortcut_request request = { .name = "Doom",
		.exe = GAME_DIR "/doom.sh" };
	AUTO(steam_change_finish) struct steam_change change = { 0 };
	AUTO(steam_change_finish) struct steam_change copy = { 0 };
	int64_t number = 0;

	steam_change_fill_put(&change, &request);
	fuzz_require(!steam_queue_add(queue, &change, &number, NULL)); /* it has no user */
	change.account_id = xstrdup("22202");
	change.reported_app_id = 3123456789u;
	steam_change_copy(&copy, &change);
	if (!steam_queue_add(queue, &copy, &number, NULL)) {
		return; /* it is full */
	}
	steam_queue_set_obstacle(queue, number, "busy");
	fuzz_require(strcmp(steam_queue_find(queue, number)->obstacle, "busy") == 0);
	steam_queue_settle(queue, number, 3123456790u);
	fuzz_require(steam_queue_actual(queue, "22202", 3123456789u) == 3123456790u);
	fuzz_require(steam_queue_actual(queue, NULL, 3123456789u) == 3123456790u);
	fuzz_require(steam_queue_add(queue, &copy, &number, NULL));
	fuzz_require(steam_queue_remove(queue, &number, 1, NULL));
	fuzz_require(steam_queue_find(queue, number) == NULL);
}

static void load_queue(const char *folder, char **notice)
{
	AUTO(free_ptr) char *path = path_join(folder, "steam.json");
	struct steam_queue *queue = steam_queue_create(folder, notice);
	struct shortcuts shortcuts = { 0 };
	int64_t last = 0;

	for (size_t i = 0; i < steam_queue_count(queue); i++) {
		const struct steam_queued *queued = steam_queue_at(queue, i);

		fuzz_require(queued->number > last);
		steam_change_apply(&queued->change, &shortcuts);
		fuzz_require(steam_change_check(&queued->change, NULL));
		last = queued->number;
	}
	check_queue_changes(queue);
	fuzz_block(path, change_queue, queue);
	if (last > 0) {
		steam_queue_settle(queue, last, 3123456789u);
		fuzz_require(steam_queue_find(queue, last) == NULL);
	}
	fuzz_require(steam_queue_flush(queue));
	steam_queue_destroy(queue);
	shortcuts_finish(&shortcuts);
}

static void load_manifest(const char *folder, char **notice)
{
	struct installed_manifest manifest = { 0 };

	fuzz_require(installed_manifest_read(&manifest, folder, GAME_DIR, notice, NULL));
	for (size_t i = 0; i < manifest.files_count; i++) {
		const struct installed_file *file = &manifest.files[i];

		fuzz_require(path_is_plain_relative(file->path) && file->size_bytes >= 0);
		fuzz_require(installed_manifest_find(&manifest, file->path) != NULL);
	}
	fuzz_require(installed_manifest_write(
		folder, GAME_DIR, manifest.files, manifest.files_count, NULL));
	installed_manifest_finish(&manifest);
}

/* What an update has put by: its paths stay below its folder, and it is read as it was written. */
static void load_kept_place(const char *folder, char **notice)
{
	AUTO(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(kept_record_finish) struct kept_record record = { 0 };
	AUTO(kept_record_finish) struct kept_record again = { 0 };
	AUTO(installed_manifest_finish) struct installed_manifest before = { 0 };

	if (installed_manifest_read_at(&before, fd, KEPT_RECORD, NULL)) {
		fuzz_require(installed_manifest_write_at(&before, fd, KEPT_BEFORE, NULL));
	}
	if (!kept_record_read(&record, fd, NULL)) {
		return;
	}
	fuzz_require(path_is_plain(record.dir) && record.game_name[0] != '\0');
	for (size_t i = 0; i < record.player_count; i++) {
		fuzz_require(path_is_plain_relative(record.player[i].path));
	}
	fuzz_require(kept_record_write(&record, fd, NULL));
	fuzz_require(kept_record_read(&again, fd, NULL));
	fuzz_require(strcmp(again.dir, record.dir) == 0);
	fuzz_require(again.player_count == record.player_count);
}

static void check_staging(const char *root)
{
	AUTO(strvec_finish) struct strvec ids = { 0 };
	AUTO(free_ptr) char *own = path_join(root, PATH_OWN_FOLDER);
	AUTO(free_ptr) char *uploads = path_join(own, "uploads");
	AUTO(free_ptr) char *upload = path_join(uploads, UPLOAD_ID);
	AUTO(free_ptr) char *away = path_join(root, "away");
	int fd;

	fuzz_require(upload_staging_open(away, "", UPLOAD_ID, NULL) < 0);
	fuzz_write_file(own, "", 0); /* in the way */
	fuzz_require(upload_staging_create(root, "", UPLOAD_ID, NULL) < 0);
	fuzz_require(upload_staging_open(root, "", UPLOAD_ID, NULL) < 0);
	fuzz_require(unlink(own) == 0 && mkdir(own, 0700) == 0);
	fuzz_write_file(uploads, "", 0);
	fuzz_require(upload_staging_create(root, "", UPLOAD_ID, NULL) < 0);
	fuzz_require(!upload_staging_remove(root, "", UPLOAD_ID, NULL));
	/* A file is no library. */
	fuzz_require(upload_staging_open(uploads, "", UPLOAD_ID, NULL) < 0);
	fuzz_require(!upload_staging_list(uploads, "", &ids, NULL));
	fuzz_require(unlink(uploads) == 0 && mkdir(uploads, 0700) == 0);
	fuzz_write_file(upload, "", 0);
	fuzz_require(upload_staging_create(root, "", UPLOAD_ID, NULL) < 0);
	fuzz_require(!upload_staging_disown(root, "", UPLOAD_ID, NULL));
	fuzz_require(unlink(upload) == 0);
	fuzz_require(upload_staging_list(root, "", &ids, NULL));
	fuzz_require(ids.count == 0 && upload_staging_open(root, "", UPLOAD_ID, NULL) < 0);
	fd = upload_staging_create(root, "", UPLOAD_ID, NULL);
	fuzz_require(fd >= 0);
	close(fd);
	fd = upload_staging_open(root, "", UPLOAD_ID, NULL);
	fuzz_require(fd >= 0);
	close(fd);
	fuzz_require(upload_staging_list(root, "", &ids, NULL));
	fuzz_require(ids.count == 1 && strcmp(ids.items[0], UPLOAD_ID) == 0);
	fuzz_require(upload_staging_disown(root, "", UPLOAD_ID, NULL));
	fuzz_require(upload_staging_remove(root, "", UPLOAD_ID, NULL));
	fuzz_require(upload_staging_disown(root, "", UPLOAD_ID, NULL)); /* again */
}

static void load_head(const char *folder, char **notice)
{
	AUTO(close_fd) int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(free_ptr) char *library = path_join(folder, "library");
	struct upload_head head = { 0 }, again = { 0 };
	struct error err = { 0 };

	if (upload_head_read(&head, dir_fd, &err)) {
		fuzz_require(path_is_plain(head.dir) && head.total_bytes >= 0);
		fuzz_require(upload_head_write(&head, dir_fd, NULL));
		fuzz_require(upload_head_read(&again, dir_fd, NULL));
		fuzz_require(strcmp(head.dir, again.dir) == 0);
	} else {
		fuzz_require(err.kind != ERROR_NONE);
	}
	upload_head_finish(&head);
	upload_head_finish(&again);
	if (mkdir(library, 0700) == 0) {
		check_staging(library);
	}
}

static const struct kept {
	const char *line;
	const char *name; /* in the folder */
	void (*load)(const char *folder, char **notice);
} kinds[] = {
	{ "games", "games.json", load_games },
	{ "trash", "trash.json", load_trash },
	{ "identity", "agent.json", load_identity },
	{ "hub", "hub.json", load_keys },
	{ "keys", "hub_tokens.json", load_keys },
	{ "hashes", "hashes", load_hashes },
	{ "queue", "steam.json", load_queue },
	/* The name is the SHA-256 of GAME_DIR. */
	{ "manifest",
		"manifests/f611d9ad8df84b49784c70430a825590b9264de4469b8679e6965215bb2e2d1e.json",
		load_manifest },
	{ "head", UPLOAD_STAGING_HEAD, load_head },
	{ "kept", KEPT_RECORD, load_kept_place },
};

static void load(const struct kept *kept, const char *content, size_t size)
{
	const char *folder = fuzz_folder();
	AUTO(free_ptr) char *path = path_join(folder, kept->name);
	AUTO(free_ptr) char *manifests = path_join(folder, "manifests");
	AUTO(free_ptr) char *first = NULL;
	AUTO(free_ptr) char *second = NULL;

	fuzz_require(mkdir(manifests, 0700) == 0);
	fuzz_write_file(path, content, size);
	kept->load(folder, &first);
	fuzz_require(first == NULL || first[0] != '\0');
	kept->load(folder, &second);
	fuzz_require(second == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_lines lines = fuzz_lines_of(data, size);
	const char *line = "";
	size_t length = 0;

	log_set_level(LOG_LEVEL_ERROR);
	fuzz_next_line(&lines, &line, &length);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].line) == length && memcmp(kinds[i].line, line, length) == 0) {
			load(&kinds[i], lines.left > 0 ? lines.at : "", lines.left);
		}
	}
	return 0;
}
