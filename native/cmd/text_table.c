#include "cmd/text_table.h"

#include "hub/text_width.h"

#include <assert.h>
#include <stdio.h>

#define GAP 2

void text_table_row(struct text_table *table, const char *const *cells)
{
	size_t column = 0;

	for (; cells[column] != NULL; column++) {
		size_t width = text_width(cells[column]);

		assert(column < TEXT_TABLE_COLUMNS_MAX);
		if (width > table->widths[column]) {
			table->widths[column] = width;
		}
		strvec_push(&table->cells, cells[column]);
	}
	table->column_count = column;
}

void text_table_print(const struct text_table *table)
{
	for (size_t i = 0; i < table->cells.count; i++) {
		const char *cell = table->cells.items[i];
		size_t column = i % table->column_count;

		if (column + 1 == table->column_count) {
			puts(cell);
		} else {
			printf("%s%*s", cell, (int)(table->widths[column] - text_width(cell) + GAP),
				"");
		}
	}
}

void text_table_finish(struct text_table *table)
{
	strvec_finish(&table->cells);
	*table = (struct text_table){ .column_count = 0 };
}
