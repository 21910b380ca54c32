#include "steam/steam_queue.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_VERSION 1

struct alias {
	char *account_id;
	uint32_t reported;
	uint32_t actual;
};

/* The file. */
struct content {
	int64_t version;
	struct steam_queued *changes;
	size_t changes_count;
	struct alias *aliases; /* oldest first */
	size_t aliases_count;
};

struct steam_queue {
	struct state_link link;
	char *dir;
	struct content content;
	int64_t last_number;
	bool unwritten; /* the file may not hold the content */
};

static const struct json_field queued_fields[] = {
	JSON_FIELD(struct steam_queued, number, "number", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_OBJECT(
		struct steam_queued, change, "change", steam_change_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static const struct json_field alias_fields[] = {
	JSON_FIELD(struct alias, account_id, "accountId", JSON_DIGITS, JSON_REQUIRED),
	JSON_FIELD(struct alias, reported, "reported", JSON_UINT32, JSON_REQUIRED),
	JSON_FIELD(struct alias, actual, "actual", JSON_UINT32, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static const struct json_field content_fields[] = {
	JSON_FIELD(struct content, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct content, changes, "changes", queued_fields, JSON_REQUIRED),
	JSON_FIELD_ARRAY(struct content, aliases, "aliases", alias_fields, JSON_REQUIRED),
	JSON_FIELDS_END,
};

static bool check_content(const void *object, struct error *err)
{
	const struct content *content = object;

	return content->version == QUEUE_VERSION ||
	       error_set(err, ERROR_INVALID, "its version is not %d", QUEUE_VERSION);
}

static bool check_queued(const struct steam_queued *queued, struct error *err)
{
	const struct steam_change *change = &queued->change;

	if (queued->number <= 0) {
		return error_set(err, ERROR_INVALID, "its number is not positive");
	}
	if (!steam_change_check(change, err)) {
		return false;
	}
	/* It was chosen when the change was queued, and 0 stands for no entry. */
	return !steam_change_is(change, STEAM_CHANGE_PUT) || change->reported_app_id != 0 ||
	       error_set(err, ERROR_INVALID, "a put needs the reported app id");
}

static bool check_alias(const struct alias *alias, struct error *err)
{
	return (*alias->account_id != '\0' && alias->reported != 0 && alias->actual != 0) ||
	       error_set(err, ERROR_INVALID, "it needs a user and two app ids");
}

static bool check_entry(const char *key, const void *entry, struct error *err)
{
	return strcmp(key, "changes") == 0 ? check_queued(entry, err) : check_alias(entry, err);
}

static const struct state_file queue_file = {
	.what = "the list of changes queued for Steam",
	.loss = "they have to be requested again",
	.max_bytes = STEAM_QUEUE_MAX_BYTES,
	.fields = content_fields,
	.object_bytes = sizeof(struct content),
	.check = check_content,
	.check_entry = check_entry,
};

/*
 * Numbers matter only while this process runs: renumbered, they are in order and unique, whatever
 * the file holds.
 */
static void complete_content(void *object)
{
	struct content *content = object;

	content->version = QUEUE_VERSION;
	for (size_t i = 0; i < content->changes_count; i++) {
		content->changes[i].number = (int64_t)i + 1;
	}
}

struct steam_queue *steam_queue_create(const char *state_dir, char **notice)
{
	struct steam_queue *queue = xcalloc(1, sizeof(*queue));
	AUTO(free_ptr) char *path = path_join(state_dir, "steam.json");

	queue->dir = xstrdup(state_dir);
	state_link_init(&queue->link, &queue_file, path, &queue->content, complete_content);
	*notice = state_link_take_notice(&queue->link);
	return queue;
}

struct state_link *steam_queue_link(struct steam_queue *queue)
{
	return &queue->link;
}

void steam_queue_destroy(struct steam_queue *queue)
{
	if (queue == NULL) {
		return;
	}
	for (size_t i = 0; i < queue->content.changes_count; i++) {
		free(queue->content.changes[i].obstacle);
	}
	json_finish(&queue->content, content_fields);
	state_link_finish(&queue->link);
	free(queue->dir);
	free(queue);
}

size_t steam_queue_count(const struct steam_queue *queue)
{
	return queue->content.changes_count;
}

const struct steam_queued *steam_queue_at(const struct steam_queue *queue, size_t index)
{
	return index < queue->content.changes_count ? &queue->content.changes[index] : NULL;
}

static struct steam_queued *find_queued(const struct steam_queue *queue, int64_t number)
{
	for (size_t i = 0; i < queue->content.changes_count; i++) {
		if (queue->content.changes[i].number == number) {
			return &queue->content.changes[i];
		}
	}
	return NULL;
}

const struct steam_queued *steam_queue_find(const struct steam_queue *queue, int64_t number)
{
	return find_queued(queue, number);
}

void steam_queue_set_obstacle(struct steam_queue *queue, int64_t number, const char *obstacle)
{
	struct steam_queued *queued = find_queued(queue, number);

	if (queued != NULL) {
		free(queued->obstacle);
		queued->obstacle = xstrdup(obstacle);
	}
}

/* An empty queue has no file: it can be removed even when the disk is full. */
static bool write_or_remove(
	struct steam_queue *queue, const struct content *content, struct error *err)
{
	const char *path = queue->link.path;

	if (content->changes_count > 0 || content->aliases_count > 0) {
		return state_file_write(&queue_file, path, content, err);
	}
	if (unlink(path) != 0) {
		return errno == ENOENT || error_set_errno(err, "cannot remove '%s'", path);
	}
	return sync_dir(queue->dir, err);
}

/* After a failure the file is written again, whatever it holds now. */
static bool write_content(
	struct steam_queue *queue, const struct content *content, struct error *err)
{
	queue->unwritten =
		!state_link_ready(&queue->link, err) || !write_or_remove(queue, content, err);
	return !queue->unwritten;
}

bool steam_queue_flush(struct steam_queue *queue)
{
	return state_link_ready(&queue->link, NULL) &&
	       (!queue->unwritten || write_content(queue, &queue->content, NULL));
}

static struct alias *find_alias(
	const struct steam_queue *queue, const char *account_id, uint32_t app_id)
{
	/* From the newest: an id alone does not tell its account. */
	for (size_t i = queue->content.aliases_count; i > 0; i--) {
		struct alias *alias = &queue->content.aliases[i - 1];

		if (alias->reported == app_id &&
			(account_id == NULL || strcmp(alias->account_id, account_id) == 0)) {
			return alias;
		}
	}
	return NULL;
}

/* Will a new entry get the id, which was once reported for another? */
static bool is_to_be_made(const struct steam_queue *queue, const char *account_id, uint32_t app_id)
{
	for (size_t i = 0; i < queue->content.changes_count; i++) {
		const struct steam_change *change = &queue->content.changes[i].change;

		if (change->app_id == 0 && change->reported_app_id == app_id &&
			strcmp(change->account_id, account_id) == 0) {
			return true;
		}
	}
	return false;
}

uint32_t steam_queue_actual(
	const struct steam_queue *queue, const char *account_id, uint32_t app_id)
{
	const struct alias *alias = find_alias(queue, account_id, app_id);

	if (alias == NULL || is_to_be_made(queue, alias->account_id, app_id)) {
		return app_id;
	}
	return alias->actual;
}

static void remove_alias_at(struct content *content, size_t index)
{
	json_finish(&content->aliases[index], alias_fields);
	content->aliases_count--;
	memmove(&content->aliases[index], &content->aliases[index + 1],
		(content->aliases_count - index) * sizeof(struct alias));
}

/* The id of an existing entry is no alias. */
static void forget_reported(struct steam_queue *queue, const char *account_id, uint32_t app_id)
{
	const struct alias *alias = find_alias(queue, account_id, app_id);

	if (alias != NULL) {
		remove_alias_at(&queue->content, (size_t)(alias - queue->content.aliases));
	}
}

/* Of an entry that is gone. */
static void forget_actual(struct steam_queue *queue, const char *account_id, uint32_t app_id)
{
	struct content *content = &queue->content;

	for (size_t i = content->aliases_count; i > 0; i--) {
		if (content->aliases[i - 1].actual == app_id &&
			strcmp(content->aliases[i - 1].account_id, account_id) == 0) {
			remove_alias_at(content, i - 1);
		}
	}
}

static void add_alias(
	struct steam_queue *queue, const char *account_id, uint32_t reported, uint32_t actual)
{
	struct content *content = &queue->content;

	forget_reported(queue, account_id, reported);
	for (size_t i = 0; i < content->aliases_count; i++) {
		if (content->aliases[i].actual == reported &&
			strcmp(content->aliases[i].account_id, account_id) == 0) {
			content->aliases[i].actual = actual;
		}
	}
	if (content->aliases_count >= STEAM_QUEUE_ALIASES_MAX) {
		remove_alias_at(content, 0);
	}
	content->aliases =
		xrealloc(content->aliases, content->aliases_count + 1, sizeof(*content->aliases));
	content->aliases[content->aliases_count++] = (struct alias){
		.account_id = xstrdup(account_id),
		.reported = reported,
		.actual = actual,
	};
}

static bool check_room(
	const struct steam_queue *queue, const struct steam_change *change, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (!steam_change_check(change, err)) {
		return false;
	}
	json_write(&text, steam_change_fields, change);
	if (text.length > STEAM_QUEUE_CHANGE_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE,
			"the shortcut takes %zu bytes; the limit is %d", text.length,
			STEAM_QUEUE_CHANGE_MAX_BYTES);
	}
	if (queue->content.changes_count >= STEAM_QUEUE_CHANGES_MAX) {
		return error_set(err, ERROR_NO_SPACE,
			"%d changes are already queued; restart Steam to apply them",
			STEAM_QUEUE_CHANGES_MAX);
	}
	return true;
}

/* Greater than any before, also those that have been read. Before one is added at the end. */
static int64_t fresh_number(const struct steam_queue *queue)
{
	size_t count = queue->content.changes_count;
	int64_t last = count > 1 ? queue->content.changes[count - 2].number : 0;

	return (last > queue->last_number ? last : queue->last_number) + 1;
}

bool steam_queue_add(struct steam_queue *queue, const struct steam_change *change, int64_t *number,
	struct error *err)
{
	struct content *content = &queue->content;
	struct steam_queued *added;

	if (!state_link_ready(&queue->link, err) || !check_room(queue, change, err)) {
		return false;
	}
	content->changes =
		xrealloc(content->changes, content->changes_count + 1, sizeof(*content->changes));
	added = &content->changes[content->changes_count++];
	*added = (struct steam_queued){ .number = fresh_number(queue) };
	steam_change_copy(&added->change, change);
	if (!write_content(queue, content, err)) {
		steam_change_finish(&added->change);
		content->changes_count--;
		return false;
	}
	*number = queue->last_number = added->number;
	return true;
}

static bool contains(const int64_t *numbers, size_t count, int64_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] == number) {
			return true;
		}
	}
	return false;
}

/* Copies all but some changes; what they own stays with the original list. */
static size_t copy_without(struct steam_queued *kept, const struct content *content,
	const int64_t *numbers, size_t count)
{
	size_t kept_count = 0;

	for (size_t i = 0; i < content->changes_count; i++) {
		if (!contains(numbers, count, content->changes[i].number)) {
			kept[kept_count++] = content->changes[i];
		}
	}
	return kept_count;
}

static void take_out(struct content *content, const int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < content->changes_count; i++) {
		if (contains(numbers, count, content->changes[i].number)) {
			steam_change_finish(&content->changes[i].change);
			free(content->changes[i].obstacle);
		}
	}
	content->changes_count = copy_without(content->changes, content, numbers, count);
}

