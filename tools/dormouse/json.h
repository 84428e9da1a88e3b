/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON (RFC 8259), indented as xl's. Key NULL: an element of an array, or the whole. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	bool empty; /* nothing yet in the innermost container */
};

void json_begin(struct json *j, FILE *out);
void json_end(struct json *j); /* the last newline */

void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_string(struct json *j, const char *key, const char *value); /* NULL: null */
void json_uint(struct json *j, const char *key, uint64_t value);
void json_int(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_seconds(struct json *j, const char *key, uint64_t ns);

#endif
