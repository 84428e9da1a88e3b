/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More CPUs here than below, and time that is counted in instructions (--icount): what the scheduler promises, to the
 * figure. CPUs 1 and 2 compute; this one and CPU 3 wait for interrupts.
 */
#include "domctl.h"
#include "gic.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"

#define LATE_US 1000 /* what may pass from an interrupt to its handler on a busy CPU */

static volatile bool stop;

static void count_up(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	c->scratch[0] = 0;
	while (!stop)
		c->scratch[0]++;
}

static void start_computing(void)
{
	stop = false;
	smp_run(1, count_up, 0);
	smp_run(2, count_up, 0);
}

static void stop_computing(void)
{
	stop = true;
	smp_join(1);
	smp_join(2);
}

static void timer_quiet(uint32_t intid)
{
	if (intid == plat.timer_virt)
		sysreg_write(cntv_ctl_el0, 0);
	isb();
}

/* Waits in WFI; by how many ticks it came back too late. */
static uint64_t nap(uint64_t us)
{
	struct cpu *c = this_cpu();
	uint64_t due = count_virt() + ticks_us(us);
	uint32_t seen = c->irq_count[plat.timer_virt];

	sysreg_write(cntv_cval_el0, due);
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	isb();
	while (c->irq_count[plat.timer_virt] == seen && !passed(due + ticks_us(5000000))) {
		wfi();
		irq_enable();
		irq_disable();
	}
	return count_virt() - due;
}

static void begin_naps(void)
{
	gic_forget_here();
	this_cpu()->irq_hook = timer_quiet;
	gic_enable(plat.timer_virt);
	irq_disable();
}

static void end_naps(void)
{
	gic_disable(plat.timer_virt);
	irq_enable();
	this_cpu()->irq_hook = 0;
}

static void two_share_alike(void)
{
	uint64_t a, b;

	need(smp_start_all());
	begin_naps();
	start_computing();
	nap(1000000);
	stop_computing();
	end_naps();
	a = cpu_nr(1)->scratch[0];
	b = cpu_nr(2)->scratch[0];
	checkf(a > b - b / 20 && b > a - a / 20, "%lu and %lu", a, b);
}

/* We are Dom0, which may cap itself. */
static void cap_holds(void)
{
	uint64_t whole, part;

	need(smp_start_all());
	begin_naps();
	stop = false;
	smp_run(1, count_up, 0);
	nap(300000);
	stop = true;
	smp_join(1);
	whole = cpu_nr(1)->scratch[0];
	need(check_eq(domctl_cap(40), 0));
	stop = false;
	smp_run(1, count_up, 0);
	nap(300000);
	stop = true;
	smp_join(1);
	check_eq(domctl_cap(0), 0);
	end_naps();
	part = cpu_nr(1)->scratch[0] * 100 / whole;
	checkf(part >= 36 && part <= 44, "%lu %%", part);
}

static void timers_wake_soon(void)
{
	uint64_t worst = 0;

	need(smp_start_all());
	begin_naps();
	start_computing();
	for (unsigned int i = 0; i < 50; i++) {
		uint64_t late = nap(3000 + i * 100);

		worst = late > worst ? late : worst;
	}
	stop_computing();
	end_naps();
	checkf(worst < ticks_us(LATE_US), "%lu us late", worst / ticks_us(1));
}

/* CPU 0 computes, too, and interrupts CPU 3 now and then, which otherwise waits. */
#define LAPS 50
static volatile uint64_t sent, worst_trip;
static volatile uint32_t trips;

static void got_it(uint32_t intid)
{
	uint64_t took = count_virt() - sent;

	if (intid != 1)
		return;
	worst_trip = took > worst_trip ? took : worst_trip;
	trips++;
}

static void ipis_wake_soon(void)
{
	need(smp_start_all());
	gic_forget();
	trips = 0;
	worst_trip = 0;
	cpu_nr(3)->irq_hook = got_it;
	start_computing();
	for (uint32_t i = 1; i <= LAPS; i++) {
		delay_us(2000);
		sent = count_virt();
		gic_send_sgi(1, 3);
		if (!check(wait_for(trips == i, 1000)))
			break;
	}
	stop_computing();
	cpu_nr(3)->irq_hook = 0;
	checkf(worst_trip < ticks_us(LATE_US), "%lu us", worst_trip / ticks_us(1));
}

GUEST_TESTS({ "two share a CPU alike", two_share_alike }, { "a cap holds", cap_holds },
            { "timers wake soon", timers_wake_soon }, { "IPIs wake soon", ipis_wake_soon }, );
