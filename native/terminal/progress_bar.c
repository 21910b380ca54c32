#include "terminal/progress_bar.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/loop.h"
#include "core/shown.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "terminal/text_width.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_MS 100
#define PLAIN_LINE_MS (5 * 1000)
#define BAR_COLUMNS_MIN 6
#define BAR_COLUMNS_MAX 24
#define PATH_COLUMNS_MIN 8
#define ETA_MAX_S (100 * 60 * 60)

/* In the order they are drawn. */
enum part { PART_LABEL, PART_PERCENT, PART_BAR, PART_AMOUNT, PART_RATE, PART_ETA, PART_PATH };
#define PARTS_COUNT (PART_PATH + 1)

void progress_bar_format_bytes(struct strbuf *out, int64_t bytes)
{
	strbuf_append_text(out, size_shown(bytes).text);
}

void progress_bar_format_seconds(struct strbuf *out, int64_t seconds)
{
	if (seconds >= 3600) {
		strbuf_appendf(out, "%" PRId64 ":%02d:", seconds / 3600, (int)(seconds / 60 % 60));
	} else {
		strbuf_appendf(out, "%d:", (int)(seconds / 60));
	}
	strbuf_appendf(out, "%02d", (int)(seconds % 60));
}

static double share_of(const struct progress_view *view)
{
	if (view->bytes_total <= 0) {
		return 1;
	}
	return (double)view->bytes_done / (double)view->bytes_total;
}

static void format_bar(struct strbuf *out, double share, unsigned columns, bool is_utf8)
{
	unsigned inner = is_utf8 ? columns : columns - 2;
	unsigned filled = (unsigned)(share * inner);

	strbuf_append_text(out, is_utf8 ? "" : "[");
	for (unsigned i = 0; i < inner; i++) {
		const char *full = is_utf8 ? "█" : "#";
		const char *empty = is_utf8 ? "░" : "-";

		strbuf_append_text(out, i < filled ? full : empty);
	}
	strbuf_append_text(out, is_utf8 ? "" : "]");
}

/* The end of a path says more than its beginning. */
static void format_path(struct strbuf *out, const char *path, unsigned columns, bool is_utf8)
{
	AUTO(free_ptr) char *printable = xstrdup(path);
	const char *ellipsis = is_utf8 ? "…" : "...";

	utf8_make_printable(printable);
	if (text_width(printable) <= columns) {
		strbuf_append_text(out, printable);
		return;
	}
	strbuf_append_text(out, ellipsis);
	strbuf_append_text(out, text_width_tail(printable, columns - text_width(ellipsis)));
}

static void format_fixed_parts(struct strbuf *parts, const struct progress_view *view)
{
	int64_t left = view->bytes_total - view->bytes_done;

	strbuf_append_text(&parts[PART_LABEL], view->label);
	/* Rounded down: 99.99 % is not done. */
	strbuf_appendf(&parts[PART_PERCENT], "%3d%%", (int)(share_of(view) * 100));
	progress_bar_format_bytes(&parts[PART_AMOUNT], view->bytes_done);
	strbuf_append_text(&parts[PART_AMOUNT], " of ");
	progress_bar_format_bytes(&parts[PART_AMOUNT], view->bytes_total);
	if (view->rate > 0) {
		progress_bar_format_bytes(&parts[PART_RATE], view->rate);
		strbuf_append_text(&parts[PART_RATE], "/s");
		if (left > 0 && left / view->rate < ETA_MAX_S) {
			progress_bar_format_seconds(
				&parts[PART_ETA], (left + view->rate - 1) / view->rate);
			strbuf_append_text(&parts[PART_ETA], " left");
		}
	}
}

static unsigned used_columns(const struct strbuf *parts)
{
	unsigned columns = 0;

	for (unsigned i = 0; i < PARTS_COUNT; i++) {
		if (parts[i].length > 0) {
			columns += text_width(parts[i].data) + (columns > 0 ? 2 : 0);
		}
	}
	return columns;
}

void progress_bar_format(
	struct strbuf *out, const struct progress_view *view, unsigned columns, bool is_utf8)
{
	static const enum part expendable[] = { PART_LABEL, PART_RATE, PART_ETA, PART_AMOUNT };
	struct strbuf parts[PARTS_COUNT] = { 0 };
	/* The last column stays free: some terminals wrap as soon as it is filled. */
	unsigned room = columns > 1 ? columns - 1 : 1;
	bool is_plain = columns == PROGRESS_BAR_PLAIN;
	unsigned used;

