/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a made-up table: each row fails once in each direction. And the parser of faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "abi/psci.h"
#include "fake_cpu.h"
#include "fake_smc_wdt.h"
#include "lib/err.h"
#include "suspend/deadline.h"
#include "suspend/engine.h"
#include "suspend/faults.h"
#include "suspend/journal.h"

/* Rows a to f and the commit row; what was called in which order, and what each is to return. */
#define ROWS 6
static char calls[128];
static int result[DM_NR_DIRS][ROWS + 1];
static unsigned int called_for;

static int call(enum dm_journal_dir dir, unsigned int row)
{
	char word[4] = { "+-~"[dir], (char)('a' + row), ' ', 0 };

	strcat(calls, word);
	called_for++;
	return result[dir][row];
}

#define HOOKS(n)                                \
	static int __used down##n(void)         \
	{                                       \
		return call(DM_DIR_SUSPEND, n); \
	}                                       \
	static int __used up##n(void)           \
	{                                       \
		return call(DM_DIR_RESUME, n);  \
	}                                       \
	static int __used undo##n(void)         \
	{                                       \
		return call(DM_DIR_UNDO, n);    \
	}
HOOKS(0)
HOOKS(1)
HOOKS(2)
HOOKS(3)
HOOKS(4)
HOOKS(5)

static int commit(void)
{
	return call(DM_DIR_SUSPEND, ROWS);
}

/* b has no undo of its own, a nothing to bring back, e is vital. */
static const struct suspend_step table[] = {
	{ .name = "a", .phase = DM_PHASE_CHECK, .flags = STEP_CHECK, .suspend = down0 },
	{ .name = "b", .phase = DM_PHASE_FREEZE, .suspend = down1, .resume = up1 },
	{ .name = "c", .phase = DM_PHASE_CPUS, .suspend = down2, .resume = up2, .undo = undo2 },
	{ .name = "d", .phase = DM_PHASE_DEVICES, .suspend = down3, .resume = up3, .undo = undo3 },
	{ .name = "e",
	  .phase = DM_PHASE_CORE,
	  .suspend = down4,
	  .resume = up4,
	  .undo = undo4,
	  .flags = STEP_VITAL },
	{ .name = "f", .phase = DM_PHASE_CORE, .suspend = down5, .resume = up5, .undo = undo5 },
	{ .name = "go", .phase = DM_PHASE_COMMIT, .suspend = commit, .flags = STEP_COMMIT },
};

static struct journal j;
static struct fault_plan plan;
static struct engine_result res;

/* As a cycle of its own. */
static void run(uint32_t cycle)
{
	memset(calls, 0, sizeof(calls));
	engine_run(table, ARRAY_SIZE(table), &j, &plan, cycle, &res);
	if (calls[0])
		calls[strlen(calls) - 1] = '\0';
}

static int setup(void **state)
{
	memset(result, 0, sizeof(result));
	memset(&plan, 0, sizeof(plan));
	memset(&j, 0, sizeof(j));
	journal_init(&j);
	fake_logs = 0;
	return 0;
}

static void faults(const char *text)
{
	assert_int_equal(faults_parse(text, table, ARRAY_SIZE(table), &plan), 0);
}

/* The journal holds exactly the calls that were made, in order, with results. */
static void check_journal(uint32_t cycle, unsigned int calls_expected)
{
	struct dm_journal_record r;
	char said[128] = "";
	uint64_t seq = 0, last_end = 0;
	unsigned int n = 0;

	while (journal_next(&j, &seq, &r)) {
		char word[32];

		if (r.cycle != cycle)
			continue;
		n++;
		assert_int_equal(r.kind, DM_JOURNAL_STEP);
		assert_int_equal(r.flags, 0);
		assert_true(r.start >= last_end && r.end >= r.start);
		last_end = r.end;
		/* b has no undo: its resume is called for it. */
		snprintf(word, sizeof(word), "%s%c%c", n > 1 ? " " : "",
		         r.step[0] == 'b' && r.dir ? '-' : "+-~"[r.dir], r.step[0]);
		strcat(said, word);
	}
	assert_int_equal(n, calls_expected);
	assert_string_equal(said, calls);
}

