#include "upload_fixture.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/sha256.h"
#include "core/xalloc.h"
#include "folder.h"
#include "libraries_fixture.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#define HASHED_MAX_BYTES (INT64_C(16) * 1024 * 1024)

#define CHUNK ((size_t)1024 * 1024)

void fixture_make_home(struct upload_fixture *fixture)
{
	*fixture = (struct upload_fixture){ 0 };
	folder_make(fixture->home);
	snprintf(fixture->library, sizeof(fixture->library), "%s/Games", fixture->home);
	snprintf(fixture->state, sizeof(fixture->state), "%s/state", fixture->home);
}

void fixture_remove_home(struct upload_fixture *fixture)
{
	folder_remove(fixture->home);
}

static void on_progress(void *user, const struct upload_status *status)
{
	struct upload_fixture *fixture = user;

	fixture->progress_count++;
	fixture->last_transferred = status->transferred_bytes;
	if (fixture->progress_count == fixture->fuse_chunks) {
		struct itimerval fuse = { .it_value = { .tv_usec = fixture->fuse_us } };

		signal(SIGALRM, SIG_DFL); /* Check has a handler for it */
		setitimer(ITIMER_REAL, &fuse, NULL);
	}
}

static void on_changed(void *user)
{
	((struct upload_fixture *)user)->changed_count++;
}

static void on_installed_later(void *user, const char *dir)
{
	((struct upload_fixture *)user)->installed_count++;
}

static void on_notice(void *user, const char *sentence)
{
	struct upload_fixture *fixture = user;

	fixture->notice_count++;
	snprintf(fixture->notice, sizeof(fixture->notice), "%s", sentence);
}

static void on_library_arrived(void *user, const struct library *library)
{
	const struct upload_fixture *fixture = user;

	if (fixture->store != NULL) {
		upload_store_library_arrived(fixture->store, library);
	}
}

void fixture_start(struct upload_fixture *fixture)
{
	static const struct upload_store_events events = {
		.progress = on_progress,
		.changed = on_changed,
		.installed = on_installed_later,
		.notice = on_notice,
	};
	AUTO(free_ptr) char *games = xasprintf("%s/games.json", fixture->state);
	AUTO(free_ptr) char *notice = NULL;
	struct error err = { 0 };
	struct upload_store_options options;

	fixture->loop = loop_create();
	fixture->worker = worker_create(
		fixture->loop, fixture->thread_count != 0 ? fixture->thread_count : 3);
	fixture->registry = game_registry_create(games, &notice);
	ck_assert_ptr_null(notice);
	fixture->store = NULL;
	fixture->libraries = libraries_create(&(struct libraries_options){ .loop = fixture->loop,
						      .state_dir = fixture->state,
						      .home = fixture->home,
						      .library_path = "~/Games",
						      .count = libraries_fixture_count,
						      .arrived = on_library_arrived,
						      .user = fixture },
		&notice);
	ck_assert_ptr_null(notice);
	libraries_start(fixture->libraries);
	options = (struct upload_store_options){ .loop = fixture->loop,
		.worker = fixture->worker,
		.registry = fixture->registry,
		.libraries = fixture->libraries,
		.home = fixture->home,
		.state_dir = fixture->state,
		.expire_after_ms = INT64_C(7) * 24 * 3600 * 1000 };
	fixture->store = upload_store_create(&options, &events, fixture, &err);
	ck_assert_msg(fixture->store != NULL, "%s", err.message);
}

void fixture_stop(struct upload_fixture *fixture)
{
	upload_store_destroy(fixture->store);
	libraries_destroy(fixture->libraries);
	game_registry_destroy(fixture->registry);
	worker_destroy(fixture->worker);
	loop_destroy(fixture->loop);
}

void fixture_wait(struct upload_fixture *fixture, const bool *flag)
{
	struct pollfd poll_fd = { .fd = loop_fd(fixture->loop), .events = POLLIN };

	while (!*flag) {
		ck_assert_int_gt(poll(&poll_fd, 1, 60 * 1000), 0);
		loop_dispatch(fixture->loop);
	}
}

