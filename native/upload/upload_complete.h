#pragma once

struct error;
struct upload;
struct upload_installed;
struct upload_store;

/* complete_upload, as upload_store_complete(), which see. */
void upload_complete(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *shortcut_exe, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user);

/* Takes up a commit that failed half-way; nobody waits for it. */
void upload_complete_again(struct upload *upload);
