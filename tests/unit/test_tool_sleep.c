// SPDX-License-Identifier: Apache-2.0
/* `sleep` over a folder with the files of /sys/power: what it writes, in which order, and what it
 * makes of errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "say.h"
#include "sleep.h"
#include "tool_capture.h"
#include "tool_ctl.h"

static char folder[] = "/tmp/dormouse-sleep-XXXXXX";

static char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/sys/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *get(const char *name)
{
	static char text[64];
	FILE *f = fopen(path_of(name), "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	return text;
}

static int reset(void **state)
{
	(void)state;
	fake_reset();
	sleep_root = folder;
	remove(path_of("power/state"));
	put("power/mem_sleep", "s2idle [deep]\n");
	put("power/wakeup_count", "17\n");
	put("power/state", "");
	put("class/rtc/rtc0/wakealarm", "");
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	fake_reset();
	return 0;
}

#define assert_err(text)                                               \
	do {                                                           \
		if (!strstr(err_text, text))                           \
			fail_msg("no \"%s\" in:\n%s", text, err_text); \
	} while (0)

static void test_sleeps(void **state)
{
	(void)state;
	assert_int_equal(run_tool("sleep --wake-in 1500ms"), 0);
	assert_memory_equal(get("power/mem_sleep"), "deep", 4);
	assert_memory_equal(get("power/wakeup_count"), "17", 2); /* given back as it was read */
	assert_string_equal(get("power/state"), "mem");
	/* The alarm was for 2 s, and is off again. */
	assert_memory_equal(get("class/rtc/rtc0/wakealarm"), "02", 2);
	assert_int_equal(fake.ready, 1); /* the other domains may go on */
	assert_int_equal(run_tool("sleep"), 0);
	assert_int_equal(fake.ready, 2);
}

static void test_no_deep(void **state)
{
	(void)state;
	put("power/mem_sleep", "[s2idle]\n");
	assert_int_equal(run_tool("sleep"), 1);
	assert_err("Dom0's kernel knows no suspend to RAM");
	assert_string_equal(get("power/state"), "");
	assert_int_equal(fake.ready, 0);
}

/* /dev/full-like errors can't be had from plain files; folders give EISDIR, what isn't there
 * ENOENT. */
static void test_errors(void **state)
{
	(void)state;
	remove(path_of("power/wakeup_count"));
	assert_int_equal(run_tool("sleep"), 1);
	assert_err("can't count the wake-up events (/sys/power/wakeup_count): No such file");
	reset(NULL);
	remove(path_of("class/rtc/rtc0/wakealarm"));
	assert_int_equal(run_tool("sleep -w 5s"), 1);
	assert_err("can't set the alarm of the clock");
	assert_string_equal(get("power/state"), "");
	reset(NULL);
	remove(path_of("power/state"));
	assert_int_equal(run_tool("sleep"), 1);
	assert_err("can't suspend to RAM (/sys/power/state)");
	assert_int_equal(fake.ready, 0);
	assert_int_equal(run_tool("sleep -w soon"), 2);
	assert_int_equal(run_tool("sleep -w 0"), 2);
}

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(run_tool("sleep --test devices"), 0);
	assert_int_equal(fake.test_phase, DM_PHASE_DEVICES);
	assert_int_equal(run_tool("sleep --test commit"), 1);
	assert_err("there is no test level \"commit\"");
	assert_int_equal(run_tool("sleep --test deeply"), 1);
	/* When it didn't even begin, the next sleep is to be a real one. */
	put("power/mem_sleep", "[s2idle]\n");
	assert_int_equal(run_tool("sleep --test core"), 1);
	assert_true(fake.test_phase == DM_TEST_OFF);
	fake.fail = "test";
	fake.err = EPERM;
	assert_int_equal(run_tool("sleep --test core"), 1);
	assert_err("can't set the test level");
}

static void test_faults(void **state)
{
	(void)state;
	assert_int_equal(run_tool("sleep --fault fail:gic,fail-undo:rtc"), 0);
	assert_string_equal(fake.faults[1], "fail:gic,fail-undo:rtc");
	assert_string_equal(fake.faults[0], ""); /* for this sleep only */
	assert_string_equal(get("power/state"), "mem");
	reset(NULL);
	fake.fail = "faults";
	fake.err = EOPNOTSUPP;
	assert_int_equal(run_tool("sleep -f fail:gic"), 1);
	assert_err("put debug-power on the hypervisor's command line");
	assert_string_equal(get("power/state"), "");
	fake.err = EINVAL;
	assert_int_equal(run_tool("sleep -f nonsense"), 1);
	assert_err("\"nonsense\" is no list of faults");
}

static void test_blocked(void **state)
{
	(void)state;
	fake.nr_blockers = 1;
	fake.blockers[0] =
	        (struct dm_blocker) { .domid = 3, .name = "web", .reason = "it has not suspended" };
	assert_int_equal(run_tool("sleep"), 1);
	assert_err("nothing was stopped. Against it:\n  domain web: it has not suspended\n");
	assert_string_equal(get("power/state"), "");
	assert_int_equal(run_tool("ready"), 0);
	assert_int_equal(fake.ready, 1);
	fake.fail = "blockers";
	fake.err = EPERM;
	assert_int_equal(run_tool("sleep"), 1);
}

static int make_folder(void **state)
{
	static const char *const folders[] = { "", "power", "class", "class/rtc",
		                               "class/rtc/rtc0" };

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		mkdir(path_of(folders[i]), 0755);
	return 0;
}

static int remove_folder(void **state)
{
	char *command = xformat("rm -rf '%s'", folder);
	int err = system(command);

	(void)state;
	free(command);
	return err;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, tidy)
	const struct CMUnitTest tests[] = {
		TEST(test_sleeps), TEST(test_no_deep), TEST(test_errors),
		TEST(test_levels), TEST(test_faults), TEST(test_blocked),
	};

	return cmocka_run_group_tests_name("tool_sleep", tests, make_folder, remove_folder);
}
