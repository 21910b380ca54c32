#pragma once

struct error;

/*
 * The name of a new game's folder, from what the user calls the game: path_safe_name()'s rules, and
 * printable ASCII without what a shell takes for more than a letter. In Game Mode Steam's locale is
 * C, and it cannot start what is below another name. Letters lose their marks ("Pokémon": Pokemon),
 * quotes are left out; what has no form in ASCII gives way to a hash of the whole name, so that two
 * such games do not look alike ("東方 Project": "Project-598725"). The same name always gives the
 * same folder. Errors: INVALID, as path_safe_name(). Caller frees.
 */
char *folder_name_of(const char *game_name, struct error *err);
