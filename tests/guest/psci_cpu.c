/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI's calls on CPUs: on, off, suspend, who is where. */
#include "gic.h"
#include "psci.h"
#include "psci_tests.h"
#include "smp.h"
#include "timer.h"

#define NOWHERE   0x00ffffff
#define STANDBY   0
#define POWERDOWN PSCI_POWER_STATE_POWERDOWN
#define UART      0x09000000

/* Not executable memory of the caller, or not an instruction's address. */
static uint64_t bad_entry(unsigned int n)
{
	uint64_t entry = (uintptr_t)secondary_entry;
	const uint64_t bad[] = { entry + 1,
		                 entry + 2,
		                 UART,
		                 0x1000000,
		                 1ul << 46,
		                 ~3ul,
		                 plat.ram_base + plat.ram_size + (1ul << 36) };

	return n < ARRAY_SIZE(bad) ? bad[n] : 0;
}

static uint64_t entry_el(void)
{
	/* PSCI enters at the highest non-secure level: EL2 natively, unless QEMU has none. */
	return plat.dormouse || plat.qemu_psci ? 1 << 2 : 2 << 2;
}

/* DEN0022 6.4: MMU and caches off, masked, little-endian, the stack pointer of the level. */
static void check_entry(const struct cpu *c, uint64_t context)
{
	check_eq(c->entry_x0, context);
	check_eq(c->entry_el, entry_el());
	check_eq(c->entry_daif, 0x3c0);
	check_eq(c->entry_spsel, 1);
	check_eq(c->entry_sctlr & (1 << 25 | 1 << 19 | 1 << 12 | 1 << 2 | 1), 0);
}

void affinity_info(void)
{
	uint64_t me = this_cpu()->mpidr;

	check_eq(psci(PSCI_AFFINITY_INFO64, me, 0, 0), PSCI_AFFINITY_ON);
	check_eq(psci(PSCI_AFFINITY_INFO, me, 0, 0), PSCI_AFFINITY_ON);
	check_eq(psci(PSCI_AFFINITY_INFO64, NOWHERE, 0, 0), PSCI_INVALID_PARAMETERS);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		check_eq(psci(PSCI_AFFINITY_INFO64, cpu_nr(n)->mpidr, 0, 0), PSCI_AFFINITY_OFF);
	skip_if(plat.qemu_psci, "QEMU's PSCI looks at less");
	check_eq(psci(PSCI_AFFINITY_INFO64, me, 4, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_AFFINITY_INFO64, me | BIT(31), 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_AFFINITY_INFO64, me | BIT(24), 0, 0), PSCI_INVALID_PARAMETERS);
	/* From 1.0 on higher levels need not be known (DEN0022 5.1.5). */
	for (uint64_t level = 1; level < 4; level++) {
		int64_t r = psci(PSCI_AFFINITY_INFO64, me, level, 0);

		check(r == PSCI_AFFINITY_ON || r == PSCI_INVALID_PARAMETERS);
	}
}

void node_hw_state(void)
{
	skip_if(!psci_has(PSCI_NODE_HW_STATE64), "no NODE_HW_STATE");
	check_eq(psci(PSCI_NODE_HW_STATE64, this_cpu()->mpidr, 0, 0), PSCI_HW_ON);
	check_eq(psci(PSCI_NODE_HW_STATE, this_cpu()->mpidr, 0, 0), PSCI_HW_ON);
	check_eq(psci(PSCI_NODE_HW_STATE64, NOWHERE, 0, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_NODE_HW_STATE64, this_cpu()->mpidr, 9, 0), PSCI_INVALID_PARAMETERS);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		check_eq(psci(PSCI_NODE_HW_STATE64, cpu_nr(n)->mpidr, 0, 0), PSCI_HW_OFF);
}

