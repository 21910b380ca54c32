#pragma once

#include <stdbool.h>

struct library_record;
struct library_records;

/* Where a library that is not in its place was, and is: mount points of its card, or folders. */
struct library_move {
	bool is_of_card;
	char *from;
	char *to;
};

/*
 * Is a library that is away somewhere else: its card at another mount point, or its folder at
 * another place of ours? It is recognised by its marker, on its own file system: a copy is another
 * one. *move is the caller's to free. It stays away; what is in it may follow
 * (agent/library_follow.h).
 */
bool library_moved_find(struct library_move *move, const struct library_records *records,
	const struct library_record *record);
