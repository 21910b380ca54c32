#pragma once

struct error;
struct init_upload;
struct upload_init_response;
struct upload_store;

/*
 * init_upload: checks the manifest, chooses the folder, finds what is held already and makes room.
 * As upload_store_init(), which see.
 */
void upload_begin(struct upload_store *store, const char *hub_id, struct init_upload *request,
	void (*done)(
		void *user, const struct upload_init_response *response, const struct error *err),
	void *user);

/* The Hub has gone: what is being begun for it will be paused. */
void upload_begin_hub_gone(struct upload_store *store, const char *hub_id);
