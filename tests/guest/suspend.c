/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSTEM_SUSPEND for real (DEN0022 5.1.19): the PL031's alarm (DDI 0224) wakes the machine. On
 * the firmware the machine is really reset in between; under Dormouse this guest is Dom0.
 */
#include "gic.h"
#include "psci.h"
#include "smp.h"
#include "timer.h"

#define RTC_DR   0x00
#define RTC_MR   0x04
#define RTC_CR   0x0c
#define RTC_IMSC 0x10
#define RTC_RIS  0x14
#define RTC_ICR  0x1c

/* SPIs of QEMU's virtio-mmio slots, empty here. */
#define SPI_EDGE  50
#define SPI_LEVEL 51
#define SPI_OFF   52

#define CONTEXT 0x0123456789abcdef

static uint32_t rtc_seconds(void)
{
	return read32(plat.rtc + RTC_DR);
}

static void rtc_quiet(void)
{
	write32(plat.rtc + RTC_IMSC, 0);
	write32(plat.rtc + RTC_ICR, 1);
}

static void rtc_alarm_in(uint32_t seconds)
{
	rtc_quiet();
	write32(plat.rtc + RTC_CR, 1);
	write32(plat.rtc + RTC_MR, rtc_seconds() + seconds);
	write32(plat.rtc + RTC_IMSC, 1);
}

static void on_interrupt(uint32_t intid)
{
	if (intid == plat.rtc_intid)
		rtc_quiet();
	else if (intid == plat.timer_virt)
		sysreg_write(cntv_ctl_el0, 0);
}

/* Only the RTC may wake; other CPUs off; masked at the CPU. */
static void prepare(void)
{
	irq_disable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_stop(n);
	this_cpu()->irq_hook = on_interrupt;
	gic_set_edge(plat.rtc_intid, false);
	gic_set_priority(plat.rtc_intid, 0x60);
	gic_set_target(plat.rtc_intid, 0);
	gic_enable(plat.rtc_intid);
	gic_forget();
}

/* True: came back through the entry point. */
static bool suspend(uint64_t entry_context, uint32_t function, int64_t *result)
{
	const uint64_t args[4] = { function, (uintptr_t)resume_entry, entry_context };
	struct cpu *c = this_cpu();

	c->entry_x0 = ~CONTEXT;
	c->entry_daif = 0;
	return psci_suspend_call(args, plat.psci_hvc, result);
}

static void check_entry(const struct cpu *c, uint64_t context)
{
	check_eq(c->entry_x0, context);
	check_eq(c->entry_el, plat.dormouse ? 1 << 2 : 2 << 2);
	check_eq(c->entry_daif, 0x3c0);
	check_eq(c->entry_spsel, 1);
	check_eq(c->entry_sctlr & (1 << 25 | 1 << 19 | 1 << 12 | 1 << 2 | 1), 0);
	check_eq(sysreg_read(daif), 0x3c0);
}

/*
 * The distributor and redistributors are kept (by the firmware's gic=keep, or by Dormouse); the
 * CPU's interface goes with the CPU.
 */
static bool slept_well(uint64_t context)
{
	int64_t result = 0;

	if (!checkf(suspend(context, PSCI_SYSTEM_SUSPEND64, &result), "SYSTEM_SUSPEND: %ld",
	            result))
		return false;
	check_entry(this_cpu(), context);
	gic_cpu_interface_on();
	return true;
}

/*
 * With a wake-up pending there is no sleep. Firmware may return SUCCESS from the call; Dormouse
 * always uses the entry point, since Linux takes a return for a failure.
 */
static bool did_not_sleep(uint64_t context)
{
	int64_t result = 0;

	if (suspend(context, PSCI_SYSTEM_SUSPEND64, &result)) {
		check_entry(this_cpu(), context);
		gic_cpu_interface_on();
		return true;
	}
	check(!plat.dormouse);
	return check_eq(result, PSCI_SUCCESS);
}

static bool take(uint32_t intid)
{
	bool ok;

	irq_enable();
	ok = wait_for(this_cpu()->irq_count[intid] >= 1, 3000);
	delay_us(2000);
	irq_disable();
	ok = ok && this_cpu()->irq_count[intid] == 1;
	return checkf(ok, "INTID %u taken %u times", intid, this_cpu()->irq_count[intid]);
}

