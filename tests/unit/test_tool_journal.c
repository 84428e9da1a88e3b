// SPDX-License-Identifier: Apache-2.0
/* The tool's journal, with records that the hypervisor's own code has written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal.h"
#include "say.h"
#include "suspend/journal.h"
#include "tool_capture.h"
#include "tool_ctl.h"
#include "verbs.h"

#define HZ 62500000 /* the fake's counter */
#define MS (HZ / 1000)

static struct journal ring;

static void append(struct dm_journal_record r)
{
	journal_append(&ring, &r);
}

static void step(uint32_t cycle, const char *name, enum dm_journal_phase phase,
                 enum dm_journal_dir dir, int result, uint64_t ms)
{
	struct dm_journal_record r = {
		.kind = DM_JOURNAL_STEP,
		.phase = (uint8_t)phase,
		.dir = (uint8_t)dir,
		.cycle = cycle,
		.result = result,
		.start = 10 * HZ,
		.end = 10 * HZ + ms * MS,
	};

	strcpy(r.step, name);
	append(r);
}

/* Cycle 1 slept, cycle 2 failed in the row rtc. */
static void fill(void)
{
	struct dm_journal_record slept = {
		.kind = DM_JOURNAL_CYCLE,
		.outcome = DM_OUTCOME_SLEPT,
		.cycle = 1,
		.start = 10 * HZ,
		.end = 15 * HZ,
		.asleep = 4 * HZ + HZ / 2,
		.wake_intid = 34,
		.device = "rtc",
		.owner = "dom0",
	};
	struct dm_journal_record thaw = {
		.kind = DM_JOURNAL_THAW,
		.cycle = 1,
		.start = 10 * HZ,
		.end = 16 * HZ,
		.asleep = 5 * HZ,
		.flags = DM_JOURNAL_UNAWARE,
		.owner = "web",
	};
	struct dm_journal_record failed = {
		.kind = DM_JOURNAL_CYCLE,
		.outcome = DM_OUTCOME_FAILED,
		.phase = DM_PHASE_DEVICES,
		.cycle = 2,
		.result = -EIO,
		.start = 20 * HZ,
		.end = 20 * HZ + MS,
		.wake_intid = DM_JOURNAL_NO_WAKE,
		.step = "rtc",
	};

	step(1, "firmware", DM_PHASE_CHECK, DM_DIR_SUSPEND, 0, 1);
	step(1, "rtc", DM_PHASE_DEVICES, DM_DIR_SUSPEND, 0, 2);
	step(1, "rtc", DM_PHASE_DEVICES, DM_DIR_RESUME, 0, 3);
	append(slept);
	append(thaw);
	step(2, "firmware", DM_PHASE_CHECK, DM_DIR_SUSPEND, 0, 1);
	step(2, "unload", DM_PHASE_FREEZE, DM_DIR_SUSPEND, 0, 1);
	step(2, "rtc", DM_PHASE_DEVICES, DM_DIR_SUSPEND, -EIO, 1);
	step(2, "unload", DM_PHASE_FREEZE, DM_DIR_UNDO, 0, 1);
	append(failed);
	fake.nr_records = 0;
	for (uint64_t seq = 0; journal_next(&ring, &seq, &fake.records[fake.nr_records]);)
		fake.nr_records++;
}

/* What a warm reset makes of it: the boot before ended in the row rtc. */
static void cut_short(void)
{
	struct dm_journal_record hung = {
		.kind = DM_JOURNAL_STEP,
		.phase = DM_PHASE_DEVICES,
		.dir = DM_DIR_RESUME,
		.cycle = 3,
		.flags = DM_JOURNAL_OPEN,
		.start = 30 * HZ,
		.step = "rtc",
	};

	append(hung);
	journal_init(&ring);
	step(4, "firmware", DM_PHASE_CHECK, DM_DIR_SUSPEND, 0, 1);
	fake.nr_records = 0;
	for (uint64_t seq = 0; journal_next(&ring, &seq, &fake.records[fake.nr_records]);)
		fake.nr_records++;
}

static int reset(void **state)
{
	(void)state;
	fake_reset();
	memset(&ring, 0, sizeof(ring));
	journal_init(&ring);
	setenv("TZ", "UTC", 1);
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	capture_free();
	fake_reset();
	return 0;
}

#define assert_has(text)                                               \
	do {                                                           \
		if (!strstr(out_text, text))                           \
			fail_msg("no \"%s\" in:\n%s", text, out_text); \
	} while (0)

static void test_valid(void **state)
{
	struct dm_journal_record r;

	(void)state;
	fill();
	assert_int_equal(fake.nr_records, 10);
	r = fake.records[0];
	assert_true(journal_valid(&r));
	/* Any byte that is another makes it no record. */
	for (size_t i = 0; i < sizeof(r); i++) {
		((uint8_t *)&r)[i] ^= 0x10;
		assert_false(journal_valid(&r));
		((uint8_t *)&r)[i] ^= 0x10;
	}
	memset(&r, 0, sizeof(r));
	assert_false(journal_valid(&r));
}

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(run_tool("journal"), 0);
	assert_string_equal(out_text, "The machine has not slept yet.\n");
	fill();
	assert_int_equal(run_tool("journal"), 0);
	assert_has("Cycle  Began                Awake again (s)  What happened\n");
	assert_has("            5.000  slept 4.500 s, woken by interrupt 34 (rtc, owner dom0)\n");
	assert_has("            0.001  failed: step rtc: EIO\n");
	/* The last cycle's steps. */
	assert_has("\nSteps of cycle 2:\n"
	           "Phase    Step      CPU  Down (ms)  Up (ms)  Result\n"
	           "check    firmware    0      1.000        -  ok\n"
	           "freeze   unload      0      1.000    1.000  ok, undone\n"
	           "devices  rtc         0      1.000        -  EIO\n");
	assert_int_equal(run_tool("journal -c 1"), 0);
	assert_has("devices  rtc         0      2.000    3.000  ok\n");
	assert_has("domain web went on after 6.000 s, unaware of it; its counter was held back "
	           "5.000 s\n");
	assert_int_equal(run_tool("journal -s -n 1"), 0);
	assert_null(strstr(out_text, "slept"));
	assert_null(strstr(out_text, "Steps"));
	assert_has("failed: step rtc");
	assert_int_equal(run_tool("journal -n 0"), 2);
	assert_int_equal(run_tool("journal -c x"), 2);
	fake.fail = "journal";
	fake.err = EFAULT;
	assert_int_equal(run_tool("journal"), 1);
}

