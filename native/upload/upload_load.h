#pragma once

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

struct upload_content;
struct upload_head;
struct upload_manifest;

/*
 * Readies an upload for its first chunk: what is installed already and what an earlier session
 * left is found, the room on the disk checked, the staging folder made. Blocks: a worker's job.
 */
struct upload_load {
	const char *root; /* the library folder; made where it is missing */
	const char *state_dir;
	const struct upload_head *head;	  /* with upload id, game's folder … */
	bool resume;			  /* of the same manifest, as far as it is still there */
	int64_t now_ms;			  /* Unix time */
	struct upload_manifest *manifest; /* taken when it succeeds */
	struct upload_content *content;	  /* the result */
	char *notice;			  /* of a list set aside; NULL, or the caller frees it */
	struct error error;		  /* NO_SPACE (needed and free bytes), IO, INVALID */
};

bool upload_load_run(struct upload_load *load);