static void test_slept(void **state)
{
	run(1);
	assert_int_equal(res.outcome, DM_OUTCOME_SLEPT);
	assert_null(res.failed);
	assert_int_equal(res.lost, 0);
	assert_string_equal(calls, "+a +b +c +d +e +f +g -f -e -d -c -b");
	check_journal(1, 12);
}

static void test_did_not_sleep(void **state)
{
	result[DM_DIR_SUSPEND][ROWS] = COMMIT_DID_NOT_SLEEP;
	run(1);
	assert_int_equal(res.outcome, DM_OUTCOME_DID_NOT_SLEEP);
	assert_string_equal(calls, "+a +b +c +d +e +f +g ~f ~e ~d ~c -b");
	check_journal(1, 12);
}

static void test_refused(void **state)
{
	for (int error = -1; error >= PSCI_INVALID_ADDRESS - 1; error--) {
		setup(state);
		result[DM_DIR_SUSPEND][ROWS] = error;
		run(1);
		assert_int_equal(res.outcome, DM_OUTCOME_FAILED);
		assert_int_equal(res.result, error);
		assert_ptr_equal(res.failed, &table[ROWS]);
		assert_string_equal(calls, "+a +b +c +d +e +f +g ~f ~e ~d ~c -b");
	}
}

/* Row n fails: n-1 to 0 are undone, n itself and what follows are not touched. */
static void test_each_row_fails(void **state)
{
	static const char *const expected[ROWS] = {
		"+a",
		"+a +b",
		"+a +b +c -b",
		"+a +b +c +d ~c -b",
		"+a +b +c +d +e ~d ~c -b",
		"+a +b +c +d +e +f ~e ~d ~c -b",
	};

	for (unsigned int row = 0; row < ROWS; row++) {
		setup(state);
		result[DM_DIR_SUSPEND][row] = -ETIMEDOUT;
		run(1);
		assert_int_equal(res.outcome, DM_OUTCOME_FAILED);
		assert_int_equal(res.result, -ETIMEDOUT);
		assert_ptr_equal(res.failed, &table[row]);
		assert_string_equal(calls, expected[row]);
		/* And the next cycle is as if nothing had been. */
		result[DM_DIR_SUSPEND][row] = 0;
		run(2);
		assert_int_equal(res.outcome, DM_OUTCOME_SLEPT);
		check_journal(2, 12);
	}
}

static void vital_row_lost(void)
{
	expect_assert_failure(run(1));
	assert_non_null(strstr(fake_last_panic, "step e"));
}

static void row_lost(unsigned int row, bool undo)
{
	/* Without an undo of its own the row is brought back by resume. */
	result[undo && table[row].undo ? DM_DIR_UNDO : DM_DIR_RESUME][row] = -EIO;
	result[DM_DIR_SUSPEND][ROWS] = undo ? PSCI_DENIED : COMMIT_SLEPT;
	if (table[row].flags & STEP_VITAL) {
		vital_row_lost();
		return;
	}
	run(1);
	assert_string_equal(calls, undo ? "+a +b +c +d +e +f +g ~f ~e ~d ~c -b"
	                                : "+a +b +c +d +e +f +g -f -e -d -c -b");
	assert_int_equal(res.lost, 1);
	assert_ptr_equal(res.first_lost, &table[row]);
	assert_int_equal(res.outcome, undo ? DM_OUTCOME_FAILED : DM_OUTCOME_SLEPT);
}

/* A row that doesn't come back is noted; the others come back all the same. */
static void test_each_row_lost(void **state)
{
	for (unsigned int row = 1; row < ROWS; row++) {
		setup(state);
		row_lost(row, false);
		setup(state);
		row_lost(row, true);
	}
}

