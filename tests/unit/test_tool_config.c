// SPDX-License-Identifier: Apache-2.0
/* The tool's configuration files: syntax, keys, and where messages say that an error is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "say.h"
#include "spec.h"

static struct config c;
static struct spec s;
static char *messages;

static bool parse(const char *text)
{
	size_t size;
	FILE *errors;
	bool ok;

	config_free(&c);
	free(messages);
	errors = open_memstream(&messages, &size);
	ok = config_parse(&c, "web.cfg", text, strlen(text), errors);
	fclose(errors);
	return ok;
}

static bool read_spec(const char *text)
{
	size_t size;
	FILE *errors;
	bool ok;

	config_free(&c);
	spec_free(&s);
	free(messages);
	errors = open_memstream(&messages, &size);
	ok = config_parse(&c, "web.cfg", text, strlen(text), errors) && spec_read(&s, &c);
	fclose(errors);
	return ok;
}

static int tidy(void **state)
{
	(void)state;
	config_free(&c);
	spec_free(&s);
	free(messages);
	messages = NULL;
	return 0;
}

#define assert_says(text)                                              \
	do {                                                           \
		if (!strstr(messages, text))                           \
			fail_msg("no \"%s\" in:\n%s", text, messages); \
	} while (0)

static void test_values(void **state)
{
	const struct config_value *v;

	(void)state;
	assert_true(parse("# a comment\n"
	                  "name = \"web\" # another\n"
	                  "memory=0x100; vcpus = 010\n"
	                  "extra='a \"b\" \\x41\\101\\n'\n"
	                  "list = [ 1, 'two',\n  # inside\n  [ 3 ], ]\n"
	                  "empty = []\n"
	                  "long = \\\n  \"line\"\r\n"));
	assert_string_equal(messages, "");
	assert_string_equal(config_find(&c, "name")->value.string, "web");
	assert_int_equal(config_find(&c, "name")->line, 2);
	assert_int_equal(config_find(&c, "name")->value.column, 8);
	assert_int_equal(config_find(&c, "memory")->value.number, 256);
	assert_int_equal(config_find(&c, "vcpus")->value.number, 8);
	assert_string_equal(config_find(&c, "extra")->value.string, "a \"b\" AA\n");
	v = &config_find(&c, "list")->value;
	assert_int_equal(v->nr_items, 3);
	assert_int_equal(v->items[0].number, 1);
	assert_string_equal(v->items[1].string, "two");
	assert_int_equal(v->items[2].items[0].number, 3);
	assert_int_equal(v->items[2].line, 7);
	assert_int_equal(config_find(&c, "empty")->value.nr_items, 0);
	assert_string_equal(config_find(&c, "long")->value.string, "line");
	assert_null(config_find(&c, "nothing"));
}

static void test_last_wins_and_append(void **state)
{
	(void)state;
	assert_true(
	        parse("a = 1\na = 2\nb = ['x']\nb += ['y', 'z']\nd = 'p'\nd += 'q'\ne += [1]\n"));
	assert_int_equal(config_find(&c, "a")->value.number, 2);
	assert_int_equal(config_find(&c, "b")->value.nr_items, 3);
	assert_string_equal(config_find(&c, "b")->value.items[2].string, "z");
	assert_string_equal(config_find(&c, "d")->value.string, "pq");
	assert_int_equal(config_find(&c, "e")->value.nr_items, 1);
	assert_false(parse("a = 1\na += 2\n"));
	assert_says("web.cfg:2:1: error: += needs two lists or two strings");
}

static void test_syntax_errors(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "memory = 128\nname = \"web\n", "web.cfg:2:8: error: this string has no end" },
		{ "name web\n", "web.cfg:1:6: error: expected = behind \"name\", not \"web\"" },
		{ "name =\n", "web.cfg:1:7: error: expected a value" },
		{ "name = web\n", "web.cfg:1:8: error: \"web\" is neither a number nor a list" },
		{ "= 5\n", "web.cfg:1:1: error: expected the name of a key, not \"=\"" },
		{ "5 = 5\n", "web.cfg:1:1: error: expected the name of a key" },
		{ "a = 12x\n", "web.cfg:1:5: error: \"12x\" is not a number" },
		{ "a = 99999999999999999999\n", "web.cfg:1:5: error:" },
		{ "a = [ 1 2 ]\n", "web.cfg:1:9: error: expected , or ] in the list that begins "
		                   "at 1:5, not \"2\"" },
		{ "a = [ 1,\n\n", "web.cfg:3:1: error: expected a value (a number, a \"string\" or "
		                  "a [list]), not the end of the file" },
		{ "a = 1 b = 2\n", "web.cfg:1:7: error: expected the end of the line behind the "
		                   "value of \"a\", not \"b\"" },
		{ "a = 'x\\q'\n", "web.cfg:1:8: error: unknown escape" },
		{ "a = 'x\\0'\n", "error: unknown escape" },
		{ "a = [[[[[[[[[1]]]]]]]]]\n", "error: lists are nested too deeply" },
		{ "\t\x01 = 2\n", "web.cfg:1:2: error: expected the name of a key, not the "
		                  "character 0x01" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(parse(bad[i].text));
		assert_says(bad[i].says);
		assert_int_equal(c.nr_errors, 1);
	}
	/* The line itself and a mark below the place. */
	assert_false(parse("a = 1\n\tb = [ 1 2 ]\n"));
	assert_says("\n    \tb = [ 1 2 ]\n    \t        ^\n");
}

