/* SPDX-License-Identifier: Apache-2.0 */
#include "suspend/engine.h"

#include "abi/psci.h"
#include "arch/barrier.h"
#include "arch/counter.h"
#include "arch/percpu.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "suspend/deadline.h"
#include "suspend/faults.h"
#include "suspend/journal.h"

struct walk {
	const struct suspend_step *steps;
	unsigned int count;
	struct journal *journal;
	struct fault_plan *faults;
	uint32_t cycle;
	struct engine_result *result;
};

static const enum fault_kind fail_kind[] = {
	[DM_DIR_SUSPEND] = FAULT_FAIL,
	[DM_DIR_RESUME] = FAULT_FAIL_RESUME,
	[DM_DIR_UNDO] = FAULT_FAIL_UNDO,
};

static suspend_hook_fn *hook_of(const struct suspend_step *s, enum dm_journal_dir dir)
{
	if (dir == DM_DIR_SUSPEND)
		return s->suspend;
	return dir == DM_DIR_UNDO && s->undo ? s->undo : s->resume;
}

static void delay_ms(uint32_t ms)
{
	uint64_t start = counter_now();
	uint64_t ticks = counter_from_ms(ms);

	while (counter_now() - start < ticks)
		cpu_relax();
}

static const enum fault_kind hang_kind[] = {
	[DM_DIR_SUSPEND] = FAULT_HANG,
	[DM_DIR_RESUME] = FAULT_HANG_RESUME,
	[DM_DIR_UNDO] = FAULT_HANG_RESUME,
};

/* A function of its own, so that whoever looks finds its name. */
static __noreturn __attribute__((noinline)) void hang(void)
{
	for (;;)
		cpu_relax();
}

/*
 * On the way down a row that is told to fail isn't run: then the rows before it are what is tested.
 * On the way back it is run all the same and its result is replaced: the machine is to go on.
 */
static int call(struct walk *w, unsigned int row, enum dm_journal_dir dir)
{
	const struct suspend_step *s = &w->steps[row];
	uint32_t slow;
	int error;

	slow = fault_due(w->faults, FAULT_SLOW, row, w->cycle);
	deadline_begin(s, slow);
	if (slow)
		delay_ms(slow);
	if (fault_due(w->faults, hang_kind[dir], row, w->cycle))
		hang();
	if (dir == DM_DIR_SUSPEND && fault_due(w->faults, FAULT_FAIL, row, w->cycle))
		return s->flags & STEP_COMMIT ? PSCI_INTERNAL_FAILURE : -EIO;
	error = hook_of(s, dir)();
	if (dir != DM_DIR_SUSPEND && fault_due(w->faults, fail_kind[dir], row, w->cycle))
		return -EIO;
	return error;
}

static void open_record(struct walk *w, unsigned int row, enum dm_journal_dir dir,
                        struct dm_journal_record *r)
{
	const struct suspend_step *s = &w->steps[row];

	memset(r, 0, sizeof(*r));
	r->kind = DM_JOURNAL_STEP;
	r->cycle = w->cycle;
	r->phase = s->phase;
	r->dir = dir;
	r->cpu = arch_this_cpu()->id;
	r->flags = DM_JOURNAL_OPEN;
	r->wake_intid = DM_JOURNAL_NO_WAKE;
	str_copy(r->step, s->name, sizeof(r->step));
	r->start = counter_now();
}

/* One hook, with its record. What the commit row takes is the sleep: it has no limit. */
static int step(struct walk *w, unsigned int row, enum dm_journal_dir dir)
{
	const struct suspend_step *s = &w->steps[row];
	struct dm_journal_record r;
	uint64_t sequence = 0;
	int error;

	if (!hook_of(s, dir))
		return 0;
	open_record(w, row, dir, &r);
	if (w->journal)
		sequence = journal_append(w->journal, &r);

	error = call(w, row, dir);

	r.end = counter_now();
	r.result = error;
	r.flags = 0;
	if (s->limit_ms && !(s->flags & STEP_COMMIT) &&
	    r.end - r.start > counter_from_ms(s->limit_ms)) {
		r.flags |= DM_JOURNAL_LATE;
		log_warn("suspend: cycle %u, step %s (%s) took longer than %u ms", w->cycle,
		         s->name, journal_dir_name(dir), s->limit_ms);
	}
	if (w->journal)
		journal_update(w->journal, sequence, &r);
	return error;
}

/* Brings rows count-1 to 0 back. */
static void back(struct walk *w, unsigned int count, enum dm_journal_dir dir)
{
	while (count--) {
		const struct suspend_step *s = &w->steps[count];
		int error;

		if (s->flags & STEP_COMMIT)
			continue;
		error = step(w, count, dir);
		if (!error)
			continue;
		if (s->flags & STEP_VITAL)
			panic("suspend: cycle %u, step %s failed to %s: %d", w->cycle, s->name,
			      journal_dir_name(dir), error);
		if (!w->result->lost++)
			w->result->first_lost = s;
		log_err("suspend: cycle %u, step %s failed to %s: %d", w->cycle, s->name,
		        journal_dir_name(dir), error);
	}
}

static void failed(struct walk *w, unsigned int row, int error)
{
	w->result->outcome = DM_OUTCOME_FAILED;
	w->result->result = error;
	w->result->failed = &w->steps[row];
	back(w, row, DM_DIR_UNDO);
}

static bool last_of_phase(const struct walk *w, unsigned int row)
{
	return row + 1 == w->count || w->steps[row + 1].phase != w->steps[row].phase;
}

static void walk(struct walk *w)
{
	struct engine_result *out = w->result;
	int error = 0;

	for (unsigned int row = 0; row < w->count; row++) {
		const struct suspend_step *s = &w->steps[row];

		error = step(w, row, DM_DIR_SUSPEND);
		if (s->flags & STEP_COMMIT)
			break;
		if (error) {
			failed(w, row, error);
			return;
		}
		if (last_of_phase(w, row) && fault_due(w->faults, FAULT_STOP, s->phase, w->cycle)) {
			out->outcome = DM_OUTCOME_TEST;
			out->last_phase = s->phase;
			back(w, row + 1, DM_DIR_RESUME);
			return;
		}
	}

	if (error < 0) {
		failed(w, w->count - 1, error);
		return;
	}
	out->outcome = error == COMMIT_SLEPT ? DM_OUTCOME_SLEPT : DM_OUTCOME_DID_NOT_SLEEP;
	back(w, w->count, error == COMMIT_SLEPT ? DM_DIR_RESUME : DM_DIR_UNDO);
}

void engine_run(const struct suspend_step *steps, unsigned int count, struct journal *j,
                struct fault_plan *faults, uint32_t cycle, struct engine_result *out)
{
	struct walk w = {
		.steps = steps,
		.count = count,
		.journal = j,
		.faults = faults,
		.cycle = cycle,
		.result = out,
	};

	*out = (struct engine_result) { .outcome = DM_OUTCOME_NONE };
	walk(&w);
	deadline_end();
}
