/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts, from what raises them to their handler. */
#include "bench.h"
#include "traps.h"

#define DELAY_NS 48000
#define SGI      3

static inline void sgi_here(void)
{
	if (plat.gic_version == 3)
		sysreg_write(S3_0_C12_C11_5, BIT(0) | (uint64_t)SGI << 24);
	else
		write32(plat.gicd + GICD_SGIR, 2u << 24 | SGI);
}

static uint64_t sgi_to_self(void)
{
	struct bench_cpu *b = &bench_cpus[this_cpu()->id];
	uint64_t seen = b->count;
	uint64_t t0 = count();

	sgi_here();
	while (b->count == seen)
		;
	return count() - t0;
}

void bench_sgi_self(void)
{
	uint64_t overhead = bench_overhead();

	bench_begin();
	bench_run("sgi-to-self", sgi_to_self, overhead);
	check_eq(bench_cpus[0].count, BENCH_WARM + BENCH_RUNS);
	bench_end();
}

/* CPU 1 answers each SGI with one. */

static volatile bool stop, waits;

static void pause(void)
{
	if (waits)
		wfi();
	else
		yield();
}

static void answer(void *arg)
{
	struct bench_cpu *b = &bench_cpus[1];

	(void)arg;
	bench_begin();
	irq_disable();
	for (uint64_t seen = 0; !stop;) {
		pause();
		irq_enable();
		irq_disable();
		if (b->count == seen)
			continue;
		seen = b->count;
		if (!stop && gic_intid((uint32_t)b->iar) == SGI) /* not what woke it for work */
			gic_send_sgi(SGI, 0);
	}
	bench_end();
}

static uint64_t there_and_back(void)
{
	struct bench_cpu *b = &bench_cpus[0];
	uint64_t seen = b->count;
	uint64_t t0 = count();

	gic_send_sgi(SGI, 1);
	while (b->count == seen) {
		pause();
		irq_enable();
		irq_disable();
	}
	return count() - t0;
}

static void ping_pong(const char *name, bool by_wfi)
{
	uint64_t overhead = bench_overhead();

	stop = false;
	waits = by_wfi;
	bench_begin();
	smp_run(1, answer, 0);
	delay_us(100); /* it is in its loop */
	irq_disable();
	bench_run(name, there_and_back, overhead);
	check_eq(bench_cpus[0].count, BENCH_WARM + BENCH_RUNS);
	irq_enable();
	bench_end();
	stop = true;
	gic_send_sgi(SGI, 1);
	check(smp_join(1));
}

void bench_ping_pong(void)
{
	skip_if(plat.nr_cpus < 2, "one CPU");
	need(smp_start(1));
	ping_pong("sgi-ping-pong-yield", false);
	ping_pong("sgi-ping-pong-wfi", true);
	check(smp_stop(1));
}

static uint64_t arm_timer(void)
{
	uint64_t due = count() + DELAY_NS;

	sysreg_write(cntv_cval_el0, due);
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	isb();
	return due;
}

static uint64_t timer_while_spinning(void)
{
	struct bench_cpu *b = &bench_cpus[this_cpu()->id];
	uint64_t seen = b->count;
	uint64_t due = arm_timer();

	while (b->count == seen)
		;
	return b->time - due;
}

static uint64_t timer_while_waiting(void)
{
	struct bench_cpu *b = &bench_cpus[this_cpu()->id];
	uint64_t seen = b->count, due;

	irq_disable();
	due = arm_timer();
	while (b->count == seen) {
		wfi();
		irq_enable();
		irq_disable();
	}
	irq_enable();
	return b->time - due;
}

static void timer(const char *name, bench_once_fn *once)
{
	bench_begin();
	gic_enable(plat.timer_virt);
	bench_run(name, once, 0);
	check_eq(bench_cpus[0].count, BENCH_WARM + BENCH_RUNS);
	gic_disable(plat.timer_virt);
	bench_end();
}

void bench_timer(void)
{
	timer("timer-late-spinning", timer_while_spinning);
}

void bench_wfi(void)
{
	timer("timer-late-wfi", timer_while_waiting);
}
