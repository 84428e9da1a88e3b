/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduler: each vCPU belongs to one CPU's run queue; a CPU runs the runnable vCPU that has had the least
 * weighted time. A CPU with one runnable vCPU sets no timer for it.
 *
 * Locks: sched_cpu.lock, after vcpu.lock.
 */
#ifndef DM_CORE_SCHED_H
#define DM_CORE_SCHED_H

#include "core/cpu.h"
#include "core/domain.h"

/* Allocates the CPU's run queue. 0 or -ENOMEM. Boot. */
int sched_init_cpu(struct cpu *c);

/* The CPU's main loop: does posted work, runs vCPUs, idles. Interrupts masked, on the CPU's own stack. */
__noreturn void cpu_loop(void);

/* v became runnable. v->lock is held. */
void sched_enqueue_locked(struct vcpu *v);
/* v isn't any more; takes it off the queue if it is on it. v->lock is held. */
void sched_dequeue_locked(struct vcpu *v);

/*
 * v has nothing to do (WFI) and runs on the calling CPU, in its trap: waits right here, with its registers where they are, if
 * nobody else wants a CPU. True: there is something for it, so it goes on; false: it has to wait as any other (vcpu_block()),
 * because its CPU has other work or because it may not run on.
 */
bool sched_wait_here(struct vcpu *v);

/*
 * v gives way: true if another vCPU waits for its CPU; v then counts as having used as much as that one, so that it goes
 * first. v is running on the calling CPU.
 */
bool sched_others_wait(struct vcpu *v);

#define SCHED_USUAL_WEIGHT 256
#define SCHED_MAX_WEIGHT   65535

/*
 * The domain's vCPUs get CPU time by weight, each, when there isn't enough; with a cap all of them together no more
 * than cap_percent of one CPU, even if there is (0: no cap). Takes effect at once. 0, or -EINVAL: weight 0 or above
 * SCHED_MAX_WEIGHT, more than 100 % for each vCPU.
 */
int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap_percent);
void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap_percent);
/* d is being destroyed, none of its vCPUs runs or will: nothing of the scheduler's refers to it afterwards. */
void sched_forget_domain(struct domain *d);

/*
 * The CPUs that v may run on, bit n for cpus[n] (all by default). One that runs elsewhere moves at once. 0, or -EINVAL:
 * none of them is online. While none of them is, after a host resume, it runs anywhere.
 */
int sched_set_affinity(struct vcpu *v, uint64_t cpu_mask);
uint64_t sched_affinity(struct vcpu *v);
/* vCPU n on CPU n alone; in turn, if there are more of them. One whose CPU isn't online stays free. */
void sched_pin_domain(struct domain *d);

struct sched_info {
	unsigned int cpu;     /* number of the CPU that it runs on, or ran on last */
	bool online;	      /* powered on */
	bool running;	      /* has the CPU now */
	bool blocked;	      /* waits for an interrupt */
	uint64_t cpu_time_ns; /* that it has had in all */
};
void sched_vcpu_info(struct vcpu *v, struct sched_info *out);

/* The calling CPU's loaded vCPU, if any, goes back into memory. */
void sched_unload(void);

/*
 * Every CPU unloads: 0, or -ETIMEDOUT if one doesn't answer (CPU_ANSWER_MS). For the boot CPU's suspend path,
 * with all domains paused.
 */
int sched_unload_all(void);

/* Moves the vCPUs of a CPU that didn't come back to another one. Nothing runs or is loaded. */
void sched_evacuate(struct cpu *from, struct cpu *to);

/* What CPU_WORK_SUSPEND does: suspend_run(), handed down by main.c. */
typedef void cpu_suspend_fn(void);
void sched_set_suspend(cpu_suspend_fn *fn);

/* Prints how the calling CPU is set up, on request; no vCPU running here. suspend's function, handed down by main.c. */
typedef void cpu_dump_fn(void);
void sched_set_dump(cpu_dump_fn *fn);

#endif
