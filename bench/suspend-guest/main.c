/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench/suspend runs, as Dom0 or natively on the firmware: calls SYSTEM_SUSPEND again and again, is woken by the
 * alarm, and prints when what was, in ticks (-icount: instructions):
 *
 *     boot ENTERED
 *     cycle CALLED ENTERED     just before the call; at the third instruction behind the entry
 *     row STEP DIR START END   of Dormouse's journal
 *     ready TICK               Dom0 says so
 *     thaw DOMAIN END          a domain goes on
 *     done
 *
 * From bootargs: cycles=N; irqs=N: so many shared interrupts are enabled besides the alarm's;
 * slow=1: somebody wants to watch.
 * With peer=1 it is one of the domains and waits; with sleeps=N it suspends itself N times.
 */
#include "abi/dormouse.h"
#include "gic.h"
#include "libc.h"
#include "platform.h"
#include "print.h"
#include "psci.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define RTC_DR	 0x00
#define RTC_MR	 0x04
#define RTC_CR	 0x0c
#define RTC_IMSC 0x10
#define RTC_ICR	 0x1c

#define CONTEXT	   0x5eed
#define FIRST_SPI  48   /* of QEMU's virtio slots, which are Dom0's and silent */
#define MAX_SPIS   32
#define SETTLE_US  20000 /* the domains have booted and wait */
#define THAW_US	   5000
#define SPIN_US	   10000
#define MAX_RECORDS 96

static struct dm_journal_record records[MAX_RECORDS];
static unsigned int nr_records;

static void rtc_quiet(void)
{
	write32(plat.rtc + RTC_IMSC, 0);
	write32(plat.rtc + RTC_ICR, 1);
}

static void on_interrupt(uint32_t intid)
{
	if (intid == plat.rtc_intid)
		rtc_quiet();
	else if (intid == plat.timer_virt)
		sysreg_write(cntv_ctl_el0, 0);
}

static void listen(uint32_t intid)
{
	gic_set_priority(intid, 0x60);
	gic_set_target(intid, 0);
	gic_enable(intid);
}

static void prepare(void)
{
	irq_disable();
	this_cpu()->irq_hook = on_interrupt;
	listen(plat.rtc_intid);
	gic_enable(plat.timer_virt);
	write32(plat.rtc + RTC_CR, 1);
}

static void rest(uint64_t us)
{
	uint64_t until = count_virt() + ticks_us(us);

	sysreg_write(cntv_cval_el0, until);
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	while (!passed(until)) {
		wfi();
		irq_enable();
		irq_disable();
	}
	sysreg_write(cntv_ctl_el0, 0);
}

/* One sleep until the alarm. When it was called. */
static uint64_t sleep(void)
{
	const uint64_t args[4] = { PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry, CONTEXT };
	int64_t result = 0;
	uint64_t called;

	rtc_quiet();
	write32(plat.rtc + RTC_IMSC, 1);
	write32(plat.rtc + RTC_MR, read32(plat.rtc + RTC_DR) + 2);
	called = count_phys();
	if (!psci_suspend_call(args, plat.psci_hvc, &result))
		tap_bail("SYSTEM_SUSPEND returns %ld", result);
	gic_cpu_interface_on();
	return called;
}

/* --- Dormouse's journal -------------------------------------------------------------------- */

static int64_t control(struct dm_op *op)
{
	register uint64_t x0 __asm__("x0") = (uintptr_t)op;
	register uint64_t x16 __asm__("x16") = DM_HYPERCALL;

	op->version = DM_OP_VERSION;
	__asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x16)::"x1", "x2", "x3", "x4", "memory");
	return (int64_t)x0;
}

static void journal_read(void)
{
	static uint64_t cursor;
	static struct dm_op op;

	nr_records = 0;
	do {
		memset(&op, 0, sizeof(op));
		op.op = DM_OP_JOURNAL;
		op.u.list.cursor = cursor;
		op.u.list.buffer = (uintptr_t)&records[nr_records];
		op.u.list.max = MAX_RECORDS - nr_records;
		if (control(&op))
			tap_bail("DM_OP_JOURNAL fails");
		cursor = op.u.list.cursor;
		nr_records += op.u.list.count;
	} while (op.u.list.count && nr_records < MAX_RECORDS);
}

static void journal_print(void)
{
	static const char *const dirs[DM_NR_DIRS] = { "down", "up", "undo" };

	for (unsigned int i = 0; i < nr_records; i++) {
		const struct dm_journal_record *r = &records[i];

		if (r->kind == DM_JOURNAL_STEP)
			print("row %s %s %lu %lu\n", r->step, dirs[r->dir % DM_NR_DIRS], r->start, r->end);
		else if (r->kind == DM_JOURNAL_THAW)
			print("thaw %s %lu\n", r->owner, r->end);
	}
}

static void say_ready(void)
{
	static struct dm_op op;
	uint64_t said;

	memset(&op, 0, sizeof(op));
	op.op = DM_OP_DOM0_READY;
	said = count_phys();
	if (control(&op))
		tap_bail("DM_OP_DOM0_READY fails");
	print("ready %lu\n", said);
	rest(THAW_US);
}

/* Whoever counts instructions one by one has time for switching that on. */
static void be_watched(void)
{
	print("go\n");
	delay_us(SPIN_US);
}

/* --- the two roles ------------------------------------------------------------------------- */

static void bench(void)
{
	int64_t cycles = platform_number("cycles", 4), irqs = platform_number("irqs", 0);

	print("boot %lu\n", cpu_nr(0)->entry_count);
	prepare();
	need(plat.rtc && irqs <= MAX_SPIS && smp_start_all() && smp_stop_all());
	for (int64_t i = 0; i < irqs; i++)
		listen(FIRST_SPI + (uint32_t)i);
	rest(SETTLE_US);
	if (platform_number("slow", 0))
		be_watched();
	for (int64_t i = 0; i < cycles; i++) {
		uint64_t called = sleep(), entered = this_cpu()->entry_count;

		irq_enable(); /* the alarm */
		isb();
		irq_disable();
		print("cycle %lu %lu\n", called, entered);
		if (!plat.dormouse)
			continue;
		say_ready();
		journal_read();
		journal_print();
	}
	print("done\n");
	check(true);
}

/*
 * psci_suspend_call and resume_entry are what is looked for. It ends computing: an emulator whose CPUs all wait for ever is
 * hard to talk to.
 */
static void suspend_itself(int64_t times)
{
	be_watched();
	while (times--) {
		sleep();
		irq_enable(); /* the alarm */
		isb();
		irq_disable();
	}
	print("gone\n");
	for (;;)
		yield();
}

void peer_run(void); /* lib/start.c */

void peer_run(void)
{
	int64_t sleeps = platform_number("sleeps", 0);

	prepare();
	if (sleeps)
		suspend_itself(sleeps);
	for (;;)
		wfi();
}

GUEST_TESTS({ "suspend", bench }, );