static void test_fault_fail(void **state)
{
	static const char *const expected[] = { "",
		                                "+a",
		                                "+a +b -b",
		                                "+a +b +c ~c -b",
		                                "+a +b +c +d ~d ~c -b",
		                                "+a +b +c +d +e ~e ~d ~c -b",
		                                "+a +b +c +d +e +f ~f ~e ~d ~c -b" };

	for (unsigned int row = 0; row < ARRAY_SIZE(table); row++) {
		char text[32];

		setup(state);
		snprintf(text, sizeof(text), "fail:%s", table[row].name);
		faults(text);
		run(1);
		assert_string_equal(calls, expected[row]);
		assert_int_equal(res.outcome, DM_OUTCOME_FAILED);
		assert_int_equal(res.result, row == ROWS ? PSCI_INTERNAL_FAILURE : -EIO);
		assert_ptr_equal(res.failed, &table[row]);
		run(2); /* once */
		assert_int_equal(res.outcome, DM_OUTCOME_SLEPT);
	}
}

/* The hook is run, so the machine goes on; it is the report that is tested. */
static void test_fault_lost(void **state)
{
	faults("fail-resume:d@all,fail-undo:c");
	run(1);
	assert_string_equal(calls, "+a +b +c +d +e +f +g -f -e -d -c -b");
	assert_int_equal(res.lost, 1);
	assert_ptr_equal(res.first_lost, &table[3]);
	run(2);
	assert_int_equal(res.lost, 1);
	result[DM_DIR_SUSPEND][ROWS] = PSCI_DENIED;
	run(3);
	assert_int_equal(res.lost, 1);
	assert_ptr_equal(res.first_lost, &table[2]);
	run(4);
	assert_int_equal(res.lost, 0);
	setup(state);
	faults("fail-resume:e");
	expect_assert_failure(run(1));
}

static void test_stop(void **state)
{
	static const char *const expected[] = {
		[DM_PHASE_CHECK] = "+a",
		[DM_PHASE_FREEZE] = "+a +b -b",
		[DM_PHASE_CPUS] = "+a +b +c -c -b",
		[DM_PHASE_DEVICES] = "+a +b +c +d -d -c -b",
		[DM_PHASE_CORE] = "+a +b +c +d +e +f -f -e -d -c -b",
	};

	for (unsigned int p = 0; p < DM_PHASE_COMMIT; p++) {
		char text[32];

		setup(state);
		snprintf(text, sizeof(text), "stop:%s@2", journal_phase_name(p));
		faults(text);
		run(1);
		assert_int_equal(res.outcome, DM_OUTCOME_SLEPT);
		run(2);
		assert_int_equal(res.outcome, DM_OUTCOME_TEST);
		assert_int_equal(res.last_phase, p);
		assert_string_equal(calls, expected[p]);
		run(3);
		assert_int_equal(res.outcome, DM_OUTCOME_SLEPT);
	}
}

static void test_slow(void **state)
{
	struct dm_journal_record r;
	uint64_t seq = 0;
	unsigned int slow = 0;

	fake_counter_step = 100000;
	faults("slow:c:20,slow:d:30@2");
	run(1);
	while (journal_next(&j, &seq, &r)) {
		bool is = r.step[0] == 'c';

		slow += is;
		assert_int_equal(r.end - r.start >= 20000000, is);
	}
	assert_int_equal(slow, 2);
	run(2);
	while (journal_next(&j, &seq, &r))
		assert_int_equal(r.end - r.start >= 30000000, r.step[0] == 'd');
	fake_counter_step = 100;
}

static jmp_buf out_of_the_hang;
static unsigned int rounds;

static void watch_the_hang(const char *what)
{
	if (what[0] == 'y' && ++rounds == 1000)
		longjmp(out_of_the_hang, 1);
}

/* Which row's hook hangs in this cycle; NULL: none. Its record is open, the watchdog on it. */
static const char *hung_in(uint32_t cycle, enum dm_journal_dir *dir)
{
	static struct dm_journal_record r;
	static const char *step;
	uint64_t seq = 0;
	bool hung;

	rounds = 0;
	fake_barrier_watch(watch_the_hang);
	hung = setjmp(out_of_the_hang);
	if (!hung)
		run(cycle);
	fake_barrier_watch(NULL);
	assert_int_equal(fake_smc_wdt.running, hung);
	step = NULL;
	while (hung && journal_next(&j, &seq, &r)) {
		assert_null(step); /* the last there is */
		if (r.flags & DM_JOURNAL_OPEN)
			step = r.step;
	}
	*dir = r.dir;
	return step;
}

