#pragma once

#include "library/library_context.h"
#include "library/library_verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct library_sight;

/* A library as it was last seen; borrowed until the next change. */
struct library {
	char *place;	 /* the folder, "~" expanded */
	char *root;	 /* the same with links resolved; of one that is away, as it was */
	char *id;	 /* "" of an unused one */
	char *name;	 /* for people: its card's label, else the place */
	bool is_default; /* library.path */
	bool is_setting; /* that, or in library.extra; else it is known only for what it has */
	bool writable;
	bool executable; /* programs on it can be started */
	enum library_presence presence;
	enum library_absence absence;
	char *was_at; /* of one that is elsewhere: its mount point or folder; else NULL */
	char *now_at;
	bool is_replaced;   /* another card is in its place */
	bool is_repeated;   /* it is listed with the place where it is now, too */
	int64_t free_bytes; /* 0 unless present or unused */
	int64_t total_bytes;
	struct library_held held;
	char *problem; /* one sentence; "": none */
};

/*
 * What is in the place now. A library that is recognised is recorded, and marked if its marker is
 * missing. Both results must be finished.
 */
void library_look(struct library *library, struct library_sight *sight,
	struct library_context *context, const char *place);
/* Another one that was in that place once, besides the one that is recognised there. */
void library_look_absent(struct library *library, const struct library_context *context,
	const struct library *instead, size_t record);
void library_finish(struct library *library);

bool library_is_same(const struct library *a, const struct library *b); /* but for its room */
/* Can games be installed there, which were before? */
bool library_is_usable(const struct library *library);
bool library_holds_any(const struct library *library);
/* Of one that is away: "is on the card 'SD', which is not inserted; insert it"; caller frees. */
char *library_describe_absence(const struct library *library);
/* One sentence on an away library itself; caller frees. */
char *library_describe_away(const struct library *library);

/*
 * After something failed in the library of that name: if its disk did, err says so, with the
 * remedy. certain: nothing else can have been it.
 */
void library_blame_disk(const char *name, const char *place, bool certain, struct error *err);
/* What is in it has changed. Has that changed its numbers? */
bool library_count_again(struct library *library, struct library_context *context);

/*
 * May something be written to it? Errors, one sentence with the remedy: CONFLICT (away, read-only,
 * somebody else's, in the way), NO_SPACE (a quota), IO.
 */
bool library_check_claimable(
	const struct library *library, const struct library_sight *sight, struct error *err);
/*
 * The first use of an unused one: makes its folder if it is missing, and marks it. *now (must be
 * finished) is what it has become. Errors: IO, NO_SPACE, CONFLICT.
 */
bool library_begin(struct library *now, struct library_context *context,
	const struct library *unused, struct error *err);