	format_fixed_parts(parts, view);
	for (size_t i = 0; i < 4 && used_columns(parts) > room; i++) {
		strbuf_finish(&parts[expendable[i]]);
	}
	used = used_columns(parts);
	if (!is_plain && used + 2 + BAR_COLUMNS_MIN <= room) {
		unsigned bar = (room - used - 2) / 2;

		bar = bar < BAR_COLUMNS_MIN ? BAR_COLUMNS_MIN : bar;
		bar = bar > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : bar;
		format_bar(&parts[PART_BAR], share_of(view), bar, is_utf8);
		used = used_columns(parts);
	}
	if (view->path[0] != '\0' && used + 2 + PATH_COLUMNS_MIN <= room) {
		format_path(&parts[PART_PATH], view->path, room - used - 2, is_utf8);
	}
	for (unsigned i = 0; i < PARTS_COUNT; i++) {
		if (parts[i].length > 0) {
			strbuf_append_text(out, out->length > 0 ? "  " : "");
			strbuf_append(out, parts[i].data, parts[i].length);
		}
		strbuf_finish(&parts[i]);
	}
}

static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0') {
			return strcasestr(value, "utf-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
		}
	}
	return false;
}

static bool is_drawable(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

void progress_bar_init(struct progress_bar *bar, int fd)
{
	*bar = (struct progress_bar){
		.fd = fd,
		.is_terminal = is_drawable(fd),
		.is_utf8 = locale_is_utf8(),
	};
}

/* Back to where the line began, even when the terminal has become narrower and folded it. */
static void erase(const struct progress_bar *bar, struct strbuf *out, unsigned columns)
{
	unsigned folded = bar->drawn > 0 ? (bar->drawn - 1) / columns : 0;

	strbuf_append_char(out, '\r');
	if (folded > 0) {
		strbuf_appendf(out, "\033[%uA", folded);
	}
	strbuf_append_text(out, folded > 0 ? "\033[J" : "\033[K");
}

static void draw_bar(struct progress_bar *bar, const struct progress_view *view)
{
	AUTO(strbuf_finish) struct strbuf out = { 0 };
	AUTO(strbuf_finish) struct strbuf line = { 0 };

	if (bar->is_terminal) {
		unsigned columns = text_width_terminal(bar->fd);

		erase(bar, &out, columns);
		progress_bar_format(&line, view, columns, bar->is_utf8);
		bar->drawn = text_width(strbuf_text(&line));
	} else {
		progress_bar_format(&line, view, PROGRESS_BAR_PLAIN, bar->is_utf8);
		strbuf_append_char(&line, '\n');
	}
	strbuf_append(&out, line.data, line.length);
	write_all(bar->fd, out.data, out.length);
}

void progress_bar_update(struct progress_bar *bar, const char *label, int64_t bytes_done,
	int64_t bytes_total, const char *path)
{
	int64_t now_ms = loop_now_ms();
	int64_t period_ms = bar->is_terminal ? REDRAW_MS : PLAIN_LINE_MS;
	struct progress_view view = {
		.label = label,
		.bytes_done = bytes_done,
		.bytes_total = bytes_total,
		.path = path,
	};

	if (bar->label == NULL || strcmp(bar->label, label) != 0) {
		bar->label = label;
		bar->bytes_last = bytes_done;
		bar->rate = (struct transfer_rate){ 0 };
		transfer_rate_add(&bar->rate, now_ms, 0);
		/* Something that ends at once needs no plain line. */
		bar->drawn_ms = bar->is_terminal ? 0 : now_ms;
	}
	if (bytes_done > bar->bytes_last) {
		transfer_rate_add(&bar->rate, now_ms, bytes_done - bar->bytes_last);
	}
	bar->bytes_last = bytes_done;
	if (bar->drawn_ms != 0 && now_ms - bar->drawn_ms < period_ms) {
		return;
	}
	bar->drawn_ms = now_ms;
	view.rate = transfer_rate_get(&bar->rate, now_ms);
	draw_bar(bar, &view);
}

void progress_bar_clear(struct progress_bar *bar)
{
	AUTO(strbuf_finish) struct strbuf out = { 0 };

	if (bar->drawn == 0) {
		return;
	}
	erase(bar, &out, text_width_terminal(bar->fd));
	write_all(bar->fd, out.data, out.length);
	bar->drawn = 0;
	bar->drawn_ms = 0;
}