static void test_any_bytes(void **state)
{
	char text[64];
	size_t size;
	FILE *errors;

	(void)state;
	/* Whatever is in the file: an answer, no crash. */
	srand(1);
	for (int i = 0; i < 20000; i++) {
		static const char likely[] = "a=[]\"'\\,;#\n 1+x";
		size_t n = (size_t)rand() % sizeof(text);

		for (size_t j = 0; j < n; j++)
			text[j] = rand() % 8 ? likely[(size_t)rand() % (sizeof(likely) - 1)]
			                     : (char)rand();
		config_free(&c);
		free(messages);
		errors = open_memstream(&messages, &size);
		if (config_parse(&c, "x", text, n, errors))
			assert_int_equal(c.nr_errors, 0);
		else
			assert_int_equal(c.nr_errors, 1);
		fclose(errors);
	}
}

static void test_spec_defaults(void **state)
{
	char uuid[37];

	(void)state;
	assert_true(read_spec("name = 'web'\nkernel = '/boot/Image'\n"));
	assert_string_equal(messages, "");
	assert_int_equal(s.memory_mib, 128);
	assert_int_equal(s.maxmem_mib, 128);
	assert_int_equal(s.vcpus, 1);
	assert_null(s.ramdisk);
	assert_null(s.cmdline);
	assert_int_equal(s.on_poweroff, ACTION_DESTROY);
	assert_int_equal(s.on_reboot, ACTION_RESTART);
	assert_int_equal(s.on_crash, ACTION_DESTROY);
	assert_int_equal(s.wake_sources, DM_WAKE_ALL);
	assert_int_equal(s.xen, 1);
	spec_uuid_text(s.uuid, uuid);
	assert_int_equal(uuid[14], '4'); /* random, version 4 */
}