static void test_json(void **state)
{
	(void)state;
	assert_int_equal(run_tool("journal --json"), 0);
	assert_string_equal(out_text, "[]\n");
	fill();
	fake.records[1].flags = DM_JOURNAL_OPEN; /* damaged: its checksum is another's */
	assert_int_equal(run_tool("journal --json"), 0);
	assert_json(out_text);
	assert_has("\"kind\": \"cycle\"");
	assert_has("\"outcome\": \"slept\"");
	assert_has("\"asleep_ns\": 4500000000");
	assert_has("\"wake_intid\": -1");
	assert_has("\"held_ns\": 5000000000");
	assert_null(strstr(out_text, "\"sequence\": 2,")); /* nothing of a damaged one */
}

static void test_earlier_boot(void **state)
{
	(void)state;
	fill();
	cut_short();
	assert_int_equal(run_tool("journal"), 0);
	assert_has("slept 4.500 s, woken by interrupt 34 (rtc, owner dom0); an earlier boot\n");
	assert_has("                -  cut short by a reset in step rtc (resume); an earlier boot\n");
	assert_has("\nSteps of cycle 3:\n");
	assert_int_equal(run_tool("journal --json"), 0);
	assert_json(out_text);
	assert_has("\"earlier_boot\": true");
	/* Those of this boot don't say so. */
	assert_null(strstr(strstr(out_text, "\"cycle\": 4"), "earlier_boot"));
}

/* A counter that begins anew with each reset can't date what was before. */
static void test_date_unknown(void **state)
{
	(void)state;
	fill();
	fake.info.now_ticks = 5;
	assert_int_equal(run_tool("journal -s"), 0);
	assert_has("Cycle  Began  Awake again (s)");
	assert_has("    1  -                5.000  slept");
}

static void test_results(void **state)
{
	static const struct {
		uint8_t phase;
		uint32_t flags;
		int32_t result;
		const char *text;
	} cases[] = {
		{ DM_PHASE_CORE, 0, 0, "ok" },
		{ DM_PHASE_CORE, 0, -ETIMEDOUT, "ETIMEDOUT" },
		{ DM_PHASE_CORE, 0, 7, "7" },
		{ DM_PHASE_CORE, 0, INT32_MIN, "-2147483648" },
		{ DM_PHASE_COMMIT, 0, 1, "did not sleep" },
		{ DM_PHASE_COMMIT, 0, -3, "PSCI DENIED" },
		{ DM_PHASE_COMMIT, 0, -77, "EBADFD" },
		{ DM_PHASE_CORE, DM_JOURNAL_OPEN, 0, "(no return)" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct dm_journal_record r = { .phase = cases[i].phase,
			                             .flags = cases[i].flags,
			                             .result = cases[i].result };

		assert_string_equal(journal_result_text(&r, buf, sizeof(buf)), cases[i].text);
	}
}

static void test_cycles_in_words(void **state)
{
	struct dm_journal_record r = { .wake_intid = DM_JOURNAL_NO_WAKE,
		                       .asleep = HZ * 259200ull + HZ / 8 };
	char buf[192];

	(void)state;
	r.outcome = DM_OUTCOME_SLEPT;
	journal_cycle_text(&r, HZ, buf, sizeof(buf));
	assert_string_equal(buf, "slept 259200.125 s, woken by nothing known");
	r.outcome = DM_OUTCOME_DID_NOT_SLEEP;
	r.wake_intid = 40;
	memset(r.device, 'd', sizeof(r.device)); /* not terminated */
	memset(r.owner, 'o', sizeof(r.owner));
	r.owner[0] = '\n';
	journal_cycle_text(&r, HZ, buf, sizeof(buf));
	assert_string_equal(buf, "did not sleep, a wake-up was pending: interrupt 40 "
	                         "(dddddddddddddddd, owner ?ooooooooooooooooooooooooooooooo)");
	r.outcome = DM_OUTCOME_TEST;
	journal_cycle_text(&r, 0, buf, sizeof(buf));
	assert_string_equal(buf, "test: turned back as it was told to");
}

static void test_last(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fill();
	assert_true(journal_report_last(5, out));
	assert_false(journal_report_last(10, out)); /* nothing new */
	fclose(out);
	assert_string_equal(text, "cycle 2: failed: step rtc: EIO\n");
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, tidy)
	const struct CMUnitTest tests[] = {
		TEST(test_valid),           TEST(test_text), TEST(test_json), TEST(test_results),
		TEST(test_cycles_in_words), TEST(test_last), TEST(test_earlier_boot), TEST(test_date_unknown),
	};

	return cmocka_run_group_tests_name("tool_journal", tests, NULL, NULL);
}