bool steam_queue_remove(
	struct steam_queue *queue, const int64_t *numbers, size_t count, struct error *err)
{
	struct content after = queue->content;
	AUTO(free_ptr)
	struct steam_queued *kept = xcalloc(after.changes_count + 1, sizeof(*kept));

	after.changes = kept;
	after.changes_count = copy_without(kept, &queue->content, numbers, count);
	if (!write_content(queue, &after, err)) {
		write_content(queue, &queue->content, NULL); /* the file may be gone already */
		return false;
	}
	take_out(&queue->content, numbers, count);
	return true;
}

static void note_id(struct steam_queue *queue, const struct steam_change *change, uint32_t app_id)
{
	if (steam_change_is(change, STEAM_CHANGE_REMOVE)) {
		forget_actual(queue, change->account_id, app_id);
	} else if (steam_change_is(change, STEAM_CHANGE_PUT)) {
		forget_reported(queue, change->account_id, app_id);
		if (change->reported_app_id != app_id) {
			add_alias(queue, change->account_id, change->reported_app_id, app_id);
		}
	}
}

void steam_queue_settle(struct steam_queue *queue, int64_t number, uint32_t app_id)
{
	const struct steam_queued *queued = find_queued(queue, number);

	if (queued != NULL && app_id != 0) {
		note_id(queue, &queued->change, app_id);
	}
	take_out(&queue->content, &number, 1);
	assert(queue->link.is_read);
	queue->unwritten = true;
	steam_queue_flush(queue);
}