static void test_spec_all(void **state)
{
	char uuid[37];

	(void)state;
	assert_true(read_spec(
	        "name='web'\ntype='pvh'\nuuid='01234567-89ab-cdef-0123-456789ABCDEF'\n"
	        "kernel='K'\nramdisk='R'\nroot='/dev/xvda1'\nextra='quiet'\nmemory='64'\n"
	        "maxmem=96\nvcpus=3\ncpus=['0','1-2','all,^0']\ncpu_weight=512\ncap=50\n"
	        "on_poweroff='preserve'\non_reboot='rename-restart'\non_crash='restart'\n"
	        "host_suspend='veto'\ntime='frozen'\nveto_ms=2000\nwakeup=['key','alarm']\nxen=0\n"
	        "vif=[]\nvuart='sbsa_uart'\n"));
	assert_string_equal(messages, "");
	spec_uuid_text(s.uuid, uuid);
	assert_string_equal(uuid, "01234567-89ab-cdef-0123-456789abcdef");
	assert_string_equal(s.cmdline, "root=/dev/xvda1 quiet");
	assert_int_equal(s.memory_mib, 64);
	assert_int_equal(s.maxmem_mib, 96);
	assert_int_equal(s.affinity[0], 1);
	assert_int_equal(s.affinity[1], 6);
	assert_true(s.affinity[2] == ~UINT64_C(1));
	assert_true(s.affinity[3] == 0);
	assert_int_equal(s.weight, 512);
	assert_int_equal(s.cap, 50);
	assert_int_equal(s.on_poweroff, ACTION_PRESERVE);
	assert_int_equal(s.on_reboot, ACTION_RENAME_RESTART);
	assert_int_equal(s.host_suspend, DM_HOST_SUSPEND_VETO);
	assert_int_equal(s.time, DM_TIME_FROZEN);
	assert_int_equal(s.veto_ms, 2000);
	assert_int_equal(s.wake_sources, DM_WAKE_KEY | DM_WAKE_ALARM);
	assert_int_equal(s.xen, 0);
}

static void test_spec_errors(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "kernel='K'\n", "web.cfg: error: a domain needs a name" },
		{ "name='w'\n", "web.cfg: error: a domain needs a kernel" },
		{ "kernel='K'\nname='12'\n",
		  "web.cfg:2:6: error: \"12\" can't be a domain's name" },
		{ "kernel='K'\nname='a/b'\n", "web.cfg:2:6: error:" },
		{ "kernel='K'\nname=''\n", "it is empty" },
		{ "kernel='K'\nname='0123456789abcdef0123456789abcdef'\n", "longer than 31" },
		{ "name='w'\nkernel=['K']\n", "web.cfg:2:8: error: \"kernel\" takes a string" },
		{ "name='w'\nkernel='K'\nmemory=0\n",
		  "web.cfg:3:8: error: \"memory\" is 0, but must "
		  "be from 1 to 1048576" },
		{ "name='w'\nkernel='K'\nmemory='lots'\n", "\"memory\" takes a number" },
		{ "name='w'\nkernel='K'\nvcpus=65\n", "from 1 to 64" },
		{ "name='w'\nkernel='K'\nmemory=64\nmaxmem=32\n",
		  "web.cfg:4:8: error: \"maxmem\" is 32, less than the memory of 64 MiB" },
		{ "name='w'\nkernel='K'\ntype='hvm'\n", "web.cfg:3:6: error: the type can't be "
		                                        "\"hvm\"" },
		{ "name='w'\nkernel='K'\nuuid='12'\n", "is no UUID" },
		{ "name='w'\nkernel='K'\ncpus='3-1'\n", "web.cfg:3:6: error: \"3-1\"" },
		{ "name='w'\nkernel='K'\ncpus=['0',\n 'x']\n", "web.cfg:4:2: error: \"x\"" },
		{ "name='w'\nkernel='K'\non_crash='explode'\n",
		  "it is destroy, restart, rename-restart or preserve" },
		{ "name='w'\nkernel='K'\ntime='warp'\n", "it is continuous or frozen" },
		{ "name='w'\nkernel='K'\nwakeup='key'\n", "\"wakeup\" takes a list" },
		{ "name='w'\nkernel='K'\nwakeup=['moon']\n", "web.cfg:3:9: error: there is no "
		                                             "wake-up source \"moon\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(read_spec(bad[i].text));
		assert_says(bad[i].says);
		assert_int_equal(c.nr_errors, 1);
	}
	/* All of them, not only the first. */
	assert_false(read_spec("memory=0\nvcpus=0\n"));
	assert_int_equal(c.nr_errors, 4);
}

