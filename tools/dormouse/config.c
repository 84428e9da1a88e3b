// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

#define MAX_DEPTH 8

struct cursor {
	struct config *c;
	const char *at, *end;
	unsigned int line, column;
};

/* --- messages ---------------------------------------------------------------------------- */

static void show_place(const struct config *c, unsigned int line, unsigned int column)
{
	const char *at = c->text, *end = c->text + c->size;
	size_t n;

	for (unsigned int i = 1; i < line && at < end; at++)
		i += *at == '\n';
	if (at >= end || line == 0)
		return;
	for (n = 0; at + n < end && at[n] != '\n'; n++)
		;
	fprintf(c->errors, "    %.*s\n    ", (int)n, at);
	for (unsigned int i = 1; i < column && i <= n; i++)
		fputc(at[i - 1] == '\t' ? '\t' : ' ', c->errors);
	fputs("^\n", c->errors);
}

static void message(struct config *c, unsigned int line, unsigned int column, const char *kind,
                    const char *format, va_list args)
{
	if (line)
		fprintf(c->errors, "%s:%u:%u: %s: ", c->file, line, column, kind);
	else
		fprintf(c->errors, "%s: %s: ", c->file, kind);
	vfprintf(c->errors, format, args);
	fputc('\n', c->errors);
	show_place(c, line, column);
}

void config_error(struct config *c, unsigned int line, unsigned int column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(c, line, column, "error", format, args);
	va_end(args);
	c->nr_errors++;
}

void config_warning(struct config *c, unsigned int line, unsigned int column, const char *format,
                    ...)
{
	va_list args;

	va_start(args, format);
	message(c, line, column, "warning", format, args);
	va_end(args);
	c->nr_warnings++;
}

#define fail(p, ...) (config_error((p)->c, (p)->line, (p)->column, __VA_ARGS__), false)

/* --- characters -------------------------------------------------------------------------- */

static int peek(const struct cursor *p)
{
	return p->at < p->end ? (unsigned char)*p->at : EOF;
}

static int next(struct cursor *p)
{
	int c = peek(p);

	if (c == EOF)
		return c;
	p->at++;
	p->column++;
	if (c == '\n') {
		p->line++;
		p->column = 1;
	}
	return c;
}

/* Blanks, comments, continued lines and, if asked, ends of lines. */
static void skip(struct cursor *p, bool lines)
{
	for (;;) {
		int c = peek(p);

		if (c == '#') {
			while (peek(p) != EOF && peek(p) != '\n')
				next(p);
		} else if (c == '\\' && p->end - p->at > 1 && p->at[1] == '\n') {
			next(p);
			next(p);
		} else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && lines)) {
			next(p);
		} else {
			return;
		}
	}
}

static bool is_word(int c)
{
	return isalnum(c) || c == '_' || c == '.';
}

/* What is here, for messages. */
static const char *what(const struct cursor *p)
{
	static char text[40];
	int c = peek(p), n = 0;

	if (c == EOF)
		return "the end of the file";
	if (c == '\n')
		return "the end of the line";
	while (n < 24 && p->at + n < p->end && is_word((unsigned char)p->at[n]))
		n++;
	if (n == 0 && !isprint(c))
		snprintf(text, sizeof(text), "the character 0x%02x", c);
	else
		snprintf(text, sizeof(text), "\"%.*s\"", n ? n : 1, p->at);
	return text;
}

/* --- values ------------------------------------------------------------------------------ */

static void value_free(struct config_value *v)
{
	for (size_t i = 0; i < v->nr_items; i++)
		value_free(&v->items[i]);
	free(v->items);
	free(v->string);
	*v = (struct config_value) { 0 };
}

static bool parse_number(struct cursor *p, struct config_value *v)
{
	const char *from = p->at;

	while (is_word(peek(p)))
		next(p);
	v->type = CONFIG_NUMBER;
	v->string = xformat("%.*s", (int)(p->at - from), from);
	if (parse_u64(v->string, INT64_MAX, &v->number))
		return true;
	config_error(p->c, v->line, v->column, "\"%s\" is not a number; a string needs quotes",
	             v->string);
	return false;
}

