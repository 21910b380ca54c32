#pragma once

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

struct upload_content;
struct upload_head;
struct upload_manifest;

/*
 * Prepares an upload for its first chunk: finds what is already installed and what an earlier
 * session left, checks the free space, creates the staging folder. Blocks: call it on a worker.
 */
struct upload_load {
	const char *root;	  /* the library folder */
	const char *library;	  /* the id of the library that must be there */
	const char *library_name; /* for people */
	const char *state_dir;
	const struct upload_head *head; /* with upload id, game's folder … */
	bool resume;			/* data of the same manifest, as far as it still exists */
	int64_t now_ms;			/* Unix time */
	/* An upload of another build, which gives what both have (upload_takeover.h); NULL: none.
	 */
	const struct upload_head *giver;
	int64_t taken_bytes;		  /* of it */
	struct upload_manifest *manifest; /* taken when it succeeds */
	struct upload_content *content;	  /* the result */
	int64_t missing_bytes; /* with NO_SPACE: so many more must be free; 0: not known */
	char *notice;	       /* about a list set aside; NULL, or the caller frees it */
	/*
	 * NO_SPACE (needed and free bytes; the game would fit the disk), IO (also: what an earlier
	 * session left cannot be read now; it is kept), INVALID.
	 */
	struct error error;
};

bool upload_load_run(struct upload_load *load);
