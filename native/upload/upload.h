#pragma once

#include "core/error.h"
#include "core/list.h"
#include "core/strvec.h"
#include "core/transfer_rate.h"
#include "upload/chunk_writer.h"
#include "upload/upload_staging.h"
#include "upload/upload_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct game_registry;
struct libraries;
struct library;
struct loop;
struct loop_timer;
struct upload_begin;
struct upload_content;
struct upload_journal_state;
struct upload_store;
struct worker;

/*
 * A step of one upload that takes time. An upload's tasks run one after the other;
 * an exclusive one starts only when no chunk of it is being written. start() must end in
 * upload_task_done(), at once or later.
 */
struct upload_task {
	void (*start)(struct upload_task *task);
	bool exclusive;
	TAILQ_ENTRY(upload_task) link; /* the upload's own */
};

/* The answer to a written chunk, held back until the disk has caught up. */
struct upload_answer {
	void (*give)(struct upload_answer *answer);
	TAILQ_ENTRY(upload_answer) link;
};

/*
 * An upload's life. upload_set_phase() knows which may follow which.
 *
 *	preparing ──► receiving ◄──► paused ◄── (left by an earlier run)
 *	                 ▲ │           ▲
 *	                 │ ▼           │
 *	               completing ─────┘
 *	                  ▲ │
 *	                  │ ▼
 *	               unfinished ◄── (left by an earlier run)
 *
 * and from all but unfinished to gone.
 */
enum upload_phase {
	PHASE_PREPARING, /* init_upload is under way; not shown, not known by its id yet */
	PHASE_RECEIVING,
	PHASE_PAUSED,	  /* its Hub has gone, or cancelled it; resumable */
	PHASE_COMPLETING, /* a complete_upload is waiting or being executed */
	PHASE_UNFINISHED, /* that failed with the commit record on disk: must be retried */
	PHASE_GONE,	  /* being removed; freed as soon as nothing uses it */
};

enum upload_saving {
	SAVING_NONE,
	SAVING_QUEUED,	  /* a checkpoint waits for its turn */
	SAVING_EXCLUSIVE, /* one is under way while no chunk is written */
	SAVING_BESIDE,	  /* one is under way, and chunks continue */
};

/* One upload, running or paused. */
struct upload {
	struct upload_store *store;
	struct upload_head head;
	char *root;    /* the library folder that has its staging */
	char *library; /* the id of that library: another card may be in its place */
	enum upload_phase phase;
	enum upload_saving saving;
	bool cancelled;			/* by its Hub; kept for a shorter time */
	bool hub_gone;			/* while it was completing */
	int64_t flush_bytes_per_s;	/* of the last flush large enough to measure; 0: none yet */
	struct upload_content *content; /* NULL unless chunks are accepted */
	int64_t paused_bytes;		/* held, while content is NULL */
	int64_t updated_at_ms;		/* Unix time; only shown, and see upload_age_ms() */
	int64_t active_at_ms;		/* the same by the steady clock; 0: in an earlier run */
	int64_t kept_ms;		/* paused: for so long until … */
	int64_t kept_until_ms;		/* … then, by the steady clock */
	struct transfer_rate rate;
	unsigned tries;	    /* to finish its commit */
	struct error fault; /* an error of a background task; reported to the next chunk */
	size_t write_count; /* chunks being written */
	bool running;	    /* a task has started and is not done */
	TAILQ_HEAD(, upload_task) tasks; /* waiting */
	TAILQ_HEAD(, upload_answer) late;
	TAILQ_ENTRY(upload) link;
};

#define UPLOAD_ENDED_COUNT 16

/* All uploads and the modules they use: the private side of upload_store.h. */
struct upload_store {
	struct loop *loop;
	struct worker *worker;
	struct game_registry *registry;
	char *home;
	char *state_dir;
	struct libraries *libraries;
	struct strvec own_dirs;
	int64_t expire_after_ms;
	const bool *keep_previous; /* NULL: yes */
	struct upload_store_events events;
	void *user;   /* of the events */
	bool closing; /* being destroyed */
	struct chunk_writer writer;
	size_t late_bytes;	      /* of the chunks whose answers wait in upload->late */
	TAILQ_HEAD(, upload) uploads; /* the oldest first */
	LIST_HEAD(, upload_begin) begins;
	struct loop_timer *expiry;
	struct loop_timer *retry; /* of what could not be read or finished */
	int64_t retry_ms;	  /* the next delay; 0: none was needed lately */
	bool unread;		  /* something in a library could not be read at the last scan */
	struct strvec told;	  /* sentences, for the owner */
	/* The last ones that ended, so that a late cancel is not an error; "<hub> <upload>". */
	char *ended[UPLOAD_ENDED_COUNT];
	size_t ended_next;
};

/* Appends to the store's list. */
struct upload *upload_create(struct upload_store *store, enum upload_phase phase);
/* Removes it from the list. NULL is fine. */
void upload_destroy(struct upload *upload);
/* hub_id NULL: any Hub's. Neither those that are being prepared nor those that are gone. */
struct upload *upload_find(const struct upload_store *store, const char *hub_id, const char *id);
/* Is it listed, and can it be found by its id? */
bool upload_is_listed(const struct upload *upload);
/* Is the game being moved into place, or waiting for another try? */
bool upload_is_completing(const struct upload *upload);

/* An illegal transition is a bug. */
void upload_set_phase(struct upload *upload, enum upload_phase phase);
/* Tells the store's owner what the device's owner should know; once each. */
void upload_tell(struct upload_store *store, const char *sentence);
/* Tells the store's owner that the list has changed. */
void upload_list_changed(struct upload_store *store);

void upload_enqueue(struct upload *upload, struct upload_task *task);
/* The running task has ended; may free an upload that is gone. */
void upload_task_done(struct upload *upload);
void upload_write_began(struct upload *upload);
/* May start a task, or free an upload that is gone. */
void upload_write_ended(struct upload *upload);

/* Has more arrived than the disk can write in time, while it is busy? */
bool upload_is_ahead_of_disk(const struct upload *upload);
/* Gives all answers that were held back. */
void upload_give_answers(struct upload *upload);
/* Reports the error of a background task, once. Errors: that one. */
bool upload_check_fault(struct upload *upload, struct error *err);

/* Is its library known not to be there? Does not look. */
bool upload_is_away(const struct upload *upload);
/* Is its library that one? */
bool upload_is_in(const struct upload *upload, const struct library *library);
/* After a failure: if its library has gone, err says so instead. */
void upload_explain(const struct upload *upload, struct error *err);

/* Records the id in ended. */
void upload_note_ended(const struct upload *upload);
bool upload_has_ended(const struct upload_store *store, const char *hub_id, const char *id);

/* Something has arrived for it. */
void upload_note_activity(struct upload *upload);
/*
 * Since something arrived. If that was in an earlier run only the device's clock can tell, which
 * may have been set: then it may be wrong, and negative.
 */
int64_t upload_age_ms(const struct upload *upload);
/* How long a paused one was kept while the agent ran (core/steady_clock.h), over all runs. */
int64_t upload_kept_ms(const struct upload *upload);
/* Until a paused upload expires, if the agent keeps running; 0 or less: it has. */
int64_t upload_expires_in_ms(const struct upload *upload);
/* Only of a listed one. */
void upload_fill_status(const struct upload *upload, struct upload_status *status);
/* The state to write to the journal now. */
struct upload_journal_state upload_journal_state_of(const struct upload *upload);

/* Is the build that an update replaces kept? On the loop. */
bool upload_keeps_previous(const struct upload_store *store);
int64_t upload_now_ms(void); /* Unix time */