static void test_hang(void **state)
{
	enum dm_journal_dir dir;

	deadline_set_grace(7);
	faults("hang:c@2,hang-resume:d@3");
	assert_null(hung_in(1, &dir));
	assert_string_equal(hung_in(2, &dir), "c");
	assert_int_equal(dir, DM_DIR_SUSPEND);
	setup(state);
	faults("hang:c@2,hang-resume:d@3");
	assert_string_equal(hung_in(3, &dir), "d");
	assert_int_equal(dir, DM_DIR_RESUME);
	/* Undone is on the way up, too. */
	setup(state);
	faults("hang-resume:d");
	result[DM_DIR_SUSPEND][4] = -EIO;
	assert_string_equal(hung_in(1, &dir), "d");
	assert_int_equal(dir, DM_DIR_UNDO);
	deadline_set_grace(0);
	fake_smc_wdt.running = false;
}

static uint32_t seconds_at_commit;
static bool running_at_commit;

static int look_at_watchdog(void)
{
	seconds_at_commit = fake_smc_wdt.seconds;
	running_at_commit = fake_smc_wdt.running;
	return COMMIT_SLEPT;
}

static int look_at_limit(void)
{
	assert_true(fake_smc_wdt.running);
	assert_int_equal(fake_smc_wdt.seconds, 20 + 5);
	return 0;
}

/* Each hook has its limit and the grace; the sleep has the grace, or no watchdog that doesn't stop for it. */
static void test_deadlines(void **state)
{
	static const struct suspend_step rows[] = {
		{ .name = "x", .suspend = look_at_limit, .resume = look_at_limit, .limit_ms = 4001 },
		{ .name = "go", .phase = DM_PHASE_COMMIT, .suspend = look_at_watchdog, .flags = STEP_COMMIT },
	};

	fake_smc_wdt = (struct fake_smc_wdt) { .stops_asleep = true };
	deadline_set_grace(20);
	engine_run(rows, 2, &j, NULL, 1, &res);
	assert_true(running_at_commit);
	assert_int_equal(seconds_at_commit, 20);
	assert_int_equal(fake_smc_wdt.armed, 3);
	assert_false(fake_smc_wdt.running);
	fake_smc_wdt.stops_asleep = false;
	engine_run(rows, 2, &j, NULL, 2, &res);
	assert_false(running_at_commit);
	assert_false(fake_smc_wdt.running);
	/* None is wanted. */
	deadline_set_grace(0);
	fake_smc_wdt.armed = 0;
	run(3);
	assert_int_equal(fake_smc_wdt.armed, 0);
	/* A row that is told to be slow has so much more. */
	plan.count = 1;
	plan.faults[0] = (struct fault) { .kind = FAULT_SLOW, .target = 1, .ms = 3500, .cycle = FAULT_ALL };
	fake_smc_wdt.stops_asleep = true;
	fake_counter_step = 1000000;
	deadline_set_grace(20);
	engine_run(rows, 2, &j, &plan, 4, &res);
	assert_int_equal(seconds_at_commit, 24);
	deadline_set_grace(0);
	fake_counter_step = 100;
}

static int dawdle(void)
{
	fake_counter += 5000000;
	return 0;
}

static void test_limit(void **state)
{
	static const struct suspend_step late[] = {
		{ .name = "x", .suspend = dawdle, .resume = dawdle, .limit_ms = 4 },
		{ .name = "y", .suspend = dawdle, .resume = dawdle, .limit_ms = 6 },
		{ .name = "go",
		  .suspend = dawdle,
		  .limit_ms = 1,
		  .flags = STEP_COMMIT,
		  .phase = DM_PHASE_COMMIT },
	};
	struct dm_journal_record r;
	uint64_t seq = 0;

	engine_run(late, ARRAY_SIZE(late), &j, NULL, 1, &res);
	while (journal_next(&j, &seq, &r))
		assert_int_equal(r.flags, r.step[0] == 'x' ? DM_JOURNAL_LATE : 0);
	assert_int_equal(fake_logs, 2);
}

