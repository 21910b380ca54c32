#pragma once

struct error;
struct init_upload;
struct upload_init_response;
struct upload_store;

/*
 * init_upload: checks the manifest, chooses the folder, finds out what is already held and makes
 * room. See upload_store_init().
 */
void upload_begin(struct upload_store *store, const char *hub_id, struct init_upload *request,
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err),
	void *user);

/* The Hub has gone: the upload being started for it will be paused. */
void upload_begin_hub_gone(struct upload_store *store, const char *hub_id);