void cpu_on_errors(void)
{
	uint64_t entry = (uintptr_t)secondary_entry, me = this_cpu()->mpidr;

	check_eq(psci(PSCI_CPU_ON64, me, entry, 0), PSCI_ALREADY_ON);
	check_eq(psci(PSCI_CPU_ON64, NOWHERE, entry, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_CPU_ON, NOWHERE, entry, 0), PSCI_INVALID_PARAMETERS);
	skip_if(plat.qemu_psci, "QEMU's PSCI looks at less");
	check_eq(psci(PSCI_CPU_ON64, me | BIT(31), entry, 0), PSCI_INVALID_PARAMETERS);
	check_eq(psci(PSCI_CPU_ON64, me | BIT(24), entry, 0), PSCI_INVALID_PARAMETERS);
	if (plat.nr_cpus < 2)
		return;
	check_eq(psci(PSCI_CPU_ON64, cpu_nr(1)->mpidr | BIT(40), entry, 0),
	         PSCI_INVALID_PARAMETERS);
	for (unsigned int i = 0; bad_entry(i); i++)
		checkf(psci(PSCI_CPU_ON64, cpu_nr(1)->mpidr, bad_entry(i), 0) ==
		               PSCI_INVALID_ADDRESS,
		       "entry 0x%lx", bad_entry(i));
	check_eq(psci(PSCI_CPU_ON, cpu_nr(1)->mpidr, entry + 1, 0), PSCI_INVALID_ADDRESS);
	check_eq(psci(PSCI_AFFINITY_INFO64, cpu_nr(1)->mpidr, 0, 0), PSCI_AFFINITY_OFF);
}

void cpu_on_state(void)
{
	static const uint64_t contexts[] = { 0xfedcba9876543210, 0, ~0ul };

	skip_if(plat.nr_cpus == 1, "one CPU");
	for (unsigned int n = 1; n < plat.nr_cpus; n++) {
		struct cpu *c = cpu_nr(n);

		for (unsigned int i = 0; i < ARRAY_SIZE(contexts); i++) {
			check_eq(psci(PSCI_CPU_ON64, c->mpidr, (uintptr_t)secondary_entry,
			              contexts[i]),
			         PSCI_SUCCESS);
			need(wait_for(c->online, 10000));
			check_entry(c, contexts[i]);
			need(smp_stop(n));
		}
	}
}

void cpu_on_32(void)
{
	uint64_t dirt = plat.qemu_psci ? 0 : 0xbadbadba00000000;
	struct cpu *c = cpu_nr(1);

	skip_if(plat.nr_cpus == 1, "one CPU");
	check_eq(psci(PSCI_CPU_ON, dirt | c->mpidr, dirt | (uintptr_t)secondary_entry,
	              dirt | 0x89abcdef),
	         PSCI_SUCCESS);
	need(wait_for(c->online, 10000));
	check_entry(c, 0x89abcdef);
	need(smp_stop(1));
}

/* Right after a CPU_ON. */
static void pending_or_on(const struct cpu *c)
{
	int64_t again = psci(PSCI_CPU_ON64, c->mpidr, (uintptr_t)secondary_entry, 0);
	int64_t info = psci(PSCI_AFFINITY_INFO64, c->mpidr, 0, 0);

	checkf(again == PSCI_ON_PENDING || again == PSCI_ALREADY_ON, "CPU_ON again: %ld", again);
	checkf(info == PSCI_AFFINITY_ON_PENDING || info == PSCI_AFFINITY_ON,
	       "AFFINITY_INFO after CPU_ON: %ld", info);
	/* Once on, no longer pending. */
	check(again != PSCI_ALREADY_ON || info == PSCI_AFFINITY_ON);
}

void cpu_on_off_cycles(void)
{
	skip_if(plat.nr_cpus == 1, "one CPU");
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int n = 1 + i % (plat.nr_cpus - 1);
		struct cpu *c = cpu_nr(n);

		check_eq(psci(PSCI_CPU_ON64, c->mpidr, (uintptr_t)secondary_entry, i),
		         PSCI_SUCCESS);
		if (!plat.qemu_psci) /* which forgets it for a while */
			pending_or_on(c);
		need(wait_for(c->online, 10000));
		for (unsigned int k = 0; k < 10; k++)
			check_eq(psci(PSCI_CPU_ON64, c->mpidr, (uintptr_t)secondary_entry, i),
			         PSCI_ALREADY_ON);
		check_eq(psci(PSCI_AFFINITY_INFO64, c->mpidr, 0, 0), PSCI_AFFINITY_ON);
		check_eq(c->entry_x0, i);
		need(smp_stop(n));
	}
	/* All at once, and one starts the next. */
	need(smp_start_all());
	need(smp_stop_all());
}

