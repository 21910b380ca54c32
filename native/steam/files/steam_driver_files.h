#pragma once

struct steam_driver;
struct worker;

/*
 * The driver that writes shortcuts.vdf and config.vdf, for a Steam that is not running: a running
 * one holds the list in memory and overwrites the file. Changes happen on the worker, one after
 * another. Before each the file is copied beside itself (backed_file.h); then it is replaced
 * atomically, keeping its mode. A file that does not parse is never touched. home, steam_dir: as
 * for steam_install_find().
 */
struct steam_driver *steam_driver_files_create(
	struct worker *worker, const char *home, const char *steam_dir);
