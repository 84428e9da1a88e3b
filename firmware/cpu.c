/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU table, parking and starting. A CPU that is off waits in WFI at EL3 with only the
 * firmware's own interrupt (SGI 15, group 0) enabled at its interface, so that nothing of the
 * normal world can wake it.
 */
#include "boot.h"
#include "cpu.h"
#include "gic.h"
#include "lib/string.h"
#include "log.h"
#include "power.h"
#include "smc.h"
#include "sysreg.h"
#include "watchdog.h"

#define SPSR_EL2H_DAIF 0x3c9
#define POISON_GPR     0xdeadc0dedeadc0deULL
#define ARRIVAL_US     5000000

struct cpu cpus[MAX_CPUS];
unsigned int cpu_count;
struct lock power_lock;

unsigned int cpu_self(void)
{
	return (unsigned int)read_sysreg(tpidr_el3);
}

struct cpu *cpu_find(uint64_t mpidr)
{
	unsigned int n;

	if ((mpidr & 0xff) >= CPUS_PER_CLUSTER)
		return NULL;
	n = cpu_number(mpidr & 0xffff);
	if (n >= cpu_count || !cpus[n].present || cpus[n].mpidr != mpidr)
		return NULL;
	return &cpus[n];
}

void cpus_expect(void)
{
	for (unsigned int i = 0; i < cpu_count; i++)
		cpus[i].arrived = false;
	/* A reset from outside may have stopped a holder. */
	power_lock.held = 0;
}

void cpus_wait_arrived(void)
{
	uint64_t start = ticks();

	for (unsigned int i = 1; i < cpu_count; i++) {
		/* Pairs with the release in secondary_main(). */
		while (cpus[i].present && !__atomic_load_n(&cpus[i].arrived, __ATOMIC_ACQUIRE)) {
			if (ticks_to_us(ticks() - start) > ARRIVAL_US)
				fatal("CPU %u did not come out of reset", i);
			__asm__ volatile("wfe");
		}
	}
}

void primary_main(bool warm)
{
	log_init();
	el3_init();
	if (warm)
		power_wake();
	boot();
}

void secondary_main(unsigned int self)
{
	el3_init();
	if (self >= cpu_count || !cpus[self].present)
		fatal("CPU %u is not in the device tree", self);
	gic->cpu_init(self);
	__atomic_store_n(&cpus[self].arrived, true, __ATOMIC_RELEASE);
	__asm__ volatile("sev");
	cpu_park();
}

void cpu_start_locked(struct cpu *c, uint64_t entry, uint64_t context, bool resuming)
{
	c->entry = entry;
	c->context = context;
	c->resuming = resuming;
	c->state = CPU_STATE_ON_PENDING;
	/* The target takes power_lock before it looks; the barrier orders the SGI after the store. */
	dsb_sy();
	gic->kick((unsigned int)(c - cpus));
}

static void park_loop(void)
{
	struct cpu *me = &cpus[cpu_self()];

	gic->interface_reset();
	for (;;) {
		uint64_t entry, context;
		bool start, resuming;

		lock_take(&power_lock);
		start = me->state == CPU_STATE_ON_PENDING;
		entry = me->entry;
		context = me->context;
		resuming = me->resuming;
		lock_drop(&power_lock);
		if (start) {
			if (resuming)
				gic->resume_cpu(cpu_self());
			cpu_enter(entry, context);
		}
		wfi();
		el3_fiq(NULL);
	}
}

void cpu_hang(void)
{
	for (;;)
		__asm__ volatile("msr daifclr, #1\n\tdsb sy\n\twfi" : : : "memory");
}

void cpu_park(void)
{
	cpu_restart_stack(park_loop);
}

void cpu_enter(uint64_t entry, uint64_t context)
{
	struct cpu *me = &cpus[cpu_self()];
	/* Not at boot: the first entry has a protocol of its own (x1 to x3 are 0). */
	static bool booted;
	bool poison = booted && power_gic_mode() == GIC_POISON;
	bool whole = !booted || me->resuming; /* the machine, not a CPU more of it */

	booted = true;
	if (!me->resuming)
		gic->interface_reset();
	if (me->idling)
		timers_save();
	lower_reset();
	if (poison)
		lower_poison();
	if (me->idling)
		timers_restore();
	if (me->resuming)
		watchdog_continue();
	fp_fill(poison ? POISON_GPR : 0);
	lock_take(&power_lock);
	me->resuming = me->idling = false;
	me->state = CPU_STATE_ON;
	lock_drop(&power_lock);
	if (whole)
		power_entering();
	enter_lower(entry, context, SPSR_EL2H_DAIF, poison ? POISON_GPR : 0);
}
