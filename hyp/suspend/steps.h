/* SPDX-License-Identifier: Apache-2.0 */
/* The table of suspend steps: the only truth about their order. */
#ifndef DM_SUSPEND_STEPS_H
#define DM_SUSPEND_STEPS_H

#include "suspend/engine.h"
#include "suspend/suspend.h"

extern const struct suspend_step suspend_steps[];
extern const unsigned int suspend_nr_steps;

/* Ticks from the firmware's call to the first look after it in the last cycle that got there; 0:
 * none. */
uint64_t steps_asleep(void);
/* Before each walk; were there blockers, and have they been reported? */
void steps_begin(bool blockers_reported);

/*
 * Console key 's': a line "step: {json}" for each row of the table, top to bottom: its name and phase, what it is ("check": only
 * looks, "vital": a panic if it doesn't come back, "commit": the firmware's call), and in which directions it does something.
 */
void steps_print(void);

/* suspend_blockers(). False: fn said so. */
bool steps_blockers(suspend_blocker_fn *fn, void *ctx);
/* The part of them that can't change while the machine is up: firmware and drivers. */
bool steps_fixed_blockers(suspend_blocker_fn *fn, void *ctx);

#endif