static int hex_digits(struct cursor *p, int max, int base)
{
	int value = 0, n = 0;

	for (; n < max && isxdigit(peek(p)); n++) {
		int c = peek(p), digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;

		if (digit >= base)
			break;
		value = value * base + digit;
		next(p);
	}
	return n ? value : -1;
}

/* Behind a backslash. The character, or -1 after a message. */
static int parse_escape(struct cursor *p)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	int c = peek(p), value;
	const char *known = c > 0 ? strchr(from, c) : NULL;

	if (known && *known) {
		next(p);
		return to[known - from];
	}
	if (c == '\\' || c == '"' || c == '\'')
		return next(p);
	if (c == 'x') {
		next(p);
		value = hex_digits(p, 2, 16);
	} else {
		value = hex_digits(p, 3, 8);
	}
	if (value > 0 && value < 256)
		return value;
	config_error(p->c, p->line, p->column,
	             "unknown escape sequence; known are \\n, \\t, \\\\, \\\", \\' and the like, "
	             "\\x and two hexadecimal digits, or up to three octal ones, but for zero");
	return -1;
}

static bool parse_string(struct cursor *p, struct config_value *v)
{
	int quote = next(p), c;
	size_t n = 0;

	v->type = CONFIG_STRING;
	v->string = xcalloc((size_t)(p->end - p->at) + 1, 1);
	while ((c = peek(p)) != quote) {
		if (c == EOF || c == '\n') {
			config_error(p->c, v->line, v->column,
			             "this string has no end; a %c is missing", quote);
			return false;
		}
		if (c == 0)
			return fail(p, "a zero byte");
		next(p);
		if (c == '\\') {
			c = parse_escape(p);
			if (c < 0)
				return false;
		}
		v->string[n++] = (char)c;
	}
	next(p);
	return true;
}

static bool parse_value(struct cursor *p, struct config_value *v, unsigned int depth);

static bool parse_list(struct cursor *p, struct config_value *v, unsigned int depth)
{
	v->type = CONFIG_LIST;
	if (depth == MAX_DEPTH)
		return fail(p, "lists are nested too deeply (more than %d)", MAX_DEPTH);
	next(p);
	for (skip(p, true); peek(p) != ']'; skip(p, true)) {
		v->items = xrealloc(v->items, (v->nr_items + 1) * sizeof(v->items[0]));
		v->items[v->nr_items] = (struct config_value) { 0 };
		if (!parse_value(p, &v->items[v->nr_items++], depth + 1))
			return false;
		skip(p, true);
		if (peek(p) == ',')
			next(p);
		else if (peek(p) != ']')
			return fail(p, "expected , or ] in the list that begins at %u:%u, not %s",
			            v->line, v->column, what(p));
	}
	next(p);
	return true;
}

static bool parse_value(struct cursor *p, struct config_value *v, unsigned int depth)
{
	int c = peek(p);

	v->line = p->line;
	v->column = p->column;
	if (c == '"' || c == '\'')
		return parse_string(p, v);
	if (c == '[')
		return parse_list(p, v, depth);
	if (isdigit(c))
		return parse_number(p, v);
	if (isalpha(c))
		return fail(p, "%s is neither a number nor a list; a string needs quotes", what(p));
	return fail(p, "expected a value (a number, a \"string\" or a [list]), not %s", what(p));
}

/* --- statements -------------------------------------------------------------------------- */

static struct config_entry *find(const struct config *c, const char *name)
{
	for (size_t i = c->nr_entries; i > 0; i--) {
		if (strcmp(c->entries[i - 1].name, name) == 0)
			return &c->entries[i - 1];
	}
	return NULL;
}

const struct config_entry *config_find(const struct config *c, const char *name)
{
	return find(c, name);
}

