#pragma once

struct error;
struct push_manifest;

/*
 * Guesses which file starts a game: the only program at the top of the folder (an ELF program or a
 * script with its execute bit, *.x86_64, *.exe, *.sh); among several, the one named like the game.
 * Crash reporters and uninstallers do not count,
 * nor does what cannot start (core/program_file.h) if something else can.
 * Returns a path borrowed from the manifest; NULL on failure.
 * Errors: NOT_FOUND (none), CONFLICT (several; the message lists them).
 */
const char *executable_guess(
	const struct push_manifest *manifest, const char *game_name, struct error *err);

/*
 * The file with that path: relative to the root, a relative or absolute path that leads into the
 * folder dir, or as people write it (proto/executable_match.h). Sets *arguments, what is behind it,
 * borrowed from path ("": nothing). Borrowed from the manifest. Errors: NOT_FOUND.
 */
const char *executable_named(const struct push_manifest *manifest, const char *dir,
	const char *path, const char **arguments, struct error *err);
