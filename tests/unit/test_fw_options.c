/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's options: every key, every kind of bad value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "firmware/options.h"

static struct options o;
static char error[120];

static const char *parse(const char *text)
{
	return options_parse(&o, text, error, sizeof(error));
}

static void is(const struct turns *t, unsigned int count, const int *values)
{
	assert_int_equal(t->count, count);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(t->value[i], values[i]);
}

static void defaults(void **state)
{
	assert_null(parse(""));
	is(&o.gic, 0, NULL);
	is(&o.suspend, 1, (const int[]){ TURN_OK });
	is(&o.wake_cpu, 1, (const int[]){ TURN_SELF });
	assert_int_equal(o.wake_after, -1);
	assert_int_equal(o.wake_step, 0);
	assert_int_equal(o.cpu_on_fail, -1);
	is(&o.cpu_on, 1, (const int[]){ PSCI_INTERNAL_FAILURE });
	assert_int_equal(o.cpu_off_fail, -1);
	is(&o.cpu_off, 1, (const int[]){ PSCI_DENIED });
	assert_false(o.suspend_hang);
	assert_true(o.watchdog);
	assert_false(o.verbose);
	assert_false(o.times);
	assert_false(o.idle_states);
}

static void all_keys(void **state)
{
	assert_null(parse("gic=poison,suspend=invalid-address+ok,cpu-on-fail=3,cpu-on=ok+denied+lost,"
			  "wake-cpu=self+2,cpu-off-fail=1,cpu-off=hang,suspend-hang=1,watchdog=0,"
			  "wake-after=70000,wake-step=3,verbose=1,times=1,idle-states=1"));
	is(&o.gic, 1, (const int[]){ GIC_POISON });
	is(&o.suspend, 2, (const int[]){ PSCI_INVALID_ADDRESS, TURN_OK });
	assert_int_equal(o.wake_after, 70000);
	assert_int_equal(o.wake_step, 3);
	assert_int_equal(o.cpu_on_fail, 3);
	is(&o.cpu_on, 3, (const int[]){ TURN_OK, PSCI_DENIED, TURN_LOST });
	is(&o.wake_cpu, 2, (const int[]){ TURN_SELF, 2 });
	assert_int_equal(o.cpu_off_fail, 1);
	is(&o.cpu_off, 1, (const int[]){ TURN_HANG });
	assert_true(o.suspend_hang);
	assert_false(o.watchdog);
	assert_true(o.verbose);
	assert_true(o.times);
	assert_true(o.idle_states);
	/* A second parse starts from the defaults. */
	assert_null(parse(""));
	assert_int_equal(o.gic.count, 0);
}

static void suspend_values(void **state)
{
	static const struct {
		const char *text;
		int value;
	} rows[] = {
		{ "suspend=ok", TURN_OK },
		{ "suspend=absent", TURN_ABSENT },
		{ "suspend=early", TURN_EARLY },
		{ "suspend=denied", PSCI_DENIED },
		{ "suspend=not-supported", PSCI_NOT_SUPPORTED },
		{ "suspend=internal", PSCI_INTERNAL_FAILURE },
		{ "suspend=-77", -77 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(parse(rows[i].text));
		is(&o.suspend, 1, &rows[i].value);
	}
}

static void turns(void **state)
{
	char text[500] = "gic=keep";

	assert_null(parse("suspend=denied+-77+early+ok"));
	assert_int_equal(options_turn(&o.suspend, 0), PSCI_DENIED);
	assert_int_equal(options_turn(&o.suspend, 1), -77);
	assert_int_equal(options_turn(&o.suspend, 2), TURN_EARLY);
	assert_int_equal(options_turn(&o.suspend, 3), TURN_OK);
	assert_int_equal(options_turn(&o.suspend, 1000), TURN_OK);
	for (unsigned int i = 1; i < TURNS_MAX; i++)
		strcat(text, "+lose");
	assert_null(parse(text));
	assert_int_equal(o.gic.count, TURNS_MAX);
	strcat(text, "+lose");
	assert_non_null(parse(text));
	/* A complaint shows all of it. */
	assert_string_equal(parse("gic=keep+nothing+lose"), "option gic: bad value 'keep+nothing+lose'");
}

/* Each word of each key is told, with its value, and is taken. */
static void described(void **state)
{
	char line[300], item[100];
	unsigned int n = 0, words = 0;

	for (; options_describe(n, line, sizeof(line)); n++) {
		char *key = strtok(line, ":"), *word;

		assert_true(strlen(line) < sizeof(line) - 1);
		while ((word = strtok(NULL, " "))) {
			*strchr(word, '=') = '\0';
			snprintf(item, sizeof(item), "%s=%s", key, word);
			if (parse(item))
				fail_msg("%s: %s", item, error);
			words++;
		}
	}
	assert_int_equal(n, 5);
	assert_true(words > 30);
	assert_true(options_describe(0, line, sizeof(line)));
	assert_string_equal(line, "gic: keep=0 lose=1 poison=2");
}

static void bad(void **state)
{
	static char long_item[1200];
	const char *const rows[] = {
		"bogus=1", "gic", "gic=", "gic=none", "suspend=5", "suspend=-0", "suspend=-", "wake-after=",
		"wake-after=-1", "wake-step=x",
		"suspend=-x", "suspend=-99999999999", "suspend=ok+", "suspend=+ok", "suspend=ok+absent",
		"cpu-on-fail=512", "cpu-on-fail=0+1", "gic=keep+-1", "wake-cpu=512", "wake-cpu=-1",
		"cpu-on-fail=", "cpu-on-fail=1x", "cpu-on=7", "cpu-on=hang", "cpu-off=lost", "verbose=2", "verbose=yes",
		"suspend-hang=2", "watchdog=no",
		"gic=keep,verbose", "=", "=1", "GIC=keep",
		long_item,
	};

	memset(long_item, 'x', sizeof(long_item) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *e = parse(rows[i]);

		if (!e)
			fail_msg("accepted: %s", rows[i]);
		assert_true(strlen(e) > 5 && strlen(e) < sizeof(error));
	}
	/* Empty items are harmless: the launcher may join with commas. */
	assert_null(parse(",gic=keep,,"));
	is(&o.gic, 1, (const int[]){ GIC_KEEP });
}

static void messages_fit(void **state)
{
	char small[12];

	assert_non_null(options_parse(&o, "an-unknown-key=1", small, sizeof(small)));
	assert_string_equal(small, "unknown opt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	cmocka_unit_test(all_keys),
		cmocka_unit_test(suspend_values), cmocka_unit_test(turns),
		cmocka_unit_test(described),	cmocka_unit_test(bad),
		cmocka_unit_test(messages_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
