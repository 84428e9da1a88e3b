/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that a test asks for: debug-power= on the command line, comma-separated:
 *
 *   fail:STEP         the row fails on the way down instead of being run
 *   fail-resume:STEP  the row is resumed, then reported as not having come back
 *   fail-undo:STEP    the same when it is undone
 *   stop:PHASE        turn back after that phase, any but commit
 *   slow:STEP:MS      each hook of the row takes so many milliseconds more, at most 60000
 *   hang:STEP         the row's hook never comes back on the way down
 *   hang-resume:STEP  the same on the way up, whether it is resumed or undone
 *
 * each once, in the first cycle that gets there; with @N behind it in cycle N only, with @all in
 * each.
 *
 * Locks: none; used by the walk only.
 */
#ifndef DM_SUSPEND_FAULTS_H
#define DM_SUSPEND_FAULTS_H

#include "abi/dormouse.h"
#include "lib/types.h"

struct suspend_step;

#define FAULTS_MAX   32
#define FAULT_MAX_MS 60000
#define FAULT_ONCE   0
#define FAULT_ALL    0xffffffffu

enum fault_kind {
	FAULT_FAIL,
	FAULT_FAIL_RESUME,
	FAULT_FAIL_UNDO,
	FAULT_STOP,
	FAULT_SLOW,
	FAULT_HANG,
	FAULT_HANG_RESUME,
	NR_FAULT_KINDS,
};

struct fault {
	enum fault_kind kind;
	unsigned int target; /* the row's number; FAULT_STOP: the phase */
	uint32_t ms;         /* FAULT_SLOW */
	uint32_t cycle;      /* FAULT_ONCE, FAULT_ALL or the cycle */
	bool spent;
};

struct fault_plan {
	uint32_t stop_next; /* a phase + 1 where the next walk is to turn back, 0: none. Any CPU, atomic */
	uint32_t stop_now;  /* that of the walk under way */
	unsigned int count;
	struct fault faults[FAULTS_MAX];
};

/*
 * Parses text against the table's names. 0, or -EINVAL with a line in the log that says what is
 * wrong and what may stand there, or -ENOSPC (more than FAULTS_MAX); then the plan is empty.
 */
int faults_parse(const char *text, const struct suspend_step *steps, unsigned int count,
                 struct fault_plan *plan);

/*
 * Is that fault due in this cycle? Takes note that a fault for once has been. Returns 0 (no), 1, or
 * for FAULT_SLOW the milliseconds. plan may be NULL.
 */
uint32_t fault_due(struct fault_plan *plan, enum fault_kind kind, unsigned int target,
                   uint32_t cycle);

#endif
