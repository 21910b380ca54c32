#pragma once

#include <stdbool.h>

struct error;
struct game;
struct library_context;
struct library_list;

/*
 * Can what is in a library be used now? Each question looks at the place, and nowhere else; a
 * refusal is one sentence with the card's name and the remedy. See libraries.h.
 */
struct library_access {
	struct library_context *context;
	const struct library_list *list; /* as all of them were last seen */
	bool is_news;			 /* set when what is there now is something else */
};

bool library_access_to_root(
	struct library_access *access, const char *root, const char *id, struct error *err);
bool library_access_to_game(struct library_access *access, const struct game *game,
	const char *what, struct error *err);
void library_access_explain(
	struct library_access *access, const char *root, const char *id, struct error *err);
