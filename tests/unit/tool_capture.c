// SPDX-License-Identifier: Apache-2.0
#include "tool_capture.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "say.h"
#include "verbs.h"

#define MAX_WORDS 16

char *out_text, *err_text;

void capture_free(void)
{
	free(out_text);
	free(err_text);
	out_text = err_text = NULL;
}

int run_tool_as(const char *name, const char *words)
{
	char *line = xformat("%s%s%s", name, *words ? " " : "", words), *at = line;
	FILE *old_out = stdout, *old_err = stderr;
	char *argv[MAX_WORDS + 1];
	size_t out_size, err_size;
	int argc = 0, status;

	for (char *word; (word = strsep(&at, " ")) && argc < MAX_WORDS;)
		argv[argc++] = word;
	argv[argc] = NULL;
	capture_free();
	program_name = "dormouse";
	stdout = open_memstream(&out_text, &out_size);
	stderr = open_memstream(&err_text, &err_size);
	status = tool_run(argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = old_out;
	stderr = old_err;
	free(line);
	return status;
}

int run_tool(const char *words)
{
	return run_tool_as("dormouse", words);
}

/* --- a reader of JSON that knows only whether it is --------------------------------------- */

static const char *value(const char *s);

static const char *blanks(const char *s)
{
	while (*s == ' ' || *s == '\n')
		s++;
	return s;
}

static const char *string(const char *s)
{
	assert_int_equal(*s, '"');
	for (s++; *s != '"'; s++) {
		assert_true((unsigned char)*s >= ' ' && (unsigned char)*s < 0x7f);
		if (*s == '\\')
			assert_non_null(strchr("\"\\nu", *++s));
	}
	return s + 1;
}

static const char *number(const char *s)
{
	const char *begin = s += *s == '-';

	while (isdigit((unsigned char)*s))
		s++;
	assert_true(s > begin && (*begin != '0' || s == begin + 1));
	if (*s != '.')
		return s;
	begin = ++s;
	while (isdigit((unsigned char)*s))
		s++;
	assert_true(s > begin);
	return s;
}

static const char *container(const char *s, char end)
{
	s = blanks(s + 1);
	while (*s != end) {
		if (end == '}') {
			s = blanks(string(s));
			assert_int_equal(*s++, ':');
			s = blanks(s);
		}
		s = blanks(value(s));
		if (*s == end)
			break;
		assert_int_equal(*s++, ',');
		s = blanks(s);
		assert_true(*s != end);
	}
	return s + 1;
}

static const char *value(const char *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strncmp(s, words[i], strlen(words[i])) == 0)
			return s + strlen(words[i]);
	}
	if (*s == '{')
		return container(s, '}');
	if (*s == '[')
		return container(s, ']');
	return *s == '"' ? string(s) : number(s);
}

void assert_json(const char *s)
{
	assert_string_equal(blanks(value(blanks(s))), "");
}
