#pragma once

/*
 * How much room UTF-8 text takes on a terminal: combining marks none, East Asian wide characters
 * and emoji two columns, everything else one. Independent of the locale.
 */
unsigned text_width(const char *text);
/* The text's longest end of at most limit columns: a pointer into it. */
const char *text_width_tail(const char *text, unsigned limit);
/* The current width of the terminal fd in columns; 80 if unknown. */
unsigned text_width_terminal(int fd);
