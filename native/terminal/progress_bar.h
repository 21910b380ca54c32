#pragma once

#include "core/transfer_rate.h"

#include <stdbool.h>
#include <stdint.h>

struct strbuf;

/*
 * A progress line: on a terminal it is redrawn in place, at most ten times a second and fitted to
 * the terminal's width each time; elsewhere it is a plain line every few seconds.
 */
struct progress_view {
	const char *label; /* "Sending" */
	int64_t bytes_done;
	int64_t bytes_total;
	int64_t rate;	  /* bytes a second; 0: not known */
	const char *path; /* the file at hand; "" for none */
};

struct progress_bar {
	int fd;		   /* borrowed */
	bool is_terminal;  /* redraw in place */
	bool is_utf8;	   /* may draw with more than ASCII */
	unsigned drawn;	   /* columns of the line on the screen; 0: none */
	int64_t drawn_ms;  /* when; 0: never */
	const char *label; /* of the last update; borrowed */
	int64_t bytes_last;
	struct transfer_rate rate;
};

/* is_terminal and the character set are found out from fd and the environment. */
void progress_bar_init(struct progress_bar *bar, int fd);
/* Draws when it is due. label, a literal, names the phase: a new label starts over. */
void progress_bar_update(struct progress_bar *bar, const char *label, int64_t bytes_done,
	int64_t bytes_total, const char *path);
/* Removes the line, so that something else can be printed; the next update draws it again. */
void progress_bar_clear(struct progress_bar *bar);

/* Instead of a width: everything, without the bar. */
#define PROGRESS_BAR_PLAIN UINT16_MAX

/*
 * Appends the line for a width, at least 1 column short of it. What does not fit is left out:
 * the file first (its beginning, then all of it), then bar, label, rate, time and amount.
 */
void progress_bar_format(
	struct strbuf *out, const struct progress_view *view, unsigned columns, bool is_utf8);

/* "412 MB", "1.2 GB", "3 bytes": decimal units, as disks and networks are sold. */
void progress_bar_format_bytes(struct strbuf *out, int64_t bytes);
/* "0:07", "12:30", "1:02:03". */
void progress_bar_format_seconds(struct strbuf *out, int64_t seconds);