void fixture_settle(struct upload_fixture *fixture)
{
	worker_drain(fixture->worker);
}

void content_fill(const struct test_file *file, int64_t offset, char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		uint64_t at = (uint64_t)offset + i;
		uint64_t word = (at / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15) + file->seed;

		data[i] = (char)((word ^ word >> 29) >> (at % 8 * 8));
	}
}

/* The true hash of a small file; of a large one, which nothing reads again, any that tells apart.
 */
static char *hash_of(const struct test_file *file)
{
	size_t length = file->size < HASHED_MAX_BYTES ? (size_t)file->size : 64;
	AUTO(free_ptr) char *data = xcalloc(1, length + 1);
	char hex[SHA256_HEX_BYTES];

	content_fill(file, 0, data, length);
	sha256_of(data, length, hex);
	return xstrdup(hex);
}

static void on_init(
	void *user, const struct upload_init_response *response, const struct error *err)
{
	struct init_answer *answer = user;

	ck_assert(!answer->answered);
	ck_assert((response == NULL) == (err != NULL));
	answer->answered = true;
	if (err != NULL) {
		answer->error = *err;
		return;
	}
	snprintf(answer->upload_id, sizeof(answer->upload_id), "%s", response->upload_id);
	answer->resume_from.count = response->resume_from.count;
	answer->resume_from.items =
		xcalloc(response->resume_from.count + 1, sizeof(struct json_map_entry));
	for (size_t i = 0; i < response->resume_from.count; i++) {
		answer->resume_from.items[i].key =
			json_keep(&answer->tree, response->resume_from.items[i].key);
		answer->resume_from.items[i].value = response->resume_from.items[i].value;
	}
}

void fixture_init_send(struct upload_fixture *fixture, const char *hub, const char *game,
	const char *install_path, const struct test_file *files, size_t count,
	struct init_answer *answer)
{
	struct init_upload request = { 0 };

	*answer = (struct init_answer){ 0 };
	request.config.game_name = json_keep(&request.tree, game);
	request.config.install_path = json_keep(&request.tree, install_path);
	request.config.executable = "bin\\game";
	request.files = xcalloc(count, sizeof(*request.files));
	request.files_count = count;
	for (size_t i = 0; i < count; i++) {
		AUTO(free_ptr) char *sha256 = files[i].hashed ? hash_of(&files[i]) : NULL;

		request.files[i].relative_path = json_keep(&request.tree, files[i].path);
		request.files[i].size = files[i].size;
		request.files[i].sha256 = json_keep(&request.tree, sha256);
		request.total_size += files[i].size;
	}
	for (const char *const *folder = fixture->folders; folder != NULL && *folder != NULL;
		folder++) {
		strvec_push(&request.folders, *folder);
	}
	upload_store_init(fixture->store, hub, &request, on_init, answer);
	ck_assert(!answer->answered);
	ck_assert_ptr_null(request.files);
}

bool fixture_init(struct upload_fixture *fixture, const char *hub, const char *game,
	const char *install_path, const struct test_file *files, size_t count,
	struct init_answer *answer)
{
	fixture_init_send(fixture, hub, game, install_path, files, count, answer);
	fixture_wait(fixture, &answer->answered);
	return answer->error.kind == ERROR_NONE;
}

void init_answer_finish(struct init_answer *answer)
{
	json_free(answer->tree);
	free(answer->resume_from.items);
	*answer = (struct init_answer){ 0 };
}

int64_t init_answer_resume(const struct init_answer *answer, const char *path)
{
	for (size_t i = 0; i < answer->resume_from.count; i++) {
		if (strcmp(answer->resume_from.items[i].key, path) == 0) {
			return answer->resume_from.items[i].value;
		}
	}
	return 0;
}

struct chunk_answer {
	bool answered;
	int64_t total;
	struct error error;
};

static void on_chunk(struct upload_write *write, const struct upload_chunk_response *response,
	const struct error *err)
{
	struct chunk_answer *answer = write->user;

	ck_assert(!answer->answered);
	ck_assert((response == NULL) == (err != NULL));
	answer->answered = true;
	answer->total = response != NULL ? response->total_written : -1;
	if (err != NULL) {
		answer->error = *err;
	}
	json_finish(&write->header, upload_chunk_fields);
	strbuf_finish(&write->message);
	free(write);
}

