/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A physical CPU. TPIDR_EL2 holds the calling CPU's struct cpu; the first fields are known to
 * assembly by their offsets (arch/offsets.c).
 */
#ifndef DM_CORE_CPU_H
#define DM_CORE_CPU_H

#include "arch/sysreg.h"
#include "arch/percpu.h"
#include "arch/spinlock.h"
#include "lib/list.h"
#include "lib/types.h"

#define MAX_CPUS 64

/*
 * How long another CPU may take to do what it was asked. It is there within microseconds; the limit is for one that hangs.
 * It is generous because a CPU may be a thread of a loaded host, that doesn't get its turn.
 */
#define CPU_ANSWER_MS 2000

/* Work that another CPU (or this one) asks of a CPU's main loop; bits of struct cpu.work. */
enum cpu_work {
	CPU_WORK_RESCHED, /* look at the run queue again */
	CPU_WORK_UNLOAD,  /* put the loaded vCPU's registers back into memory */
	CPU_WORK_OFFLINE, /* go to cpu_die() */
	CPU_WORK_SUSPEND, /* boot CPU: walk the suspend table */
	CPU_WORK_QUIESCE, /* say that no handler is under way here: core/domain_reap.h */
	CPU_WORK_REAP,	  /* boot CPU: go on with domains that are being destroyed */
	CPU_WORK_DUMP,	  /* print how this CPU is set up: sched_set_dump() */
};

struct vcpu;
struct timer;

struct cpu {
	struct arch_cpu arch; /* must be first: id, MPIDR, and what assembly uses */

	bool online;	    /* written by that CPU alone */
	uint32_t work;	    /* atomic: bits of enum cpu_work */

	struct vcpu *loaded; /* that CPU alone: whose EL1 state is in the registers, or NULL */

	uint64_t quiesced; /* written by that CPU alone: the last grace period that it has seen */

	struct spinlock timer_lock;
	struct list timers; /* timer_lock; soonest first */
	struct sched_cpu *sched; /* constant; core/sched.c's */
};

/* Constant after boot: cpus[0 .. nr_cpus-1]. */
extern struct cpu *cpus[MAX_CPUS];
extern unsigned int nr_cpus;

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)arch_this_cpu();
}

/* static: bugprone-macro-parentheses: c names the variable that it declares */
#define for_each_cpu(c) for (unsigned int c = 0; c < nr_cpus; c++)

/* Sets a work bit of that CPU and makes it look at it soon: an IPI if it isn't the caller. */
void cpu_post(struct cpu *c, enum cpu_work what);

#endif