static int looks_at_journal(void)
{
	struct dm_journal_record r;
	uint64_t seq = 0;

	assert_true(journal_next(&j, &seq, &r));
	assert_int_equal(r.flags, DM_JOURNAL_OPEN);
	assert_string_equal(r.step, "x");
	return 0;
}

/* What hangs has left its record. */
static void test_record_is_there_before_the_call(void **state)
{
	static const struct suspend_step one[] = {
		{ .name = "x", .suspend = looks_at_journal },
	};

	engine_run(one, 1, &j, NULL, 1, &res);
	engine_run(table, ARRAY_SIZE(table), NULL, NULL, 2,
	           &res); /* without a journal it runs, too */
	assert_int_equal(res.outcome, DM_OUTCOME_SLEPT);
}

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"fail",       "fail:",      "fail:z",
		"fail:aa",    "fail:a:1",   "break:a",
		":a",         "stop:a",     "stop:commit",
		"stop:",      "slow:a",     "slow:a:",
		"slow:a:0",   "slow:a:x",   "slow:a:60001",
		"slow:a:1ms", "fail:a@",    "fail:a@0",
		"fail:a@x",   "fail:a@-1",  "fail:a@allx",
		"fail:a b",   "fail:a,,b",  ",fail:a",
		"fail:a@1@2", "slow:a@1:5", "fail:a@99999999999999999999",
		" fail:a",    "FAIL:a",
	};
	char many[7 * FAULTS_MAX + 8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_logs = 0;
		plan.count = 3;
		if (faults_parse(bad[i], table, ARRAY_SIZE(table), &plan) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(plan.count, 0);
		assert_int_equal(fake_logs, 1);
	}
	faults_parse("fail:z", table, ARRAY_SIZE(table), &plan);
	assert_string_equal(fake_last_log, "debug-power: step \"z\" is none of a b c d e f go");

	faults("");
	assert_int_equal(plan.count, 0);
	faults("fail:a@7,slow:go:60000,stop:core@all,fail-undo:f");
	assert_int_equal(plan.count, 4);
	assert_int_equal(plan.faults[0].kind, FAULT_FAIL);
	assert_int_equal(plan.faults[0].target, 0);
	assert_int_equal(plan.faults[0].cycle, 7);
	assert_int_equal(plan.faults[1].kind, FAULT_SLOW);
	assert_int_equal(plan.faults[1].target, 6);
	assert_int_equal(plan.faults[1].ms, 60000);
	assert_int_equal(plan.faults[1].cycle, FAULT_ONCE);
	assert_int_equal(plan.faults[2].kind, FAULT_STOP);
	assert_int_equal(plan.faults[2].target, DM_PHASE_CORE);
	assert_true(plan.faults[2].cycle == FAULT_ALL);
	assert_int_equal(plan.faults[3].kind, FAULT_FAIL_UNDO);
	assert_int_equal(plan.faults[3].target, 5);
	for (unsigned int i = 0; i < FAULTS_MAX; i++)
		strcpy(many + 7 * i, "fail:a,");
	many[7 * FAULTS_MAX - 1] = '\0';
	faults(many);
	assert_int_equal(plan.count, FAULTS_MAX);
	strcat(many, ",fail:a");
	assert_int_equal(faults_parse(many, table, ARRAY_SIZE(table), &plan), -ENOSPC);
	assert_int_equal(plan.count, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_slept),
		TEST(test_did_not_sleep),
		TEST(test_refused),
		TEST(test_each_row_fails),
		TEST(test_each_row_lost),
		TEST(test_fault_fail),
		TEST(test_fault_lost),
		TEST(test_stop),
		TEST(test_slow),
		TEST(test_limit),
		TEST(test_hang),
		TEST(test_deadlines),
		TEST(test_record_is_there_before_the_call),
		TEST(test_parse),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