int64_t fixture_chunk(struct upload_fixture *fixture, const char *hub, const char *id,
	const struct test_file *file, int64_t offset, size_t length, struct error *err)
{
	struct upload_write *write = xcalloc(1, sizeof(*write));
	struct chunk_answer answer = { 0 };
	char hex[SHA256_HEX_BYTES];

	strbuf_append_text(&write->message, "header");
	write->data_offset = write->message.length;
	content_fill(file, offset, strbuf_extend(&write->message, length), length);
	sha256_of(write->message.data + write->data_offset, length, hex);
	write->header.upload_id = json_keep(&write->header.tree, id);
	write->header.file_path = json_keep(&write->header.tree, file->path);
	write->header.offset = offset;
	write->header.checksum = json_keep(&write->header.tree, hex);
	write->ahead_bytes = upload_store_write_ahead(fixture->store, hub, &write->header,
		write->message.data + write->data_offset, length / 2, 0);
	write->pipelined = (offset / 4096) % 2 == 1;
	write->done = on_chunk;
	write->user = &answer;
	upload_store_write(fixture->store, hub, write);
	fixture_wait(fixture, &answer.answered);
	if (err != NULL) {
		*err = answer.error;
	} else {
		ck_assert_msg(answer.total >= 0, "%s", answer.error.message);
	}
	return answer.total;
}

void fixture_send(struct upload_fixture *fixture, const char *hub, const struct init_answer *answer,
	const struct test_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t at = init_answer_resume(answer, files[i].path);

		while (at < files[i].size) {
			size_t length = (size_t)(files[i].size - at);

			length = length < CHUNK ? length : CHUNK;
			fixture_chunk(fixture, hub, answer->upload_id, &files[i], at, length, NULL);
			at += (int64_t)length;
		}
	}
}

static void on_complete(
	void *user, const struct upload_installed *installed, const struct error *err)
{
	struct complete_answer *answer = user;

	ck_assert(!answer->answered);
	ck_assert((installed == NULL) == (err != NULL));
	answer->answered = true;
	if (err != NULL) {
		answer->error = *err;
		return;
	}
	snprintf(answer->dir, sizeof(answer->dir), "%s", installed->dir);
}

bool fixture_complete(struct upload_fixture *fixture, const char *hub, const char *id,
	const char *exe, struct complete_answer *answer)
{
	AUTO(free_ptr) char *executable = NULL;
	const char *arguments;

	*answer = (struct complete_answer){ 0 };
	if (exe != NULL && !upload_store_executable(fixture->store, hub, id, exe, &executable,
				   &arguments, &answer->error)) {
		return false;
	}
	upload_store_complete(
		fixture->store, hub, id, executable, TEST_PENDING, on_complete, answer);
	ck_assert(!answer->answered);
	fixture_wait(fixture, &answer->answered);
	return answer->error.kind == ERROR_NONE;
}

bool has_content(const char *dir, const struct test_file *file)
{
	AUTO(free_ptr) char *path = xasprintf("%s/%s", dir, file->path);
	AUTO(free_ptr) char *expected = xcalloc(1, file->size + 1);
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	content_fill(file, 0, expected, file->size);
	return atomic_file_read(path, file->size + 1, &text, NULL) &&
	       text.length == (size_t)file->size &&
	       memcmp(strbuf_text(&text), expected, file->size) == 0;
}

bool path_exists(const char *dir, const char *path)
{
	AUTO(free_ptr) char *full = xasprintf("%s/%s", dir, path);
	struct stat stat;

	return lstat(full, &stat) == 0;
}

void put_file(const char *dir, const char *path, const char *text)
{
	AUTO(free_ptr) char *full = xasprintf("%s/%s", dir, path);
	struct error err;

	ck_assert_msg(atomic_file_write(full, text, strlen(text), 0644, &err), "%s", err.message);
}
