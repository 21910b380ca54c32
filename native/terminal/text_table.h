#pragma once

#include "core/strvec.h"

#include <stddef.h>

/*
 * Rows of texts in columns as wide as their widest cell, but for cells of more than
 * TEXT_TABLE_CELL_MAX columns of the terminal: these only widen their own row. Zeroed is empty.
 */
#define TEXT_TABLE_CELL_MAX 48
#define TEXT_TABLE_COLUMNS_MAX 8

struct text_table {
	struct strvec cells; /* row by row */
	size_t column_count;
	size_t widths[TEXT_TABLE_COLUMNS_MAX];
};

/* cells: NULL-terminated, the same number in every row; copied, made safe for a terminal. */
void text_table_row(struct text_table *table, const char *const *cells);
void text_table_print(const struct text_table *table); /* on standard output */
void text_table_finish(struct text_table *table);
