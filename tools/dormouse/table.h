/* SPDX-License-Identifier: Apache-2.0 */
/* Prints rows in columns that are as wide as their widest cell. */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include <stdio.h>

struct table {
	unsigned int nr_columns;
	const char *right; /* a letter for each column: 'r' to align right, else left */
	size_t nr_cells;
	char **cells;
};

/* headers: columns separated by '|'. */
void table_begin(struct table *t, const char *right, const char *headers);
/* The next cell, row by row. */
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints all (out NULL: nothing) and frees it. A line never ends in blanks. */
void table_end(struct table *t, FILE *out);

#endif