/* On CPU 1: waits until CPU 0 is off, then brings it back where it left. */
static void revive_boot_cpu(void *arg)
{
	uint64_t mpidr = cpu_nr(0)->mpidr;

	(void)arg;
	if (check(wait_for(psci(PSCI_AFFINITY_INFO64, mpidr, 0, 0) == PSCI_AFFINITY_OFF, 10000)))
		check_eq(psci(PSCI_CPU_ON64, mpidr, (uintptr_t)resume_entry, 0x1234567887654321),
		         PSCI_SUCCESS);
}

void boot_cpu_off(void)
{
	const uint64_t off[4] = { PSCI_CPU_OFF };
	int64_t result;

	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start(1));
	smp_run(1, revive_boot_cpu, 0);
	check_eq(psci_suspend_call(off, plat.psci_hvc, &result), 1);
	check_entry(this_cpu(), 0x1234567887654321);
	gic_init_cpu();
	smp_join(1);
	check_eq(psci(PSCI_AFFINITY_INFO64, this_cpu()->mpidr, 0, 0), PSCI_AFFINITY_ON);
	need(smp_stop(1));
}

void cpu_suspend_errors(void)
{
	static const uint32_t bad[] = { 0xffffffff, 0x80000000, 0x04000000, 0x00020000 };

	check_eq(psci(PSCI_FEATURES, PSCI_CPU_SUSPEND64, 0, 0) & PSCI_FEATURE_EXTENDED_STATE, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		checkf(psci(PSCI_CPU_SUSPEND64, bad[i], (uintptr_t)resume_entry, 0) ==
		               PSCI_INVALID_PARAMETERS,
		       "power_state 0x%x", bad[i]);
		checkf(psci(PSCI_CPU_SUSPEND, bad[i], (uintptr_t)resume_entry, 0) ==
		               PSCI_INVALID_PARAMETERS,
		       "power_state 0x%x, 32 bits", bad[i]);
	}
	if (plat.qemu_psci)
		return;
	for (unsigned int i = 0; bad_entry(i); i++)
		checkf(psci(PSCI_CPU_SUSPEND64, POWERDOWN, bad_entry(i), 0) == PSCI_INVALID_ADDRESS,
		       "entry 0x%lx", bad_entry(i));
}

static void arm_timer(uint64_t us)
{
	gic_enable(plat.timer_virt);
	sysreg_write(cntv_cval_el0, count_virt() + ticks_us(us));
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	isb();
}

static void quiet(uint32_t intid)
{
	(void)intid;
	sysreg_write(cntv_ctl_el0, 0);
	isb();
}

static bool timer_due(void)
{
	isb();
	return sysreg_read(cntv_ctl_el0) & CTL_ISTATUS;
}

/* The interrupt that woke us is still there, and taken once. */
static void take_timer(void)
{
	struct cpu *c = this_cpu();

	gic_forget_here();
	c->irq_hook = quiet;
	irq_enable();
	check(wait_for(c->irq_count[plat.timer_virt] == 1, 2000));
	delay_us(2000);
	irq_disable();
	check_eq(c->irq_count[plat.timer_virt], 1);
	c->irq_hook = 0;
	gic_disable(plat.timer_virt);
}

/* How often it came back. */
static unsigned int standby_for(uint32_t function, uint64_t us)
{
	uint64_t end = count_virt() + ticks_us(us);
	unsigned int calls = 0;

	irq_disable();
	arm_timer(us);
	/* It may return early (DEN0022 5.4.3.1), but not spin. */
	while (!timer_due() && calls++ < 1000)
		check_eq(psci(function, STANDBY, 0, 0), PSCI_SUCCESS);
	check(count_virt() >= end);
	checkf(calls < 100, "returned %u times in %lu us", calls, us);
	/* Pending now: it doesn't wait. */
	check_eq(psci(function, STANDBY, 0, 0), PSCI_SUCCESS);
	take_timer();
	return calls;
}

/* On a busy host the time may be over before the call. */
static void standby(uint32_t function)
{
	check(standby_for(function, 20000) || standby_for(function, 500000));
}

void cpu_suspend_standby(void)
{
	standby(PSCI_CPU_SUSPEND64);
	standby(PSCI_CPU_SUSPEND);
}

