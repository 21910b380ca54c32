#pragma once

#include "steam/steam.h"

struct steam_answers;
struct steam_artwork_shown;
struct steam_drivers;

/*
 * Has the first driver that gets through show an image; success where none does, as Steam finds
 * the file at its next start. Ends with the drivers at the latest. See steam_show_artwork().
 */
void steam_show_start(const struct steam_drivers *drivers, struct steam_answers *answers,
	const struct steam_artwork_shown *image, steam_done *done, void *user);
