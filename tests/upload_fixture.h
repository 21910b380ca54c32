#pragma once

#include "core/error.h"
#include "core/loop.h"
#include "core/worker.h"
#include "library/game_registry.h"
#include "upload/upload_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A store in a throw-away home, and the Hub's side of the conversation. */
struct upload_fixture {
	char home[64];
	char library[96];
	char state[96];
	const char *const
		*folders;      /* empty ones that init_upload announces; NULL-terminated, or NULL */
	unsigned thread_count; /* of the worker; 0: as many as it likes */
	struct loop *loop;
	struct worker *worker;
	struct game_registry *registry;
	struct libraries *libraries;
	struct upload_store *store;
	unsigned changed_count;
	unsigned progress_count;
	unsigned installed_count; /* by an interrupted installation that ended */
	unsigned notice_count;
	char notice[600]; /* the last one */
	int64_t last_transferred;
	/* The process dies this long after that many chunks were answered; 0: never. */
	unsigned fuse_chunks;
	long fuse_us;
};

#define HUB "hub-1"

/* A test's file; its content is generated from name and seed. */
struct test_file {
	const char *path;
	int64_t size;
	unsigned seed;
	bool hashed;
};

void fixture_make_home(struct upload_fixture *fixture);
void fixture_remove_home(struct upload_fixture *fixture);
/* The agent starts and stops; the home stays. */
void fixture_start(struct upload_fixture *fixture);
void fixture_stop(struct upload_fixture *fixture);

void content_fill(const struct test_file *file, int64_t offset, char *data, size_t length);

struct init_answer {
	bool answered;
	char upload_id[64];
	struct json_map resume_from;
	cJSON *tree; /* of its keys */
	struct error error;
};

/* Sends init_upload; *answer stays until it is answered. */
void fixture_init_send(struct upload_fixture *fixture, const char *hub, const char *game,
	const char *install_path, const struct test_file *files, size_t count,
	struct init_answer *answer);
/* Sends init_upload and waits. False on an error, which is in the answer. */
bool fixture_init(struct upload_fixture *fixture, const char *hub, const char *game,
	const char *install_path, const struct test_file *files, size_t count,
	struct init_answer *answer);
void init_answer_finish(struct init_answer *answer);
int64_t init_answer_resume(const struct init_answer *answer, const char *path);

/* One chunk, waited for; gives total_written, or −1 and the error. */
int64_t fixture_chunk(struct upload_fixture *fixture, const char *hub, const char *id,
	const struct test_file *file, int64_t offset, size_t length, struct error *err);
/* Sends what is missing of each file in chunks of 1 MiB. */
void fixture_send(struct upload_fixture *fixture, const char *hub, const struct init_answer *answer,
	const struct test_file *files, size_t count);

/* What fixture_complete() gives as pending. */
#define TEST_PENDING "{\"wantsShortcut\":true}"

struct complete_answer {
	bool answered;
	struct error error;
	char dir[256];
};

bool fixture_complete(struct upload_fixture *fixture, const char *hub, const char *id,
	const char *exe, struct complete_answer *answer);

/* Runs the loop until *flag. */
void fixture_wait(struct upload_fixture *fixture, const bool *flag);
void fixture_settle(struct upload_fixture *fixture); /* until nothing is under way */

/* Is <dir>/<path> just what the file's content is? */
bool has_content(const char *dir, const struct test_file *file);
bool path_exists(const char *dir, const char *path);
void put_file(const char *dir, const char *path, const char *text);
