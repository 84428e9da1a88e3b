/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "boot/cmdline.h"
#include "fake_cpu.h"
#include "lib/err.h"

static struct boot_options o;

static int parse(const char *line)
{
	fake_logs = 0;
	return cmdline_parse(line, &o);
}

static void test_defaults(void **state)
{
	static const char *const nothing[] = { "", " ", "\t \n" };

	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		assert_int_equal(parse(nothing[i]), 0);
		assert_int_equal(o.dom0_mem, 0);
		assert_int_equal(o.dom0_max_vcpus, 0);
		assert_int_equal(o.max_cpus, 0);
		assert_false(o.dom0_vcpus_pin);
		assert_int_equal(o.loglevel, LOG_INFO);
		assert_int_equal(o.dom0_grace_ms, 2000);
		assert_int_equal(o.hang_limit_s, 20);
		assert_false(o.panic_reset);
		assert_false(o.debug_power);
		assert_int_equal(fake_logs, 0);
	}
}

static void test_all(void **state)
{
	assert_int_equal(parse(" dom0_mem=512M  dom0_max_vcpus=3\tmaxcpus=2 loglevel=debug "
	                       "debug-power=fail:gic,stop:core "),
	                 0);
	assert_int_equal(o.dom0_mem, 512 * MIB);
	assert_int_equal(o.dom0_max_vcpus, 3);
	assert_int_equal(o.max_cpus, 2);
	assert_int_equal(o.loglevel, LOG_DEBUG);
	assert_true(o.debug_power);
	assert_string_equal(o.debug_power_arg, "fail:gic,stop:core");
	assert_int_equal(fake_logs, 0);
	assert_int_equal(parse("hang-limit=0 panic=reset"), 0);
	assert_int_equal(o.hang_limit_s, 0);
	assert_true(o.panic_reset);
	assert_int_equal(parse("hang-limit=3600 panic=off"), 0);
	assert_int_equal(o.hang_limit_s, 3600);
	assert_false(o.panic_reset);
	assert_int_equal(parse("debug-power"), 0);
	assert_true(o.debug_power);
	assert_string_equal(o.debug_power_arg, "");
}

static void test_booleans(void **state)
{
	static const char *const yes[] = { "dom0_vcpus_pin", "dom0_vcpus_pin=1", "dom0_vcpus_pin=true",
		                           "dom0_vcpus_pin=no dom0_vcpus_pin=on" };
	static const char *const no[] = { "dom0_vcpus_pin=no", "dom0_vcpus_pin dom0_vcpus_pin=0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		assert_int_equal(parse(yes[i]), 0);
		assert_true(o.dom0_vcpus_pin);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		assert_int_equal(parse(no[i]), 0);
		assert_false(o.dom0_vcpus_pin);
	}
}

static const struct {
	const char *line;
	uint64_t bytes;
} sizes[] = {
	{ "dom0_mem=2G", 2 * GIB },
	{ "dom0_mem=2g dom0_mem=1g", GIB }, /* the last counts */
	{ "dom0_mem=1048576", MIB },
	{ "dom0_mem=2048K", 2 * MIB },
	{ "dom0_mem=512M,max:1G", 512 * MIB }, /* Xen's */
	{ "dom0_mem=max:1G", GIB },
	{ "dom0_mem=min:64M,max:1G,256M", 256 * MIB },
};

static void test_sizes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(parse(sizes[i].line), 0);
		assert_int_equal(o.dom0_mem, sizes[i].bytes);
	}
}

static const char *const wrong[] = {
	"dom0_mem",
	"dom0_mem=",
	"dom0_mem=0",
	"dom0_mem=lots",
	"dom0_mem=512X",
	"dom0_mem=512MB",
	"dom0_mem=1K",
	"dom0_mem=99999999999999999999",
	"dom0_mem=99999999999999G",
	"dom0_mem=-1",
	"dom0_max_vcpus=0",
	"dom0_max_vcpus=65",
	"dom0_max_vcpus=two",
	"dom0_max_vcpus",
	"dom0_vcpus_pin=maybe",
	"maxcpus=0",
	"maxcpus=4x",
	"loglevel=loud",
	"dom0-grace=",
	"dom0-grace=2s",
	"dom0-grace=60001",
	"dom0-grace=-1",
	"loglevel=",
	"hang-limit",
	"hang-limit=3601",
	"hang-limit=5s",
	"panic",
	"panic=reboot",
};

static void test_wrong_values(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (parse(wrong[i]) != -EINVAL)
			fail_msg("%s was accepted", wrong[i]);
		assert_int_equal(fake_logs, 1);
		assert_non_null(strstr(fake_last_log, "allowed is"));
	}
}

static void test_unknown(void **state)
{
	assert_int_equal(parse("console=dtuart dom0_mem=64M"), 0);
	assert_int_equal(o.dom0_mem, 64 * MIB);
	assert_int_equal(fake_logs, 1);
	assert_non_null(strstr(fake_last_log, "unknown option \"console\""));
	assert_int_equal(parse("dom0_memory=1G"), 0);
	assert_int_equal(o.dom0_mem, 0);
	assert_int_equal(fake_logs, 1);
}

static void test_long(void **state)
{
	char line[400];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(parse(line), -EINVAL);
	line[159] = '\0';
	assert_int_equal(parse(line), 0);
	line[159] = 'x';
	line[160] = '\0';
	assert_int_equal(parse(line), -EINVAL);
	memcpy(line, "debug-power=", 12);
	line[12 + 128] = '\0';
	assert_int_equal(parse(line), -EINVAL);
	line[12 + 127] = '\0';
	assert_int_equal(parse(line), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_all),
		cmocka_unit_test(test_booleans),
		cmocka_unit_test(test_sizes),    cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_unknown),  cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
