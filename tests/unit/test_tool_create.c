// SPDX-License-Identifier: Apache-2.0
/* `create` above the building: its file and words, what it says, and what becomes of a domain that ends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "say.h"
#include "tool_capture.h"
#include "tool_ctl.h"

#define REBOOT 1

static char folder[] = "/tmp/dormouse-create-XXXXXX";
static char *kernel, *config;

/* In place of the tool's clock: each look at it is so many seconds later. */
static time_t clock_s, clock_step;

int __wrap_clock_gettime(clockid_t id, struct timespec *t);

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	clock_s += clock_step;
	*t = (struct timespec) { .tv_sec = clock_s };
	return 0;
}

static void put_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void put_config(const char *more)
{
	char *text = xformat("name='web'\nkernel='%s'\nmemory=16\n%s", kernel, more);

	put_file(config, text, strlen(text));
	free(text);
}

static int create(const char *before, const char *after)
{
	char *words = xformat("create%s%s %s%s%s", *before ? " " : "", before, config, *after ? " " : "", after);
	int status = run_tool(words);

	free(words);
	return status;
}

static int make_folder(void **state)
{
	static uint8_t image[4096] = { [18] = 0x10 }; /* image_size: 1 MiB */

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	kernel = xformat("%s/Image", folder);
	config = xformat("%s/web.cfg", folder);
	memcpy(image + 56, "ARM\x64", 4);
	put_file(kernel, image, sizeof(image));
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(kernel);
	unlink(config);
	free(kernel);
	free(config);
	return rmdir(folder);
}

static int reset(void **state)
{
	(void)state;
	fake_reset();
	clock_s = 1000;
	clock_step = 3;
	put_config("");
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	fake_reset();
	return 0;
}

#define assert_has(text, part)                                      \
	do {                                                        \
		if (!strstr(text, part))                            \
			fail_msg("no \"%s\" in:\n%s", part, text); \
	} while (0)

static void test_dry_run(void **state)
{
	(void)state;
	assert_int_equal(create("-n", "memory=24 on_crash='preserve'"), 0);
	assert_json(out_text);
	assert_has(out_text, "\"memory_mib\": 24");
	assert_has(out_text, "\"on_crash\": \"preserve\"");
	assert_int_equal(fake.created, 0);
}

static void test_words_and_files(void **state)
{
	static char large[1024 * 1024 + 2];

	(void)state;
	assert_int_equal(create("-n -f", ""), 0);
	assert_int_equal(create("-n", "memory=none"), 1);
	assert_has(err_text, "nothing was created");
	memset(large, '#', sizeof(large));
	put_file(config, large, sizeof(large));
	assert_int_equal(create("-n", ""), 1);
	assert_has(err_text, "too long");
	assert_int_equal(fake.created, 0);
}

static void test_what_it_says(void **state)
{
	(void)state;
	assert_int_equal(create("-p -e", ""), 0);
	assert_has(err_text, "web: kernel loaded, 4 KiB");
	assert_has(err_text, "web: created, domain 1, paused");
	assert_int_equal(fake_find(1)->dm.pause_count, 1);
	assert_int_equal(create("-e", ""), 1);
	assert_has(err_text, "there is a domain \"web\" already");
	assert_int_equal(fake.created, 1);
	fake.closed = true;
	assert_int_equal(create("-e", ""), 1);
	assert_has(err_text, "no hypervisor");
}

static void test_start_fails(void **state)
{
	(void)state;
	fake.fail = "unpause";
	fake.err = ENOMEM;
	assert_int_equal(create("-e", ""), 1);
	assert_has(err_text, "domain web: can't start it");
	assert_int_equal(fake.destroyed, 1);
}

/* One after the other, each domain has one of these ends as soon as it runs. */
static const struct fake_fate poweroff[] = { { DM_STATE_SHUTDOWN, 0 } };
static const struct fake_fate reboot_twice[] = { { DM_STATE_SHUTDOWN, REBOOT }, { DM_STATE_SHUTDOWN, REBOOT },
	                                         { DM_STATE_SHUTDOWN, 0 } };
static const struct fake_fate crash[] = { { DM_STATE_CRASHED, 3 }, { DM_STATE_SHUTDOWN, 0 } };

static void test_ends(void **state)
{
	(void)state;
	fake.fates = poweroff;
	assert_int_equal(create("-F", ""), 0);
	assert_has(out_text, "domain web (1) is");
	assert_has(out_text, ": destroy");
	assert_int_equal(fake.destroyed, 1);
	fake_reset();
	fake.fates = reboot_twice;
	assert_int_equal(create("-F", ""), 0);
	assert_has(out_text, ": restart");
	assert_has(out_text, "domain web is 1 now");
	assert_int_equal(fake.created, 3);
	assert_int_equal(fake.destroyed, 3);
	fake_reset();
	fake.fates = crash;
	assert_int_equal(create("-F", "on_crash='preserve'"), 0);
	assert_int_equal(fake.created, 1);
	assert_int_equal(fake.destroyed, 0);
	assert_non_null(fake_find(1));
}

static void test_set_aside(void **state)
{
	(void)state;
	fake.fates = crash;
	assert_int_equal(create("-F", "on_crash='rename-restart'"), 0);
	assert_int_equal(fake.created, 2);
	assert_int_equal(fake.destroyed, 1); /* the second, when it powered off */
	assert_string_equal(fake_find(1)->dm.name, "web-1");
	assert_null(fake_find(2));
}

static void test_too_short(void **state)
{
	(void)state;
	clock_step = 0;
	fake.fates = reboot_twice;
	assert_int_equal(create("-F", ""), 0);
	assert_has(out_text, "not started again");
	assert_int_equal(fake.created, 1);
	assert_int_equal(fake.destroyed, 1);
}

/* What can't be watched is named, though nothing was learnt of it. */
static void test_not_watched(void **state)
{
	(void)state;
	fake.fail = "domains";
	fake.err = EPERM;
	fake.fail_after = 1;
	assert_int_equal(create("-F", ""), 1);
	assert_has(err_text, "domain web (1): can't watch it: not allowed");
	fake_reset();
	fake.fates = poweroff;
	fake.fail = "destroy";
	fake.err = EPERM;
	assert_int_equal(create("-F", ""), 1);
	assert_has(err_text, "domain web (1): can't destroy it");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dry_run, reset, tidy),
		cmocka_unit_test_setup_teardown(test_words_and_files, reset, tidy),
		cmocka_unit_test_setup_teardown(test_what_it_says, reset, tidy),
		cmocka_unit_test_setup_teardown(test_start_fails, reset, tidy),
		cmocka_unit_test_setup_teardown(test_ends, reset, tidy),
		cmocka_unit_test_setup_teardown(test_set_aside, reset, tidy),
		cmocka_unit_test_setup_teardown(test_too_short, reset, tidy),
		cmocka_unit_test_setup_teardown(test_not_watched, reset, tidy),
	};

	return cmocka_run_group_tests_name("tool create", tests, make_folder, remove_folder);
}
