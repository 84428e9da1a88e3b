/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the scheduler. */
#ifndef DM_CORE_SCHED_PRIV_H
#define DM_CORE_SCHED_PRIV_H

#include "core/sched.h"
#include "core/timer.h"

#define SCHED_LAG_MS 10 /* that a vCPU which changes CPUs takes along */

struct sched_cpu {
	struct spinlock lock;
	struct list queue;	/* lock: runnable, not running; boosted ones first, then by vruntime */
	unsigned int waiting;	/* lock; how many. Read without to find work or a place for it */
	uint64_t crowded_since;	/* lock; counter when the first of them came */
	struct vcpu *current;	/* lock: running here; read without likewise */
	struct vcpu *last;	/* lock: on the queue, and may go on with its time slice */
	bool preempt;		/* lock: current's slice ends now: another is due before it, or it gives way */
	bool gave_way;		/* lock: current did: the next one's slice is short */
	uint64_t slice_end;	/* lock */
	uint64_t min_vruntime;	/* lock: never goes back */
	uint64_t balance_at;	/* lock: when to look whether others have less to do */
	bool slice_armed;	/* lock: somebody waits, and the slice's end will look at the queue */
	struct timer slice;
	struct timer nudge;	/* that CPU alone; see gic_limits.misses_guest_eoi */
};

/* Runs nothing and has nothing to. A glance, true or not by the time it is acted upon. */
static inline bool sched_is_idle(const struct cpu *c)
{
	return !__atomic_load_n(&c->sched->current, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&c->sched->waiting, __ATOMIC_RELAXED);
}

/* sched.c: onto and off a queue. Its lock is held; v->lock, too. */
void sched_insert_locked(struct sched_cpu *s, struct vcpu *v);
void sched_remove_locked(struct sched_cpu *s, struct vcpu *v);
/*
 * Puts v, which neither runs nor waits and whose CPU is chosen, on that CPU's queue. It may have had less than the
 * others there: by a little, if it slept; by what has come together elsewhere, if it comes from another CPU. v->lock is
 * held.
 */
void sched_add_locked(struct vcpu *v, bool woken);
/* Would v, woken, run before what its CPU runs? v->lock is held. */
bool sched_is_due_locked(struct vcpu *v);
/* The vruntime of those there that have had the least: the clock by which shares are measured. */
uint64_t sched_clock(struct cpu *c);

/*
 * sched_balance.c: vCPUs move while they wait or when they wake, never while any CPU's registers hold their
 * state (vcpu.loaded). With v->lock held, v neither running nor queued:
 */
bool sched_may_run(const struct vcpu *v, const struct cpu *c);
/* v wakes: picks its CPU anew if it must not stay, or would have to wait there and another one has nothing to do. */
void sched_place_locked(struct vcpu *v);
/*
 * Where v, which c has just run, is to run next: not here if it may not, or if others wait, its slice is over and another
 * CPU has nothing to do. v isn't loaded any more when it is passed on.
 */
struct cpu *sched_next_cpu(struct vcpu *v, struct cpu *c);
void sched_pass_on_locked(struct vcpu *v, struct cpu *to);
/* The calling CPU has nothing to do: takes a vCPU that waits for another one. False: there is none. */
bool sched_steal(struct cpu *c);
/* Does anybody wait for another CPU than c? A glance. */
bool sched_others_crowded(const struct cpu *c);
/* Others wait for the calling CPU, which is about to run one: gives of them to CPUs that have less to do. */
void sched_spread(struct cpu *c);

/* sched_cap.c. Ticks that d may use until its period ends; UINT64_MAX: no limit. */
uint64_t sched_cap_left(struct domain *d);
void sched_cap_charge(struct domain *d, uint64_t ticks);
/* If its domain has used up its share, v is blocked until the period's end: true. v->lock is held. */
bool sched_cap_stops_locked(struct vcpu *v);

#endif
