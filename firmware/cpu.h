/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs: who is there, who is on, how one is started, parked and entered. */
#ifndef FW_CPU_H
#define FW_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include "lock.h"
#include "platform.h"

enum cpu_state {
	CPU_STATE_OFF,
	CPU_STATE_ON_PENDING, /* CPU_ON accepted; until the target has left EL3 */
	CPU_STATE_ON,
};

/* Local states that CPU_SUSPEND can enter, and SYSTEM_SUSPEND; for STAT_* and NODE_HW_STATE. */
enum stat_state {
	STAT_STANDBY,
	STAT_CORE_OFF,
	STAT_CLUSTER_OFF,
	STAT_SYSTEM_OFF,
	STAT_STATES,
};

struct cpu_stat {
	uint64_t count;
	uint64_t ticks;
};

struct cpu {
	/* Constant after boot. */
	bool present;
	uint64_t mpidr; /* affinity fields only */
	uint64_t gicr;	/* GICv3: RD_base of its redistributor */

	/* Guarded by power_lock. */
	enum cpu_state state;
	uint64_t entry, context; /* valid while ON_PENDING */
	bool resuming;		 /* this start is the way back from SYSTEM_SUSPEND */
	bool standby;		 /* in CPU_SUSPEND's WFI */
	bool idling;		 /* this start is the way back from CPU_SUSPEND */
	struct cpu_stat stat[STAT_STATES];

	/* Written by the CPU itself after each reset, read by CPU 0. */
	bool arrived;
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned int cpu_count; /* one more than the highest number present */
extern struct lock power_lock;

static inline unsigned int cpu_number(uint64_t mpidr)
{
	return (unsigned int)((mpidr >> 8 & 0xff) * CPUS_PER_CLUSTER + (mpidr & 0xff));
}

/* This CPU's number. */
unsigned int cpu_self(void);

/* The CPU with these affinity fields, or NULL. Any value is fine. */
struct cpu *cpu_find(uint64_t mpidr);

/* First C code after a reset; called from entry.S. */
void primary_main(bool warm) __attribute__((noreturn));
void secondary_main(unsigned int self) __attribute__((noreturn));

/* CPU 0: marks nobody as arrived (before the gate opens); waits for all (bounded, else fatal). */
void cpus_expect(void);
void cpus_wait_arrived(void);

/*
 * Marks @c as to be started at @entry with @context in x0 and wakes it. The caller holds
 * power_lock and has checked everything.
 */
void cpu_start_locked(struct cpu *c, uint64_t entry, uint64_t context, bool resuming);

/* Waits at EL3, powered off as far as anybody can tell, until started. On an empty stack. */
void cpu_park(void) __attribute__((noreturn));

/*
 * Never comes back: a fault that a test asks for. Only FIQs are taken, as a watchdog of hardware would come through,
 * too.
 */
void cpu_hang(void) __attribute__((noreturn));

/* Goes to EL2 at @entry in PSCI's initial state (DEN0022 6.4), with x0 = @context. */
void cpu_enter(uint64_t entry, uint64_t context) __attribute__((noreturn));

/* context.c: EL3's own control registers, after each reset; and the lower levels' reset state. */
void el3_init(void);
void lower_reset(void);
void lower_poison(void);

/* This CPU's timers, across the lower_reset() of a CPU_SUSPEND. */
void timers_save(void);
void timers_restore(void);

/* entry.S */
void cpu_restart_stack(void (*fn)(void)) __attribute__((noreturn));
void enter_lower(uint64_t entry, uint64_t context, uint64_t spsr, uint64_t fill)
	__attribute__((noreturn));
void fp_fill(uint64_t pattern);

#endif /* FW_CPU_H */
