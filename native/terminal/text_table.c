#include "terminal/text_table.h"

#include "core/cleanup.h"
#include "core/utf8.h"
#include "core/xalloc.h"
#include "terminal/text_width.h"

#include <assert.h>
#include <stdio.h>

#define GAP 2

void text_table_row(struct text_table *table, const char *const *cells)
{
	size_t column = 0;

	for (; cells[column] != NULL; column++) {
		AUTO(free_ptr) char *cell = xstrdup(cells[column]);
		size_t width;

		assert(column < TEXT_TABLE_COLUMNS_MAX);
		utf8_make_printable(cell);
		width = text_width(cell);
		if (width > table->widths[column] && width <= TEXT_TABLE_CELL_MAX) {
			table->widths[column] = width;
		}
		strvec_push(&table->cells, cell);
	}
	table->column_count = column;
}

void text_table_print(const struct text_table *table)
{
	for (size_t i = 0; i < table->cells.count; i++) {
		const char *cell = table->cells.items[i];
		size_t column = i % table->column_count, width = text_width(cell);

		if (column + 1 == table->column_count) {
			puts(cell);
		} else {
			size_t fill =
				width < table->widths[column] ? table->widths[column] - width : 0;

			printf("%s%*s", cell, (int)(fill + GAP), "");
		}
	}
}

void text_table_finish(struct text_table *table)
{
	strvec_finish(&table->cells);
	*table = (struct text_table){ .column_count = 0 };
}
