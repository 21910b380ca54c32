#pragma once

struct loop;
struct steam_driver;
struct steam_ui;

/*
 * The driver that asks the game-mode plugin (steam_ui.h), which calls Steam's own functions: no
 * restart, and the shortcut is there at once. ui is borrowed.
 */
struct steam_driver *steam_driver_ui_create(struct loop *loop, const struct steam_ui *ui);