static void test_spec_warnings(void **state)
{
	(void)state;
	assert_true(read_spec("name='w'\nkernel='K'\nmemmory=64\nfoo=1\ndisk=['a']\n"));
	assert_int_equal(c.nr_warnings, 3);
	assert_says("web.cfg:3:1: warning: unknown key \"memmory\" is ignored; did you mean "
	            "\"memory\"?");
	assert_says("web.cfg:4:1: warning: unknown key \"foo\" is ignored\n");
	assert_says("web.cfg:5:1: warning: \"disk\" is not supported yet");
	assert_true(read_spec("name='w'\nkernel='K'\ncmdline='a'\nextra='b'\n"));
	assert_says("\"root\" and \"extra\" are ignored");
	assert_string_equal(s.cmdline, "a");
}

static void test_command_line(void **state)
{
	(void)state;
	assert_true(parse("name='web'\nmemory=64\n"));
	c.errors = tmpfile();
	assert_true(config_add(&c, "memory=32"));
	assert_true(config_add(&c, "kernel=/boot/Image"));
	assert_true(config_add(&c, "wakeup=['key']"));
	assert_false(config_add(&c, "memory"));
	assert_false(config_add(&c, "memory=[1"));
	assert_int_equal(c.nr_errors, 2);
	assert_int_equal(config_find(&c, "memory")->value.number, 32);
	assert_int_equal(config_find(&c, "memory")->value.line, 0);
	assert_int_equal(config_find(&c, "name")->line, 1);
	assert_string_equal(config_find(&c, "kernel")->value.string, "/boot/Image");
	assert_int_equal(config_find(&c, "wakeup")->value.nr_items, 1);
	fclose(c.errors);
}

static void test_numbers(void **state)
{
	uint64_t v;
	const char *why;

	(void)state;
	assert_true(parse_duration("30", &v) && v == 30000);
	assert_true(parse_duration("500ms", &v) && v == 500);
	assert_true(parse_duration("2h", &v) && v == 7200000);
	assert_false(parse_duration("", &v) || parse_duration("-1", &v) ||
	             parse_duration("5 s", &v) || parse_duration("5d", &v));
	assert_true(parse_u64("0x10", 16, &v) && v == 16);
	assert_false(parse_u64("17", 16, &v) || parse_u64("+1", 16, &v) || parse_u64("1 ", 16, &v));
	assert_true(parse_cpus("0-3,5,^2", &v, &why) && v == 0x2b);
	assert_true(parse_cpus("all", &v, &why) && v == UINT64_MAX);
	assert_true(parse_cpus("^0", &v, &why) && v == ~UINT64_C(1));
	assert_true(parse_cpus("0-63", &v, &why) && v == UINT64_MAX);
	assert_false(parse_cpus("64", &v, &why) || parse_cpus("0-", &v, &why) ||
	             parse_cpus("", &v, &why) || parse_cpus("1,", &v, &why) ||
	             parse_cpus("1,^1", &v, &why) || parse_cpus("1 2", &v, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_values, tidy),
		cmocka_unit_test_teardown(test_last_wins_and_append, tidy),
		cmocka_unit_test_teardown(test_syntax_errors, tidy),
		cmocka_unit_test_teardown(test_any_bytes, tidy),
		cmocka_unit_test_teardown(test_spec_defaults, tidy),
		cmocka_unit_test_teardown(test_spec_all, tidy),
		cmocka_unit_test_teardown(test_spec_errors, tidy),
		cmocka_unit_test_teardown(test_spec_warnings, tidy),
		cmocka_unit_test_teardown(test_command_line, tidy),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("tool_config", tests, NULL, NULL);
}
