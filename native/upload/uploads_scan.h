#pragma once

struct uploads;

/*
 * Finds what earlier runs left below the library folders: commits are finished, unfinished uploads
 * listed as paused, what is neither removed. Those that are known already are left alone.
 */
void uploads_scan(struct uploads *uploads);