static void alarm_wakes(void)
{
	uint32_t start;
	uint64_t phys;

	skip_if(!plat.rtc, "no PL031");
	prepare();
	start = rtc_seconds();
	phys = count_phys();
	rtc_alarm_in(2);
	need(slept_well(CONTEXT));
	check(rtc_seconds() - start >= 1);
	check(rtc_seconds() - start < 20);
	/* The system counter is always on (Arm ARM D11.1.2). */
	check(count_phys() > phys + ticks_us(900000));
	check(gic_is_pending(plat.rtc_intid));
	check(read32(plat.rtc + RTC_RIS) & 1);
	take(plat.rtc_intid);
	check(!gic_is_pending(plat.rtc_intid));
}

static void by_32_bits(void)
{
	int64_t result = 0;

	skip_if(!plat.rtc, "no PL031");
	prepare();
	rtc_alarm_in(2);
	need(suspend(0xbadbadba89abcdef, PSCI_SYSTEM_SUSPEND, &result));
	check_eq(this_cpu()->entry_x0, 0x89abcdef);
	gic_cpu_interface_on();
	take(plat.rtc_intid);
}

/* What was set up stays set up; nothing of it fires by itself. */
static void gic_is_kept(void)
{
	skip_if(!plat.rtc, "no PL031");
	prepare();
	gic_set_edge(SPI_EDGE, true);
	gic_set_priority(SPI_EDGE, 0x50);
	gic_enable(SPI_EDGE);
	gic_set_edge(SPI_LEVEL, false);
	gic_set_priority(SPI_LEVEL, 0x70);
	gic_disable(SPI_LEVEL);
	gic_set_priority(plat.timer_virt, 0x30);
	gic_enable(plat.timer_virt);
	gic_set_priority(3, 0x20);
	if (plat.nr_cpus > 1)
		gic_set_target(SPI_EDGE, 1);
	rtc_alarm_in(2);
	need(slept_well(1));
	if (plat.gic_version == 2 && !plat.dormouse) {
		/* A GICv2's distributor is the system's own to restore: facts of the firmware. */
		gic_init();
		gic_init_cpu();
		rtc_quiet();
		return;
	}
	check(gic_is_edge(SPI_EDGE));
	check(gic_is_enabled(SPI_EDGE));
	check_eq(gic_priority(SPI_EDGE), 0x50);
	check(!gic_is_edge(SPI_LEVEL));
	check(!gic_is_enabled(SPI_LEVEL));
	check_eq(gic_priority(SPI_LEVEL), 0x70);
	check(gic_is_enabled(plat.timer_virt));
	check_eq(gic_priority(plat.timer_virt), 0x30);
	check_eq(gic_priority(3), 0x20);
	check(gic_is_enabled(plat.rtc_intid));
	check_eq(gic_priority(plat.rtc_intid), 0x60);
	take(plat.rtc_intid);
	check_eq(this_cpu()->irq_count[SPI_EDGE], 0);
	check_eq(this_cpu()->irq_count[plat.timer_virt], 0);
	/* And works: a timer, an SGI, the SPI where it was aimed. */
	sysreg_write(cntv_cval_el0, count_virt() + ticks_us(1000));
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	take(plat.timer_virt);
	gic_send_sgi(3, 0);
	take(3);
	if (plat.nr_cpus > 1) {
		need(smp_start(1));
		gic_pend(SPI_EDGE);
		check(wait_for(cpu_nr(1)->irq_count[SPI_EDGE] == 1, 3000));
		smp_stop(1);
	} else {
		gic_pend(SPI_EDGE);
		take(SPI_EDGE);
	}
	gic_disable(SPI_EDGE);
	gic_disable(plat.timer_virt);
	gic_set_target(SPI_EDGE, 0);
}

/* Pending before the call: back at once, through the entry, and the interrupt is still there. */
static void pending_before(uint32_t intid, bool edge)
{
	uint32_t start;

	prepare();
	gic_set_edge(intid, edge);
	gic_set_priority(intid, 0x50);
	gic_set_target(intid, 0);
	gic_enable(intid);
	start = rtc_seconds();
	rtc_alarm_in(30);
	gic_pend(intid);
	if (!did_not_sleep(2))
		return;
	check(rtc_seconds() - start < 15);
	check(gic_is_pending(intid));
	take(intid);
	check_eq(this_cpu()->irq_count[plat.rtc_intid], 0);
	rtc_quiet();
	gic_disable(intid);
}

