/* SPDX-License-Identifier: Apache-2.0 */
/* What an exit must leave alone: general, FP/SIMD and EL1 registers, flags. */
#include "gic.h"
#include "smp.h"
#include "sysreg_tests.h"
#include "timer.h"

typedef uint64_t survive_fn(uint64_t seed, uint64_t argument);
survive_fn survive_hvc, survive_smc, survive_wfi, survive_wfe, survive_yield, survive_spin,
        survive_load, survive_load8, survive_store, survive_timer, survive_undefined;

/* Natively the conduit decides which of the two goes somewhere. */
static bool has_hvc(void)
{
	return plat.dormouse || plat.psci_hvc;
}

static bool has_smc(void)
{
	return plat.dormouse || !plat.psci_hvc;
}

static const struct {
	const char *name;
	survive_fn *fn;
	bool (*possible)(void);
	unsigned int gicd_offset; /* of what it reads or writes */
} exits[] = {
	{ "HVC", survive_hvc, has_hvc, 0 },
	{ "SMC", survive_smc, has_smc, 0 },
	{ "WFI", survive_wfi, 0, 0 },
	{ "WFE", survive_wfe, 0, 0 },
	{ "YIELD", survive_yield, 0, 0 },
	{ "running", survive_spin, 0, 0 },
	{ "MMIO load", survive_load, 0, GICD_TYPER },
	{ "MMIO byte load", survive_load8, 0, GICD_IPRIORITYR + 200 },
	{ "MMIO store", survive_store, 0, GICD_ISENABLER + 16 },
	{ "CNTP_CTL_EL0", survive_timer, 0, 0 },
	{ "UNDEFINED", survive_undefined, 0, 0 },
};

/* static: bugprone-macro-parentheses: i names the variable that it declares */
#define FOR_EACH_EXIT(i)                                     \
	for (unsigned int i = 0; i < ARRAY_SIZE(exits); i++) \
		if (!exits[i].possible || exits[i].possible())

/* So that WFI ends: a timer that comes, with PSTATE.I set. */
static void alarm_us(uint64_t us)
{
	gic_enable(plat.timer_virt);
	sysreg_write(cntv_cval_el0, count_virt() + ticks_us(us));
	sysreg_write(cntv_ctl_el0, CTL_ENABLE);
	isb();
}

static void alarm_off(void)
{
	sysreg_write(cntv_ctl_el0, 0);
	isb();
	gic_disable(plat.timer_virt);
}

static uint64_t do_exit(unsigned int i, uint64_t seed)
{
	uint64_t changed;

	alarm_us(300);
	exc_arm();
	changed = exits[i].fn(seed, plat.gicd + exits[i].gicd_offset);
	exc_disarm();
	return changed;
}

void gpr_over_exits(void)
{
	irq_disable();
	FOR_EACH_EXIT(i)
	for (uint64_t k = 0; k < 20; k++) {
		uint64_t changed = do_exit(i, 0x0123456789abcdef * (k + 1));

		checkf(changed == 0, "%s changed registers 0x%lx", exits[i].name, changed);
	}
	alarm_off();
}

void flags_over_exits(void)
{
	irq_disable();
	for (uint64_t nzcv = 0; nzcv < 16; nzcv++) {
		uint64_t daif, flags;

		alarm_us(100);
		__asm__ volatile("msr nzcv, %2\n\t"
		                 "ldr %w0, [%3]\n\t" /* a trap */
		                 "wfi\n\t"
		                 "mrs %0, nzcv\n\t"
		                 "mrs %1, daif"
		                 : "=&r"(flags), "=&r"(daif)
		                 : "r"(nzcv << 28), "r"(plat.gicd + GICD_TYPER)
		                 : "cc", "memory");
		check_eq(flags, nzcv << 28);
		check_eq(daif, 0x3c0);
	}
	alarm_off();
}

