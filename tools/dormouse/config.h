/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of xl's configuration files (xl.cfg(5)): NAME = VALUE, where a value is a number, a
 * string in '...' or "..." or a [list]; `+=` appends to a list or a string; statements end with
 * their line or with ';'; '#' begins a comment.
 */
#ifndef TOOL_CONFIG_H
#define TOOL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum config_type { CONFIG_NUMBER, CONFIG_STRING, CONFIG_LIST };

struct config_value {
	enum config_type type;
	unsigned int line, column; /* from 1 on; where the value begins */
	uint64_t number;
	char *string; /* CONFIG_NUMBER: as it was written */
	struct config_value *items;
	size_t nr_items;
};

struct config_entry {
	char *name;
	unsigned int line, column; /* of the name */
	struct config_value value;
};

struct config {
	const char *file; /* for messages; not copied */
	const char *text; /* not copied */
	size_t size;
	FILE *errors;
	unsigned int nr_errors, nr_warnings;
	struct config_entry *entries;
	size_t nr_entries;
};

/* Reads text[size]. False after a message to c->errors. config_free() in both cases. */
bool config_parse(struct config *c, const char *file, const char *text, size_t size, FILE *errors);
/* One more, "key=value" from the command line; a value without quotes or brackets is a string. */
bool config_add(struct config *c, const char *assignment);
void config_free(struct config *c);

/* The last entry with that name, or NULL. */
const struct config_entry *config_find(const struct config *c, const char *name);

/* "FILE:LINE:COLUMN: message" and, if there is such a line, the line with a mark below the place.
 */
void config_error(struct config *c, unsigned int line, unsigned int column, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
void config_warning(struct config *c, unsigned int line, unsigned int column, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

#endif
