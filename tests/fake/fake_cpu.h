/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU of host tests: which one runs, its barriers, the system counter, maintenance counts. */
#ifndef FAKE_CPU_H
#define FAKE_CPU_H

#include "arch/percpu.h"
#include "lib/types.h"

#define FAKE_CPUS 16

/* Who runs now: system registers are banked by it, arch_this_cpu() is its arch_cpu. 0 at first. */
extern unsigned int fake_cpu;
/*
 * What TPIDR_EL2 of each CPU points to: by default an arch_cpu of the fake's own with id = number,
 * mpidr = number. A test of core/ puts its struct cpu here.
 */
extern struct arch_cpu *fake_cpu_arch[FAKE_CPUS];
void fake_cpu_reset(void);

/* Called at each barrier or hint; NULL: nobody watches. */
typedef void fake_barrier_fn(const char *what);
void fake_barrier_watch(fake_barrier_fn *fn);
extern unsigned int fake_barriers; /* how many so far */

/* Each counter_now() and cpu_relax() moves the counter on by the step, so that a bounded wait ends.
 */
extern uint64_t fake_counter;      /* ticks = ns */
extern uint64_t fake_counter_step; /* 100 */

/* Locks held now, over all spinlocks. Taking a held lock or releasing a free one ends the test. */
extern unsigned int fake_locks_held;
/* Called behind each unlock: where another CPU may come in between. NULL: nobody does. */
typedef void fake_unlock_fn(void);
void fake_unlock_watch(fake_unlock_fn *fn);

/* Calls so far. */
struct fake_maintenance {
	unsigned int dcache, icache, tlb_el2, tlb_guest, tlb_ipa, tlb_all, tlb_here;
	uint64_t last_vttbr;
	ipa_t last_ipa;
	const volatile void *last_clean;
	size_t last_clean_size;
};
extern struct fake_maintenance fake_maintenance;

/* Log lines and panics (log.c). panic() and fatal() are cmocka's expect_assert_failure(). */
extern char fake_last_log[256];
extern unsigned int fake_logs;
extern char fake_last_panic[256];

/* Page allocator on the host's heap (page.c). */
extern int fake_page_budget;        /* calls of page_alloc() that still succeed; -1: no limit */
extern unsigned int fake_pages_out; /* blocks not freed yet */
void fake_pages_reset(void);        /* frees them all: what was allocated for good, between tests */

/* Prints and aborts: a defect of the test or of what is tested. */
void fake_die(const char *fmt, ...) __printf_like(1, 2) __noreturn;

#endif
