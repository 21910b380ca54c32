#pragma once

struct libraries;
struct library_contents;

/*
 * What is in a library that is not in its place, but in another place of ours (its card is mounted
 * elsewhere, its folder was moved), is registered where it is: installed and deleted games with
 * their shortcuts' targets, and unfinished uploads. Each list changes in one write, and what a
 * crash leaves behind follows the next time. A library that is back has its contents back in the
 * same way. An interrupted installation waits until it is.
 */
void library_follow(const struct library_contents *contents, const struct libraries *libraries,
	const char *state_dir);
