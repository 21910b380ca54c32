#pragma once

struct error;
struct upload;
struct upload_installed;
struct upload_store;

/* complete_upload: see upload_store_complete(). */
void upload_complete(struct upload_store *store, const char *hub_id, const char *upload_id,
	const char *executable, const char *pending,
	void (*done)(void *user, const struct upload_installed *installed, const struct error *err),
	void *user);

/* Resumes a commit that failed half-way; without a listener. */
void upload_complete_again(struct upload *upload);
