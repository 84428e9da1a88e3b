/* SPDX-License-Identifier: Apache-2.0 */
/* What the next boot says of one that was cut short: with the journal and the log that it really takes over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/log.h"
#include "suspend/lastboot.h"

static struct journal j;
static char said[32768];

static void sink(const char *line, size_t len)
{
	strncat(said, line, len);
}

static int setup(void **state)
{
	memset(&j, 0x5a, sizeof(j));
	assert_int_equal(journal_init(&j), JOURNAL_UNKNOWN);
	log_set_level(LOG_INFO);
	log_set_sink(NULL);
	log_take_over();
	return 0;
}

static void step(const char *name, enum dm_journal_dir dir, uint32_t flags)
{
	struct dm_journal_record r = {
		.kind = DM_JOURNAL_STEP,
		.phase = DM_PHASE_DEVICES,
		.dir = (uint8_t)dir,
		.cycle = j.cycle,
		.cpu = 3,
		.flags = flags,
		.start = 1234567890,
	};

	snprintf(r.step, sizeof(r.step), "%s", name);
	journal_append(&j, &r);
}

static void cycle_over(void)
{
	struct dm_journal_record r = { .kind = DM_JOURNAL_CYCLE, .cycle = j.cycle };

	journal_append(&j, &r);
}

/* A reset, and what is said after it. */
static const char *next_boot(void)
{
	enum journal_ended how = journal_init(&j);

	log_take_over();
	log_set_sink(sink);
	said[0] = '\0';
	lastboot_report(&j, how);
	log_set_sink(NULL);
	return said;
}

#define assert_says(text) assert_non_null(strstr(said, text))
#define assert_silent_on(text) assert_null(strstr(said, text))

static void the_open_step_is_named(void **state)
{
	journal_next_cycle(&j);
	step("console", DM_DIR_SUSPEND, 0);
	cycle_over();
	journal_next_cycle(&j);
	step("firmware", DM_DIR_SUSPEND, 0);
	step("rtc", DM_DIR_RESUME, DM_JOURNAL_OPEN);
	log_info("the console did not show this");
	next_boot();
	assert_says("(dormouse) the last boot was cut short in cycle 2, step rtc (resume), CPU 3, begun 1.234567 s "
		    "after power-up\n");
	assert_says("(dormouse) before the reset: the console did not show this\n");
	assert_says("(dormouse) before the reset: {\"cycle\":2,\"kind\":\"step\",\"phase\":\"devices\",\"step\":\"rtc\"");
	assert_says("\"end_ns\":null,\"result\":null,\"earlier_boot\":true}");
	/* The cycle before ended well: it is in the journal, and of no interest here. */
	assert_silent_on("\"cycle\":1");
}

static void an_orderly_end_is_no_news(void **state)
{
	journal_next_cycle(&j);
	cycle_over();
	journal_end(&j, JOURNAL_ORDERLY);
	assert_string_equal(next_boot(), "");
	/* It holds for that boot only. */
	next_boot();
	assert_says("the last boot was cut short, after cycle 1\n");
}

static void a_first_boot_is_no_news(void **state)
{
	lastboot_report(&j, JOURNAL_UNKNOWN);
	memset(&j, 0, sizeof(j));
	assert_string_equal(next_boot(), "");
}

static void a_panic_is_told_apart(void **state)
{
	log_err("panic: something");
	journal_end(&j, JOURNAL_PANIC);
	next_boot();
	assert_says("the last boot ended in a panic; it had not suspended\n");
	assert_says("before the reset: panic: something\n");
}

static void between_two_steps(void **state)
{
	journal_next_cycle(&j);
	step("rtc", DM_DIR_SUSPEND, 0);
	next_boot();
	assert_says("the last boot was cut short in cycle 1, between two steps\n");
}

/* A machine that resets again and again shows what was first, not its own reports. */
static void reports_are_not_reported(void **state)
{
	log_info("once");
	next_boot();
	assert_says("before the reset: once");
	next_boot();
	assert_silent_on("before the reset: before");
}

/* Only whole, recent lines, of nothing but text. */
static void the_log_is_cut_and_cleaned(void **state)
{
	char line[64];
	unsigned int n = 0;

	for (unsigned int i = 0; i < 400; i++)
		log_info("line %u", i);
	log_info("torn \001\177\" here");
	next_boot();
	assert_says("before the reset: torn ??\" here\n");
	for (unsigned int i = 0; i < 400; i++) {
		snprintf(line, sizeof(line), "before the reset: line %u\n", i);
		n += strstr(said, line) != NULL;
	}
	assert_in_range(n, 20, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_open_step_is_named, setup),
		cmocka_unit_test_setup(an_orderly_end_is_no_news, setup),
		cmocka_unit_test_setup(a_first_boot_is_no_news, setup),
		cmocka_unit_test_setup(a_panic_is_told_apart, setup),
		cmocka_unit_test_setup(between_two_steps, setup),
		cmocka_unit_test_setup(reports_are_not_reported, setup),
		cmocka_unit_test_setup(the_log_is_cut_and_cleaned, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
