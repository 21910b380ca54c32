#pragma once

#include "proto/proto_upload.h"

#include <stdbool.h>

struct error;
struct upload_manifest;

/* What an upload would do with a game that is installed, or not: nothing is changed. */
struct upload_preview {
	char *dir;	       /* where the game is, or would be */
	char *root;	       /* the library folder that it is in */
	const char *state_dir; /* borrowed */
	/* The result. */
	struct json_map
		resume_from; /* path → bytes that need not be sent; borrows from the manifest */
	struct upload_changes changes;
};

/* Blocks: on the worker. Errors: IO: what is there cannot be read now. */
bool upload_preview_run(
	struct upload_preview *preview, const struct upload_manifest *manifest, struct error *err);
void upload_preview_finish(struct upload_preview *preview);
