// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <inttypes.h>

static void quoted(struct json *j, const char *s)
{
	fputc('"', j->out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", j->out);
		else if (c < ' ' || c >= 0x7f)
			/* What isn't ASCII may not be UTF-8 either: as if it were Latin 1. */
			fprintf(j->out, "\\u%04x", c);
		else
			fputc(c, j->out);
	}
	fputc('"', j->out);
}

static void line(struct json *j)
{
	if (j->depth)
		fprintf(j->out, "\n%*s", 4 * (int)j->depth, "");
}

static void item(struct json *j, const char *key)
{
	if (!j->empty)
		fputc(',', j->out);
	line(j);
	j->empty = false;
	if (key) {
		quoted(j, key);
		fputs(": ", j->out);
	}
}

static void open_container(struct json *j, const char *key, char bracket)
{
	item(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->empty = true;
}

static void close_container(struct json *j, char bracket)
{
	j->depth--;
	if (!j->empty)
		fprintf(j->out, "\n%*s", 4 * (int)j->depth, "");
	fputc(bracket, j->out);
	j->empty = false;
}

void json_begin(struct json *j, FILE *out)
{
	*j = (struct json) { .out = out, .empty = true };
}

void json_end(struct json *j)
{
	fputc('\n', j->out);
}

void json_object(struct json *j, const char *key)
{
	open_container(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_container(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_container(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_container(j, ']');
}

void json_string(struct json *j, const char *key, const char *value)
{
	if (!value) {
		json_null(j, key);
		return;
	}
	item(j, key);
	quoted(j, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	item(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	item(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	item(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	item(j, key);
	fputs("null", j->out);
}

void json_seconds(struct json *j, const char *key, uint64_t ns)
{
	item(j, key);
	fprintf(j->out, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}
