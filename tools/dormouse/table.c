// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

#define GAP 2

static void add(struct table *t, char *text)
{
	t->cells = xrealloc(t->cells, (t->nr_cells + 1) * sizeof(t->cells[0]));
	t->cells[t->nr_cells++] = text;
}

void table_begin(struct table *t, const char *right, const char *headers)
{
	*t = (struct table) { .nr_columns = (unsigned int)strlen(right), .right = right };
	for (unsigned int i = 0; i < t->nr_columns; i++) {
		size_t n = strcspn(headers, "|");

		add(t, xformat("%.*s", (int)n, headers));
		headers += n + (headers[n] == '|');
	}
}

void table_cell(struct table *t, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = xstrdup("");
	va_end(args);
	add(t, text);
}

static int width_of(const struct table *t, unsigned int column)
{
	size_t width = 0;

	for (size_t i = column; i < t->nr_cells; i += t->nr_columns) {
		if (strlen(t->cells[i]) > width)
			width = strlen(t->cells[i]);
	}
	return (int)width;
}

void table_end(struct table *t, FILE *out)
{
	int *widths = xcalloc(t->nr_columns, sizeof(widths[0]));
	int blanks = 0;

	for (unsigned int i = 0; i < t->nr_columns; i++)
		widths[i] = width_of(t, i);
	for (size_t i = 0; i < t->nr_cells; i++) {
		/* static: clang-analyzer-core.DivideZero: no columns, no cells */
		unsigned int column = i % t->nr_columns;
		int rest = widths[column] - (int)strlen(t->cells[i]);
		bool right = t->right[column] == 'r';

		if (out && t->cells[i][0])
			fprintf(out, "%*s%s", blanks + (right ? rest : 0), "", t->cells[i]);
		if (t->cells[i][0])
			blanks = right ? 0 : rest;
		else
			blanks += rest;
		blanks += GAP;
		if (column == t->nr_columns - 1) {
			if (out)
				fputc('\n', out);
			blanks = 0;
		}
		free(t->cells[i]);
	}
	free(widths);
	free(t->cells);
	*t = (struct table) { 0 };
}
