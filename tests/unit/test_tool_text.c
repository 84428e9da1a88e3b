// SPDX-License-Identifier: Apache-2.0
/* What the tool prints with: JSON, tables; what it reads its arguments with; help of every verb. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "args.h"
#include "json.h"
#include "say.h"
#include "table.h"
#include "tool_capture.h"
#include "tool_ctl.h"

static void test_json(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json j;

	(void)state;
	json_begin(&j, out);
	json_object(&j, NULL);
	json_string(&j, "a\"b", "x\\y\n\x01\xe4");
	json_array(&j, "list");
	json_uint(&j, NULL, UINT64_MAX);
	json_int(&j, NULL, -5);
	json_array(&j, NULL);
	json_array_end(&j);
	json_array_end(&j);
	json_seconds(&j, "s", 1000000001);
	json_string(&j, "none", NULL);
	json_bool(&j, "yes", true);
	json_object_end(&j);
	json_end(&j);
	fclose(out);
	assert_string_equal(text, "{\n    \"a\\\"b\": \"x\\\\y\\n\\u0001\\u00e4\",\n"
	                          "    \"list\": [\n        18446744073709551615,\n        -5,\n"
	                          "        []\n    ],\n    \"s\": 1.000000001,\n"
	                          "    \"none\": null,\n    \"yes\": true\n}\n");
	assert_json(text);
	free(text);
}

static void test_table(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct table t;

	(void)state;
	table_begin(&t, "lrl", "Name|ID|What");
	table_cell(&t, "%s", "web-server");
	table_cell(&t, "%d", 12345);
	table_cell(&t, "%s", "runs");
	table_cell(&t, "%s", "");
	table_cell(&t, "%d", 1);
	table_cell(&t, "%s", "");
	table_end(&t, out);
	fclose(out);
	assert_string_equal(text, "Name           ID  What\n"
	                          "web-server  12345  runs\n"
	                          "                1\n");
	free(text);
}

static int parse(const char *verb, const char *words, struct args *a)
{
	static char line[128], *argv[16];
	char *at = line;
	int argc = 0;

	snprintf(line, sizeof(line), "%s", words);
	for (char *word; (word = strsep(&at, " "));)
		argv[argc++] = word;
	return args_parse(verb_find(verb), argc, argv, a);
}

static void test_args(void **state)
{
	FILE *old = stderr;
	struct args a;

	(void)state;
	assert_int_equal(parse("create", "-pc web.cfg memory=64 -f x", &a), 0);
	assert_non_null(a.opt['p']);
	assert_non_null(a.opt['c']);
	assert_null(a.opt['q']);
	assert_string_equal(a.opt['f'], "x");
	assert_int_equal(a.nr_words, 2);
	assert_string_equal(a.words[1], "memory=64");
	assert_int_equal(parse("sleep", "--wake-in=5s --test core", &a), 0);
	assert_string_equal(a.opt['w'], "5s");
	assert_string_equal(a.opt['t'], "core");
	assert_int_equal(parse("sleep", "--wake 5s -tcore", &a), 0); /* any clear beginning */
	assert_string_equal(a.opt['t'], "core");
	assert_int_equal(parse("list", "--json -- -x", &a), 0);
	assert_non_null(a.opt[OPT_JSON]);
	assert_string_equal(a.words[0], "-x");
	assert_int_equal(parse("list", "--help", &a), 0);
	assert_non_null(a.opt['h']);
	/* xl's status for what is wrong with the arguments. */
	stderr = fopen("/dev/null", "w");
	assert_int_equal(parse("list", "--nonsense", &a), STATUS_USAGE);
	assert_int_equal(parse("list", "-0", &a), STATUS_USAGE);
	assert_int_equal(parse("list", "--json=5", &a), STATUS_USAGE);
	assert_int_equal(parse("sleep", "--wake-in", &a), STATUS_USAGE);
	assert_int_equal(parse("create", "--d x", &a), STATUS_USAGE); /* defconfig or dryrun? */
	assert_int_equal(parse("pause", "a b", &a), STATUS_USAGE);
	assert_int_equal(parse("vcpu-pin", "a 0", &a), STATUS_USAGE);
	fclose(stderr);
	stderr = old;
}

static void test_help_of_every_verb(void **state)
{
	char words[64];

	(void)state;
	for (const struct verb *v = verbs; v->name; v++) {
		snprintf(words, sizeof(words), "%s --help", v->name);
		assert_int_equal(run_tool(words), 0);
		assert_non_null(strstr(out_text, v->summary));
		for (const struct opt *o = v->opts; o && o->letter; o++) {
			assert_non_null(strstr(out_text, o->help));
			assert_true(o->name || !OPT_LONG_ONLY(o->letter));
		}
		assert_string_equal(err_text, "");
		snprintf(words, sizeof(words), "help %s", v->name);
		assert_int_equal(run_tool(words), 0);
		snprintf(words, sizeof(words), "--complete options %s", v->name);
		assert_int_equal(run_tool(words), 0);
		assert_non_null(strstr(out_text, "--help\n"));
	}
	assert_int_equal(run_tool("help"), 0);
	for (const struct verb *v = verbs; v->name; v++)
		assert_non_null(strstr(out_text, v->summary));
}

/* The man page leaves no verb out. */
static void test_man_page(void **state)
{
	FILE *f = fopen("tools/dormouse/dormouse.1", "r");
	char *page = xcalloc(1, 65536), *to = page;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(page, 1, 65535, f);
	fclose(f);
	assert_true(n < 65535);
	for (const char *from = page; *from; from++) {
		if (*from != '\\')
			*to++ = *from;
	}
	*to = 0;
	for (const struct verb *v = verbs; v->name; v++) {
		if (strcmp(v->name, "help") != 0 && !strstr(page, v->name))
			fail_msg("%s is not in the man page", v->name);
	}
	free(page);
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(run_tool(""), 1);
	assert_non_null(strstr(err_text, "Usage: dormouse"));
	assert_int_equal(run_tool("--help"), 0);
	assert_int_equal(run_tool("fly"), 1);
	assert_string_equal(err_text, "dormouse: there is no verb \"fly\"; `dormouse help` lists "
	                              "them\n");
	assert_int_equal(run_tool_as("/bin/xl", "fly"), 1);
	assert_string_equal(err_text, "xl: there is no verb \"fly\"; `xl help` lists them\n");
	assert_int_equal(run_tool("pause"), 2);
	assert_non_null(strstr(err_text, "dormouse: pause needs at least 1 argument\n"));
	fake.closed = true;
	assert_int_equal(run_tool("list"), 1);
	assert_string_equal(err_text, "dormouse: no hypervisor\n");
	assert_int_equal(run_tool("help"), 0);
	fake.closed = false;
}

static int reset(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_man_page),
		cmocka_unit_test_setup_teardown(test_help_of_every_verb, reset, tidy),
		cmocka_unit_test_setup_teardown(test_usage, reset, tidy),
	};

	return cmocka_run_group_tests_name("tool_text", tests, NULL, NULL);
}
