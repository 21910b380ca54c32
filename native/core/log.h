#pragma once

#include <stdbool.h>

/*
 * One line per event, on stderr. Under systemd (JOURNAL_STREAM names stderr) each line starts with
 * the journal's "<n>" priority, otherwise with a time and the level. Line feeds and control
 * characters in the text are replaced. Never log secrets, such as codes and tokens. Thread-safe.
 * Code below agent/ does not log what it returns as an error.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level); /* default: LOG_LEVEL_INFO */
bool log_enabled(enum log_level level);

/* The module's name leads each line: `#define LOG_MODULE "uploads"` before the include. */
#ifndef LOG_MODULE
#define LOG_MODULE "capydeck"
#endif

#define log_error(...) log_write(LOG_LEVEL_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, LOG_MODULE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, LOG_MODULE, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, LOG_MODULE, __VA_ARGS__)

void log_write(enum log_level level, const char *module, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A sink that gets every finished line (without priority or time) besides stderr, for `ctl log`;
 * NULL removes it. Called on the thread that logs, with the log's lock held: it must not log.
 */
void log_set_sink(void (*sink)(void *user, enum log_level level, const char *line), void *user);
