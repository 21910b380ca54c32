#pragma once

#include <stdbool.h>

struct error;
struct strvec;

/* The folders of one user. All absolute; created on first use, not by paths_init(). */
struct paths {
	char *home;	   /* $HOME, else the password database */
	char *config_dir;  /* $XDG_CONFIG_HOME/capydeck: settings, tokens (0700) */
	char *state_dir;   /* $XDG_STATE_HOME/capydeck: registry, lock (0700) */
	char *runtime_dir; /* $XDG_RUNTIME_DIR/capydeck, else /run/user/<uid>/capydeck where that
			      exists, else <state_dir>/run: the IPC socket (0700) */
	char *library_dir; /* ~/Games: where games land by default */
};

/* What the command line overrides; NULL members mean the default. Borrowed during init. */
struct paths_options {
	const char *config_dir;
	const char *state_dir;
	const char *runtime_dir;
	const char *library_dir;
};

bool paths_init(struct paths *paths, const struct paths_options *options, struct error *err);
void paths_finish(struct paths *paths);

/*
 * Appends to dirs every runtime_dir that an agent may use if it was started with another
 * environment, e.g. without $XDG_RUNTIME_DIR: the most likely first, starting with that of paths,
 * no duplicates.
 */
void paths_runtime_dirs(const struct paths *paths, struct strvec *dirs);

/* Our folder in each library: unfinished uploads and the trash. */
#define PATH_OWN_FOLDER ".capydeck"
/* Of the unfinished uploads, one folder each; any other folder in it is removed at start. */
#define PATH_UPLOADS_FOLDER PATH_OWN_FOLDER "/uploads"

/* A path, or a name, as short as a message needs it: a long one loses its middle. */
struct path_text {
	char text[64];
};
struct path_text path_shown(const char *path);

/* "<dir>/<name>"; caller frees. */
char *path_join(const char *dir, const char *name);
/* The last component of path; borrowed. */
const char *path_base(const char *path);
/* The folder that holds it: "/" for "/x", "." for "x"; caller frees. */
char *path_parent(const char *path);
/* "~" and "~/…" expanded by home, anything else copied; caller frees. */
char *path_expand_home(const char *path, const char *home);
/*
 * A folder name made from a game's name: separators, control characters and what Windows refuses
 * become '_', leading and trailing dots and blanks are removed, at most 200 bytes, cut between
 * characters. Never empty, ".", ".." or ".capydeck". Errors: INVALID (nothing usable is left, or
 * not UTF-8).
 */
char *path_safe_name(const char *name, struct error *err); /* caller frees */
/*
 * Checks and normalises a peer's relative path: backslashes become '/', "./" and doubled separators
 * are removed. Errors, naming the path: INVALID (empty, absolute, drive letter, "..", control
 * character, not UTF-8, a component over 255 bytes, over 4,095 in all).
 */
char *path_normalise_relative(const char *path, struct error *err); /* caller frees */
/*
 * Like strcmp(), but with '/' before all other characters: "folder" and its files sort before
 * "folder-x".
 */
int path_compare(const char *a, const char *b);
/* Is path dir itself or below it, compared by component? Both absolute and without "..". */
bool path_is_within(const char *path, const char *dir);
/* Is it absolute, not "/", and without ".", ".." and empty components? */
bool path_is_plain(const char *path);
/* The same for a relative path: is it in the form that path_normalise_relative() returns? */
bool path_is_plain_relative(const char *path);
/* Is it the name of one folder or file: not empty, ".", "..", and without '/'? */
bool path_is_folder_name(const char *name);
/* What the disk says about a path: three answers. */
enum path_presence {
	PATH_PRESENT, /* also a link that leads nowhere */
	PATH_ABSENT,  /* and the nearest folder above it could be opened */
	PATH_UNKNOWN, /* the disk did not answer, or the way there is no folder: see errno */
};
enum path_presence path_presence(const char *path);
/* Is it PATH_ABSENT? */
bool path_is_gone(const char *path);

/*
 * Where a helper program or library of the same build is: beside the running program, or in
 * ../libexec/capydeck if it is only there. Caller frees.
 */
char *path_beside_program(const char *name);