/* Takes over *e's value, or frees it. */
static bool append(struct config *c, struct config_entry *e, struct config_entry *to)
{
	struct config_value *v = &to->value;

	if (v->type != e->value.type || v->type == CONFIG_NUMBER) {
		config_error(c, e->line, e->column,
		             "+= needs two lists or two strings; \"%s\" of line %u is not such",
		             e->name, to->line);
		return false;
	}
	if (v->type == CONFIG_STRING) {
		char *joined = xformat("%s%s", v->string, e->value.string);

		free(v->string);
		v->string = joined;
		return true;
	}
	v->items = xrealloc(v->items, (v->nr_items + e->value.nr_items) * sizeof(v->items[0]));
	for (size_t i = 0; i < e->value.nr_items; i++)
		v->items[v->nr_items++] = e->value.items[i];
	e->value.nr_items = 0;
	return true;
}

static void entry_free(struct config_entry *e)
{
	value_free(&e->value);
	free(e->name);
}

static void store(struct config *c, struct config_entry *e)
{
	struct config_entry *old = find(c, e->name);

	if (old) {
		entry_free(old);
		*old = *e;
		return;
	}
	c->entries = xrealloc(c->entries, (c->nr_entries + 1) * sizeof(c->entries[0]));
	c->entries[c->nr_entries++] = *e;
}

/* NAME = VALUE or NAME += VALUE, and what ends it. */
static bool parse_statement(struct cursor *p, struct config_entry *e)
{
	const char *from = p->at;
	struct config_entry *old;
	bool plus;

	e->line = p->line;
	e->column = p->column;
	if (!is_word(peek(p)) || isdigit(peek(p)))
		return fail(p, "expected the name of a key, not %s", what(p));
	while (is_word(peek(p)))
		next(p);
	e->name = xformat("%.*s", (int)(p->at - from), from);
	skip(p, false);
	plus = peek(p) == '+';
	if (plus)
		next(p);
	if (peek(p) != '=')
		return fail(p, "expected = behind \"%s\", not %s", e->name, what(p));
	next(p);
	skip(p, false);
	if (!parse_value(p, &e->value, 0))
		return false;
	skip(p, false);
	if (peek(p) != EOF && peek(p) != '\n' && peek(p) != ';')
		return fail(p, "expected the end of the line behind the value of \"%s\", not %s",
		            e->name, what(p));
	old = plus ? find(p->c, e->name) : NULL;
	if (old) {
		if (!append(p->c, e, old))
			return false;
		entry_free(e);
		return true;
	}
	store(p->c, e);
	return true;
}

static bool parse(struct config *c, const char *text, size_t size)
{
	struct cursor p = { .c = c, .at = text, .end = text + size, .line = 1, .column = 1 };

	for (;;) {
		struct config_entry e = { 0 };

		for (skip(&p, true); peek(&p) == ';'; skip(&p, true))
			next(&p);
		if (peek(&p) == EOF)
			return true;
		if (!parse_statement(&p, &e)) {
			entry_free(&e);
			return false;
		}
	}
}

bool config_parse(struct config *c, const char *file, const char *text, size_t size, FILE *errors)
{
	*c = (struct config) { .file = file, .text = text, .size = size, .errors = errors };
	return parse(c, text, size);
}

bool config_add(struct config *c, const char *assignment)
{
	struct config sub = *c;
	const char *value = strchr(assignment, '=');
	char *text;
	bool ok;

	if (value && value[1] && !strchr("\"'[", value[1]) && !isdigit((unsigned char)value[1]))
		text = xformat("%.*s=\"%s\"", (int)(value - assignment), assignment, value + 1);
	else
		text = xstrdup(assignment);
	sub.file = "command line";
	sub.text = text;
	sub.size = strlen(text);
	sub.nr_errors = 0;
	ok = parse(&sub, text, sub.size);
	c->entries = sub.entries;
	c->nr_entries = sub.nr_entries;
	c->nr_errors += sub.nr_errors;
	/* A message about its value has no line of the file to show. */
	for (size_t i = 0; ok && i < c->nr_entries; i++) {
		struct config_entry *e = &c->entries[i];
		size_t n = strlen(e->name);

		if (strncmp(assignment, e->name, n) == 0 && strchr("= \t+", assignment[n]))
			e->line = e->value.line = 0;
	}
	free(text);
	return ok;
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < c->nr_entries; i++)
		entry_free(&c->entries[i]);
	free(c->entries);
	c->entries = NULL;
	c->nr_entries = 0;
}
