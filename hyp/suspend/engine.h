/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a table of suspend steps (design, "The suspend engine"). Knows nothing of hardware: what a
 * step does is its hooks' business, so that the walk is tested on the build host with any table.
 *
 *   down    suspend() of row 0, 1, ... in order. If row N fails, rows N-1 to 0 are undone in
 *           reverse and the machine is as before.
 *   commit  the one row with STEP_COMMIT, the last one. Its suspend() says whether it slept.
 *           Slept: the other rows' resume() in reverse. Did not sleep or refused: nothing was
 *           lost, so they are undone.
 *   test    a plan may tell the walk to turn back after a phase; the rows are resumed, which
 *           is what such a test is for.
 *
 * A hook that fails on the way back never stops the walk: the rows below it would stay down. It is
 * recorded and the walk goes on, unless the row says that nothing can run without it (STEP_VITAL).
 *
 * Locks: none; one walk at a time (suspend/suspend.c sees to it).
 */
#ifndef DM_SUSPEND_ENGINE_H
#define DM_SUSPEND_ENGINE_H

#include "abi/dormouse.h"
#include "lib/types.h"

struct journal;
struct fault_plan;

/* 0 or -errno. Bounded, allocates nothing, leaves nothing half done when it fails. */
typedef int suspend_hook_fn(void);

enum step_flag {
	STEP_COMMIT = BIT(0), /* suspend() returns enum commit_result or a negative PSCI error */
	STEP_VITAL = BIT(1),  /* when it doesn't come back nothing else can: panic */
	STEP_CHECK = BIT(2),  /* only looks: nothing to bring back */
};

enum commit_result {
	COMMIT_SLEPT = 0,
	COMMIT_DID_NOT_SLEEP = 1,
};

struct suspend_step {
	const char *name; /* unique in the table; at most DM_JOURNAL_STEP_SIZE - 1 characters */
	enum dm_journal_phase phase; /* never less than the row's before */
	suspend_hook_fn *suspend;
	suspend_hook_fn *resume;
	suspend_hook_fn *undo; /* NULL: resume does for it */
	uint32_t flags;        /* enum step_flag */
	uint32_t limit_ms;     /* a hook that takes longer is reported; 0: no limit */
};

struct engine_result {
	enum dm_journal_outcome outcome;
	int32_t result; /* as in the journal: 0, -errno, or PSCI's from the commit row */
	const struct suspend_step *failed; /* the row that failed on the way down, or NULL */
	enum dm_journal_phase last_phase;  /* DM_OUTCOME_TEST: where it turned back */
	unsigned int lost;                 /* rows that failed to come back */
	const struct suspend_step *first_lost;
};

/* j and faults may be NULL. cycle is the number that the records carry. */
void engine_run(const struct suspend_step *steps, unsigned int count, struct journal *j,
                struct fault_plan *faults, uint32_t cycle, struct engine_result *out);

#endif