static void pending_edge(void)
{
	skip_if(!plat.rtc, "no PL031");
	pending_before(SPI_EDGE, true);
}

static void pending_soft_level(void)
{
	skip_if(!plat.rtc, "no PL031");
	pending_before(SPI_LEVEL, false);
}

static void pending_device(void)
{
	skip_if(!plat.rtc, "no PL031");
	prepare();
	rtc_alarm_in(0);
	need(wait_for(gic_is_pending(plat.rtc_intid), 3000));
	need(did_not_sleep(3));
	check(gic_is_pending(plat.rtc_intid));
	take(plat.rtc_intid);
}

/* Pending but not enabled: no reason to wake, and still pending afterwards. */
static void pending_disabled(void)
{
	uint32_t start;

	skip_if(!plat.rtc, "no PL031");
	prepare();
	gic_disable(SPI_OFF);
	gic_set_edge(SPI_OFF, true);
	gic_set_target(SPI_OFF, 0);
	gic_pend(SPI_OFF);
	start = rtc_seconds();
	rtc_alarm_in(2);
	need(slept_well(4));
	check(rtc_seconds() - start >= 1);
	take(plat.rtc_intid);
	if (plat.dormouse || plat.gic_version == 3) {
		check(gic_is_pending(SPI_OFF));
		gic_enable(SPI_OFF);
		take(SPI_OFF);
	}
	gic_unpend(SPI_OFF);
	gic_disable(SPI_OFF);
}

static void cycles(void)
{
	skip_if(!plat.rtc, "no PL031");
	for (uint64_t i = 0; i < 4; i++) {
		prepare();
		rtc_alarm_in(1);
		need(slept_well(CONTEXT + i));
		need(take(plat.rtc_intid));
		need(smp_start_all());
	}
	need(smp_stop_all());
}

/* On the last CPU, with the first off. Dormouse lets any vCPU do it; so does the firmware. */
static void suspend_here(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	irq_disable();
	if (!check(wait_for(psci(PSCI_AFFINITY_INFO64, cpu_nr(0)->mpidr, 0, 0) == PSCI_AFFINITY_OFF,
	                    10000)))
		return;
	gic_set_target(plat.rtc_intid, c->id);
	c->irq_hook = on_interrupt;
	rtc_alarm_in(2);
	if (slept_well(CONTEXT))
		take(plat.rtc_intid);
	check_eq(psci(PSCI_CPU_ON64, cpu_nr(0)->mpidr, (uintptr_t)resume_entry, 7), PSCI_SUCCESS);
	irq_enable();
}

static void from_another_cpu(void)
{
	const uint64_t off[4] = { PSCI_CPU_OFF };
	unsigned int last = plat.nr_cpus - 1;
	int64_t result;

	skip_if(!plat.rtc, "no PL031");
	skip_if(plat.nr_cpus == 1, "one CPU");
	prepare();
	need(smp_start(last));
	smp_run(last, suspend_here, 0);
	check_eq(psci_suspend_call(off, plat.psci_hvc, &result), 1);
	check_eq(this_cpu()->entry_x0, 7);
	gic_init_cpu();
	smp_join(last);
	need(smp_stop(last));
}

static void denied_then_works(void)
{
	int64_t result = 0;

	skip_if(!plat.rtc, "no PL031");
	skip_if(plat.nr_cpus == 1, "one CPU");
	prepare();
	need(smp_start(1));
	check(!suspend(CONTEXT, PSCI_SYSTEM_SUSPEND64, &result));
	check_eq(result, PSCI_DENIED);
	need(smp_stop(1));
	rtc_alarm_in(1);
	need(slept_well(CONTEXT));
	take(plat.rtc_intid);
}

GUEST_TESTS({ "an alarm wakes", alarm_wakes }, { "called by 32 bits", by_32_bits },
            { "the GIC is kept", gic_is_kept }, { "an edge pending before", pending_edge },
            { "a level pended by software before", pending_soft_level },
            { "a device's level pending before", pending_device },
            { "pending and disabled", pending_disabled }, { "cycles", cycles },
            { "from another CPU", from_another_cpu },
            { "denied, then granted", denied_then_works }, );
