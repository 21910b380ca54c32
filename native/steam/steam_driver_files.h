#pragma once

struct steam_driver;
struct steam_options;
struct worker;

/*
 * The driver that writes userdata/<account>/config/shortcuts.vdf, for a Steam that does not run:
 * one that runs holds the list in memory and overwrites the file. Changes happen on the worker,
 * one after another. Before each change the file is copied beside itself to
 * "shortcuts.vdf.capydeck-1", where 1 is the newest and 5 the oldest that is kept; then it is
 * replaced at once, with the mode it had. A file that does not parse is never touched.
 */
struct steam_driver *steam_driver_files_create(
	struct worker *worker, const struct steam_options *options);
