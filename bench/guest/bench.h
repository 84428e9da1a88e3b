/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operations cost, in ticks of a counter that advances with each instruction (QEMU -icount shift=0, CNTFRQ 1 GHz).
 * A bench is a point of TAP: it fails if what it measures doesn't happen.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

#include "bench_offsets.h"
#include "gic.h"
#include "platform.h"
#include "psci.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

/* Written by the vectors. */
struct bench_cpu {
	volatile uint64_t count; /* interrupts taken */
	volatile uint64_t time;  /* the counter in the handler of the last one */
	volatile uint64_t iar;
	uint64_t gicc;
};
_Static_assert(offsetof(struct bench_cpu, count) == BENCH_COUNT, "bench_offsets.h");
_Static_assert(offsetof(struct bench_cpu, time) == BENCH_TIME, "bench_offsets.h");
_Static_assert(offsetof(struct bench_cpu, iar) == BENCH_IAR, "bench_offsets.h");
_Static_assert(offsetof(struct bench_cpu, gicc) == BENCH_GICC, "bench_offsets.h");

extern struct bench_cpu bench_cpus[MAX_CPUS];

/* Own vectors for the calling CPU, its interrupts unmasked and counted in bench_cpus[]; and back. */
void bench_begin(void);
void bench_end(void);

/* Two counter readings with nothing in between are that far apart. */
uint64_t bench_overhead(void);

/*
 * once() does the operation and returns what it took in ticks, the readings' overhead included where they are count()s
 * around it. Prints a line: name, runs, minimum, median, maximum.
 */
typedef uint64_t bench_once_fn(void);
void bench_run(const char *name, bench_once_fn *once, uint64_t overhead);
/* The same of something that was timed as a whole. */
void bench_report(const char *name, const uint64_t *costs, unsigned int count);

void bench_mark(void);

#define BENCH_RUNS 200
#define BENCH_WARM 20

static inline uint64_t count(void)
{
	return sysreg_read(cntvct_el0);
}

#endif