void fp_over_exits(void)
{
	irq_disable();
	FOR_EACH_EXIT(i)
	for (uint64_t k = 0; k < 5; k++) {
		uint64_t seed = 0x0fedcba987654321 * (k + 1), changed;

		fp_fill(seed);
		do_exit(i, seed);
		changed = fp_differs(seed);
		checkf(changed == 0, "%s changed FP/SIMD 0x%lx", exits[i].name, changed);
	}
	fp_fill(0);
	alarm_off();
}

/* Timers and SGIs to oneself all the while. */
static void again(uint32_t intid)
{
	if (intid == plat.timer_virt)
		sysreg_write(cntv_cval_el0, count_virt() + ticks_us(200));
	isb();
}

static void fp_under_fire(uint64_t seed)
{
	struct cpu *c = this_cpu();

	irq_disable();
	gic_forget_here();
	c->irq_hook = again;
	alarm_us(100);
	irq_enable();
	for (uint64_t k = 1; k <= 200; k++) {
		uint64_t changed;

		fp_fill(seed + k);
		gic_send_sgi(3, c->id);
		if (k % 8 == 0)
			wfi();
		__asm__ volatile("yield");
		delay_us(20);
		changed = fp_differs(seed + k);
		if (!checkf(changed == 0, "FP/SIMD 0x%lx changed on CPU %u", changed, c->id))
			break;
	}
	irq_disable();
	alarm_off();
	c->irq_hook = 0;
	check(c->irq_count[3] > 0);
	check(c->irq_count[plat.timer_virt] > 0);
	fp_fill(0);
}

void fp_over_interrupts(void)
{
	fp_under_fire(0x1234);
}

static void fp_on_cpu(void *arg)
{
	(void)arg;
	fp_under_fire(0x1111111111111111 * (this_cpu()->id + 1));
	irq_enable();
}

void state_of_each_cpu(void)
{
	skip_if(plat.nr_cpus == 1, "one CPU");
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, fp_on_cpu, 0);
	fp_on_cpu(0);
	irq_disable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	need(smp_stop_all());
}

/* The guest's own; those that an interrupt writes only with interrupts masked. */
#define OWN_REGISTERS(X)                                                                          \
	X(tpidr_el0)                                                                              \
	X(tpidrro_el0) X(contextidr_el1) X(amair_el1) X(afsr0_el1) X(afsr1_el1) X(par_el1)        \
	        X(sp_el0) X(elr_el1) X(spsr_el1) X(esr_el1) X(far_el1) X(ttbr1_el1) X(csselr_el1) \
	                X(cntkctl_el1)

#define WRITE_ONE(reg)           \
	sysreg_write(reg, seed); \
	seed += 0x10101;
#define READ_ONE(reg) value[n++] = sysreg_read(reg);
#define COMPARE_ONE(reg)                      \
	check_eq(sysreg_read(reg), value[n]); \
	n++;

static void own_registers(void *arg)
{
	uint64_t seed = (this_cpu()->id + 1) * 0x0101010101010102;
	uint64_t value[32];

	(void)arg;
	irq_disable();
	for (unsigned int round = 0; round < 100; round++) {
		unsigned int n = 0;

		OWN_REGISTERS(WRITE_ONE)
		isb();
		/* What can be held is what counts. */
		OWN_REGISTERS(READ_ONE)
		alarm_us(500);
		wfi();
		read32(plat.gicd + GICD_TYPER);
		delay_us(50);
		n = 0;
		/* static: unreadVariable: the macro's last step counts once more */
		OWN_REGISTERS(COMPARE_ONE)
	}
	check_eq(value[0], seed - 15 * 0x10101); /* TPIDR_EL0 holds all of it */
	sysreg_write(cntkctl_el1, 0);
	alarm_off();
	irq_enable();
}

void el1_registers_of_each_cpu(void)
{
	need(smp_start_all());
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_run(n, own_registers, 0);
	own_registers(0);
	irq_disable();
	for (unsigned int n = 1; n < plat.nr_cpus; n++)
		smp_join(n);
	need(smp_stop_all());
}