/* What a power-down may have taken from a CPU's interface; its interrupts' settings stay. */
static unsigned int power_down_for(uint64_t us)
{
	const uint64_t args[4] = { PSCI_CPU_SUSPEND64, POWERDOWN, (uintptr_t)resume_entry,
		                   0xc0ffee0012345678 };
	uint64_t end = count_virt() + ticks_us(us);
	struct cpu *c = this_cpu();
	unsigned int calls = 0;
	int64_t result;

	irq_disable();
	arm_timer(us);
	while (!timer_due() && calls++ < 1000) {
		c->entry_x0 = 0;
		if (psci_suspend_call(args, plat.psci_hvc, &result))
			check_entry(c, 0xc0ffee0012345678);
		else if (!check_eq(result, PSCI_SUCCESS))
			break;
	}
	check(count_virt() >= end);
	checkf(calls < 100, "returned %u times in %lu us", calls, us);
	gic_init_cpu();
	gic_enable(plat.timer_virt);
	take_timer();
	return calls;
}

static void power_down(uint64_t us)
{
	check(power_down_for(us) || us == 0 || power_down_for(500000));
}

/* It comes back at once, and is as good as another one. */
static void power_down_while_pending(void)
{
	const uint64_t args[4] = { PSCI_CPU_SUSPEND64, POWERDOWN, (uintptr_t)resume_entry, 0x1234 };
	int64_t result;

	irq_disable();
	arm_timer(0);
	check(wait_for(timer_due(), 1000));
	if (psci_suspend_call(args, plat.psci_hvc, &result))
		check_entry(this_cpu(), 0x1234);
	else
		check_eq(result, PSCI_SUCCESS);
	check(psci(PSCI_VERSION, 0, 0, 0) > 0);
	gic_init_cpu();
	gic_enable(plat.timer_virt);
	take_timer();
}

void cpu_suspend_power_down(void)
{
	power_down_while_pending();
	power_down(20000);
	power_down(1000);
	power_down(0);
}

static void suspend_here(void *arg)
{
	(void)arg;
	standby(PSCI_CPU_SUSPEND64);
	power_down(10000);
	power_down(5000);
	irq_enable();
}

void cpu_suspend_on_others(void)
{
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, suspend_here, 0);
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	need(smp_stop_all());
}

void stat(void)
{
	uint64_t me = this_cpu()->mpidr, count, residency;

	skip_if(!psci_has(PSCI_STAT_COUNT64) || !psci_has(PSCI_STAT_RESIDENCY64), "no STAT_COUNT");
	count = psci(PSCI_STAT_COUNT64, me, STANDBY, 0);
	residency = psci(PSCI_STAT_RESIDENCY64, me, STANDBY, 0);
	irq_disable();
	arm_timer(10000);
	check_eq(psci(PSCI_CPU_SUSPEND64, STANDBY, 0, 0), PSCI_SUCCESS);
	sysreg_write(cntv_ctl_el0, 0);
	gic_disable(plat.timer_virt);
	check(psci(PSCI_STAT_COUNT64, me, STANDBY, 0) > (int64_t)count);
	/* Microseconds; the timer's 10 ms less what it took to get there. */
	residency = psci(PSCI_STAT_RESIDENCY64, me, STANDBY, 0) - residency;
	checkf(residency >= 5000, "%lu us of 10000", residency);
	/* Nobody and nothing: 0, DEN0022 5.1.14. */
	check_eq(psci(PSCI_STAT_COUNT64, NOWHERE, STANDBY, 0), 0);
	check_eq(psci(PSCI_STAT_RESIDENCY64, NOWHERE, STANDBY, 0), 0);
}

static void suspend_denied(void *arg)
{
	(void)arg;
	check_eq(psci(PSCI_SYSTEM_SUSPEND64, (uintptr_t)resume_entry, 0, 0), PSCI_DENIED);
	check_eq(psci(PSCI_SYSTEM_SUSPEND, (uintptr_t)resume_entry, 0, 0), PSCI_DENIED);
}

void system_suspend_errors(void)
{
	skip_if(plat.qemu_psci, "QEMU's PSCI has no SYSTEM_SUSPEND");
	check_eq(psci(PSCI_FEATURES, PSCI_SYSTEM_SUSPEND64, 0, 0), 0);
	for (unsigned int i = 0; bad_entry(i); i++)
		checkf(psci(PSCI_SYSTEM_SUSPEND64, bad_entry(i), 0, 0) == PSCI_INVALID_ADDRESS,
		       "entry 0x%lx", bad_entry(i));
	if (plat.nr_cpus == 1)
		return;
	need(smp_start_all());
	suspend_denied(0);
	smp_run(1, suspend_denied, 0);
	smp_join(1);
	need(smp_stop_all());
}
