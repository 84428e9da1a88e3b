/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Software timers on each CPU's EL2 physical timer (CNTHP). A timer belongs to the CPU that set it
 * and fires there, in interrupt context (masked), once.
 *
 * Locks: a per-CPU lock (leaf), so that a timer may be cancelled from another CPU; its function is
 * called without it.
 */
#ifndef DM_CORE_TIMER_H
#define DM_CORE_TIMER_H

#include "core/cpu.h"
#include "lib/list.h"
#include "lib/types.h"

struct timer;
typedef void timer_fn(struct timer *t);

struct timer {
	struct list link;
	uint64_t deadline; /* counter ticks */
	timer_fn *fn;
	struct cpu *cpu;   /* where it is queued, NULL when it isn't */
};

void timer_init(struct timer *t, timer_fn *fn);
/* (Re)arms t on the calling CPU. A deadline in the past fires at the next chance. */
void timer_set(struct timer *t, uint64_t deadline);
/* Idempotent. After it returns the function doesn't start any more (it may be running on another CPU). */
void timer_cancel(struct timer *t);

/* The timers of a CPU that is off for good go on here. Nobody else sets or cancels one of them meanwhile. */
void timer_adopt(struct cpu *from);

/* Boot: the PPI of CNTHP. 0 or irq_request()'s. */
int timer_setup(uint32_t intid);
/* Each CPU at bring-up: programs the hardware for what is queued. */
int timer_cpu_init(void);

/* Rows of the suspend table (boot CPU, interrupts masked). */
int timer_suspend(void);
int timer_resume(void);

#endif
