/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers and instructions that a guest must not have, by encoding: whole ranges are tried
 * by code written at run time. What the architecture says of EL1 is also checked natively.
 */
#include "sysreg.h"

#include "code.h"
#include "gic.h"
#include "platform.h"
#include "psci.h"
#include "sysreg_tests.h"

#define NOT_NATIVE skip_if(!plat.dormouse, "natively the machine's own choice")

/* A range of encodings: everything from the first CRn, CRm, op2 to the last. */
struct range {
	const char *name;
	unsigned int op0, op1;
	unsigned int crn, crn_last, crm, crm_last, op2, op2_last;
};

#define ALL(op0, op1)          op0, op1, 0, 15, 0, 15, 0, 7
#define ONE(op0, op1, n, m, o) op0, op1, n, n, m, m, o, o

typedef bool verdict_fn(uint32_t enc, bool write);

static bool undefined(uint32_t enc, bool write)
{
	uint64_t v;

	return exc_is_undef(write ? sys_write(enc, 0) : sys_read(enc, &v));
}

static bool undefined_to_write(uint32_t enc, bool write)
{
	return !write || undefined(enc, true);
}

static bool readable(uint32_t enc, bool write)
{
	uint64_t v;

	return write || !sys_read(enc, &v).taken;
}

static bool zero(uint32_t enc, bool write)
{
	uint64_t v = 1;

	if (write)
		return !sys_write(enc, ~0ul).taken;
	return !sys_read(enc, &v).taken && v == 0;
}

static void sweep(const struct range *r, verdict_fn *verdict)
{
	for (unsigned int n = r->crn; n <= r->crn_last; n++)
		for (unsigned int m = r->crm; m <= r->crm_last; m++)
			for (unsigned int o = r->op2; o <= r->op2_last; o++)
				for (int write = 1; write >= 0; write--)
					checkf(verdict(SYS(r->op0, r->op1, n, m, o), write),
					       "%s: %s S%u_%u_C%u_C%u_%u: last esr 0x%lx", r->name,
					       write ? "write" : "read", r->op0, r->op1, n, m, o,
					       this_cpu()->esr);
}

static void sweep_all(const struct range *r, unsigned int count, verdict_fn *verdict)
{
	for (unsigned int i = 0; i < count; i++)
		sweep(&r[i], verdict);
}

/* Arm ARM D12: UNDEFINED at EL1, whoever is above. */
static void higher_levels(void)
{
	static const struct range ranges[] = {
		{ "EL2", ALL(3, 4) },
		{ "EL12", ALL(3, 5) },
		{ "EL3", ALL(3, 6) },
		{ "secure timer", 3, 7, 14, 14, 2, 2, 0, 7 },
		{ "EL2 instructions", 1, 4, 7, 8, 0, 15, 0, 7 },
		{ "EL3 instructions", 1, 6, 7, 8, 0, 15, 0, 7 },
	};

	sweep_all(ranges, ARRAY_SIZE(ranges), undefined);
}

static void frequency_read_only(void)
{
	skip_if(plat.qemu_psci, "EL1 is the highest level");
	check(undefined(SYS(3, 3, 14, 0, 0), true));
}

/* The identification space can be read, known or not, and not written. */
static void id_space(void)
{
	static const struct range ids = { "ID", 3, 0, 0, 0, 1, 7, 0, 7 };

	sweep(&ids, readable);
	sweep(&ids, undefined_to_write);
}

static uint64_t id(unsigned int crm, unsigned int op2)
{
	uint64_t v = 0;

	checkf(!sys_read(SYS(3, 0, 0, crm, op2), &v).taken, "ID c%u %u", crm, op2);
	return v;
}

/* Fields that must be 0: what a guest can't use isn't offered. */
static void id_hidden(void)
{
	static const struct {
		const char *name;
		unsigned int crm, op2, shift;
	} hidden[] = {
		{ "PFR0.EL2", 4, 0, 8 },        { "PFR0.RAS", 4, 0, 28 },
		{ "PFR0.SVE", 4, 0, 32 },       { "PFR0.MPAM", 4, 0, 40 },
		{ "PFR0.AMU", 4, 0, 44 },       { "PFR1.MTE", 4, 1, 8 },
		{ "PFR1.SME", 4, 1, 24 },       { "DFR0.TraceVer", 5, 0, 4 },
		{ "DFR0.PMUVer", 5, 0, 8 },     { "DFR0.PMSVer", 5, 0, 32 },
		{ "DFR0.TraceFilt", 5, 0, 40 }, { "DFR0.TraceBuffer", 5, 0, 44 },
		{ "DFR0.BRBE", 5, 0, 52 },      { "ISAR1.APA", 6, 1, 4 },
		{ "ISAR1.API", 6, 1, 8 },       { "ISAR1.GPA", 6, 1, 24 },
		{ "ISAR1.GPI", 6, 1, 28 },      { "ISAR2.GPA3", 6, 2, 8 },
		{ "ISAR2.APA3", 6, 2, 12 },     { "MMFR1.LO", 7, 1, 16 },
		{ "MMFR2.NV", 7, 2, 24 },       { "DFR0_EL1.PerfMon", 1, 2, 24 },
	};

	NOT_NATIVE;
	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++)
		checkf((id(hidden[i].crm, hidden[i].op2) >> hidden[i].shift & 0xf) == 0,
		       "%s is offered", hidden[i].name);
	check_eq(id(4, 4), 0); /* ZFR0 */
	check_eq(id(4, 5), 0); /* SMFR0 */
	check_eq(id(4, 0) >> 24 & 0xf, plat.gic_version == 3 ? 1 : 0);
	check((id(4, 0) >> 4 & 0xf) >= 1);  /* EL1 itself */
	check((id(4, 0) >> 16 & 0xf) <= 1); /* FP, perhaps with half precision: not hidden */
	check((id(4, 0) >> 20 & 0xf) <= 1); /* SIMD */
}

static void identity(void)
{
	check(sysreg_read(midr_el1) != 0);
	check_eq(sysreg_read(mpidr_el1) & 0xff00ffffff, this_cpu()->mpidr);
	check(sysreg_read(ctr_el0) & BIT(31));
	check(sysreg_read(clidr_el1) != 0);
	check(sysreg_read(mpidr_el1) & BIT(31));
}

/* CPACR_EL1.{SMEN,FPEN,ZEN}: so that it isn't the guest's own trap that is taken. */
static void guest_permits_all(void)
{
	sysreg_write(cpacr_el1, 3 << 24 | 3 << 20 | 3 << 16);
	isb();
}

/* What is not offered isn't there. */
static void hidden_registers(void)
{
	static const struct range ranges[] = {
		{ "PMU", 3, 3, 9, 9, 12, 14, 0, 7 },
		{ "PMU counters", 3, 3, 14, 14, 8, 15, 0, 7 },
		{ "PMU EL1", 3, 0, 9, 9, 14, 14, 0, 7 },
		{ "SPE", 3, 0, 9, 9, 9, 10, 0, 7 },
		{ "trace buffer", 3, 0, 9, 9, 11, 11, 0, 7 },
		{ "AMU", 3, 3, 13, 13, 2, 15, 0, 7 },
		{ "RAS", 3, 0, 5, 5, 3, 5, 0, 7 },
		{ "LORegions", 3, 0, 10, 10, 4, 4, 0, 7 },
		{ "trace", ALL(2, 1) },
		{ "trace filter", ONE(3, 0, 1, 2, 1) },
		{ "keys", 3, 0, 2, 2, 1, 3, 0, 3 },
		{ "ZCR", ONE(3, 0, 1, 2, 0) },
		/* Not SMPRI_EL1, a constant in QEMU: only FEAT_FGT could trap it. */
		{ "SMCR", ONE(3, 0, 1, 2, 6) },
		{ "RGSR, GCR", 3, 0, 1, 1, 0, 0, 5, 6 },
		{ "TFSR", 3, 0, 5, 5, 6, 6, 0, 1 },
		/* Not op1 1: QEMU 7.2 knows some of those and has no HCR_EL2.TIDCP. */
		{ "IMPLEMENTATION DEFINED", 3, 0, 15, 15, 0, 15, 0, 7 },
		{ "breakpoints that aren't there", 2, 0, 0, 0, 4, 15, 4, 7 },
	};

	uint64_t gmid = 0;

	NOT_NATIVE;
	guest_permits_all();
	sweep_all(ranges, ARRAY_SIZE(ranges), undefined);
	/* QEMU 7.2 has GMID_EL1 trap to EL1, with a class of its own. */
	check(sys_read(SYS(3, 1, 0, 0, 4), &gmid).taken);
}

static void hidden_instructions(void)
{
	uint64_t sctlr = sysreg_read(sctlr_el1);

	NOT_NATIVE;
	guest_permits_all();
	sysreg_write(sctlr_el1, sctlr | BIT(31)); /* EnIA: else PACIA is a NOP */
	isb();
	check(exc_is_undef(TRY(".inst 0x9ac23020" ::: "x0"))); /* PACGA x0, x1, x2 */
	check(exc_is_undef(TRY(".inst 0xdac10001" ::: "x1"))); /* PACIA x1, x0 */
	check(exc_is_undef(TRY(".inst 0x04bf5020" ::: "x0"))); /* RDVL x0, #1 */
	check(exc_is_undef(TRY(".inst 0x04bf5820" ::: "x0"))); /* RDSVL x0, #1 */
	check(exc_is_undef(TRY(".inst 0xd503477f")));          /* SMSTART */
	sysreg_write(sctlr_el1, sctlr);
	isb();
}

/* Breakpoints: nothing can be set, so none of it fires behind the guest's back or another's. */
static void debug_registers(void)
{
	static const struct range ranges[] = {
		{ "breakpoints", 2, 0, 0, 0, 0, 1, 4, 7 },
	};
	uint64_t mdscr = sysreg_read(mdscr_el1);

	NOT_NATIVE;
	sweep_all(ranges, ARRAY_SIZE(ranges), zero);
	check(!sys_write(SYS(2, 0, 1, 0, 4), 0).taken); /* OSLAR: unlock */
	check_eq(sysreg_read(oslsr_el1) & 2, 0);        /* not locked */
	check(!sys_write(SYS(2, 0, 1, 3, 4), 0).taken); /* OSDLR */
	sysreg_write(mdscr_el1, mdscr | BIT(15));       /* MDE */
	isb();
	check(readable(SYS(2, 0, 0, 2, 2), false));
	sysreg_write(mdscr_el1, mdscr);
	/* The debug channel can be asked, and says nothing. */
	check(zero(SYS(2, 3, 0, 1, 0), false));
}

static void actlr(void)
{
	uint64_t v = sysreg_read(actlr_el1);

	NOT_NATIVE;
	sysreg_write(actlr_el1, ~v);
	isb();
	check_eq(sysreg_read(actlr_el1), v);
}

static void gic_registers(void)
{
	uint64_t v;

	if (plat.gic_version == 2) {
		/* ID_AA64PFR0_EL1.GIC is 0: none of them. */
		check(exc_is_undef(sys_read(SYS(3, 0, 4, 6, 0), &v)));   /* ICC_PMR_EL1 */
		check(exc_is_undef(sys_read(SYS(3, 0, 12, 12, 0), &v))); /* ICC_IAR1_EL1 */
		check(exc_is_undef(sys_write(SYS(3, 0, 12, 11, 5), 0))); /* ICC_SGI1R_EL1 */
		check(exc_is_undef(sys_read(SYS(3, 0, 12, 12, 5), &v))); /* ICC_SRE_EL1 */
		return;
	}
	check(!sys_read(SYS(3, 0, 12, 12, 5), &v).taken);
	check_eq(v & 1, 1);
	/* Where there is no other interface, SRE can't be switched off. */
	if (!plat.dormouse)
		return;
	check(!sys_write(SYS(3, 0, 12, 12, 5), 0).taken);
	check(!sys_read(SYS(3, 0, 12, 12, 5), &v).taken);
	check_eq(v & 1, 1);
}

/* Instructions that a kernel uses, and that must neither trap nor harm. */
static void maintenance(void)
{
	static uint64_t word = 0x1122334455667788;

	check(!TRY("dc isw, xzr").taken);
	check(!TRY("dc csw, xzr").taken);
	check(!TRY("dc cisw, xzr").taken);
	check(!TRY("dc civac, %0" ::"r"(&word)).taken);
	check(!TRY("dc ivac, %0" ::"r"(&word)).taken);
	check(!TRY("ic ialluis").taken);
	check(!TRY("tlbi vmalle1is").taken);
	check(!TRY("tlbi vae1is, xzr").taken);
	check(!TRY("at s1e1r, %0\n\tisb" ::"r"(&word)).taken);
	check_eq(sysreg_read(par_el1) & 0xfffffff001, (uintptr_t)&word & 0xfffffff000);
	check_eq(word, 0x1122334455667788);
}

static void hvc_immediates(void)
{
	static const uint16_t immediates[] = { 1, 2, 0xea0, 0xea2, 0x1ea1, 0x8000, 0xffff };

	NOT_NATIVE;
	for (unsigned int i = 0; i < ARRAY_SIZE(immediates); i++) {
		struct exc h = code_try(0xd4000002 | (uint32_t)immediates[i] << 5);
		struct exc s = code_try(0xd4000003 | (uint32_t)immediates[i] << 5);

		checkf(exc_is_undef(h), "HVC #0x%x", immediates[i]);
		check_eq(h.elr, code_address()); /* the instruction itself, not the next */
		checkf(exc_is_undef(s), "SMC #0x%x", immediates[i]);
		check_eq(s.elr, code_address());
	}
}

static int64_t hypercall(uint64_t number)
{
	register uint64_t x0 __asm__("x0") = 0;
	register uint64_t x1 __asm__("x1") = 0;
	register uint64_t x16 __asm__("x16") = number;

	__asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x16)::"x2", "x3", "x4", "memory");
	return (int64_t)x0;
}

#define ENOSYS 38

static void unknown_hypercalls(void)
{
	static const uint64_t numbers[] = { 63,         64,         255,  0x3fff,
		                            0x7fffffff, 0x80000000, ~0ul, 1ul << 32 };

	NOT_NATIVE;
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		checkf(hypercall(numbers[i]) == -ENOSYS, "hypercall %lu: %ld", numbers[i],
		       hypercall(numbers[i]));
}

GUEST_TESTS(
        { "registers and instructions of EL2 and EL3", higher_levels },
        { "CNTFRQ_EL0 is read-only", frequency_read_only }, { "identification space", id_space },
        { "features hidden", id_hidden }, { "identity", identity },
        { "registers hidden", hidden_registers }, { "instructions hidden", hidden_instructions },
        { "debug registers", debug_registers }, { "ACTLR_EL1", actlr },
        { "GIC registers", gic_registers }, { "cache and TLB maintenance", maintenance },
        { "HVC and SMC immediates", hvc_immediates }, { "unknown hypercalls", unknown_hypercalls },
        { "general registers over exits", gpr_over_exits },
        { "flags over exits", flags_over_exits }, { "FP/SIMD over exits", fp_over_exits },
        { "FP/SIMD over interrupts", fp_over_interrupts },
        { "each CPU's FP/SIMD", state_of_each_cpu },
        { "each CPU's EL1 registers", el1_registers_of_each_cpu }, { "a hole, read", hole_read },
        { "a hole, written", hole_write }, { "a hole, fetched", hole_fetch },
        { "a hole, all sizes", hole_sizes }, { "the hypervisor's memory", hypervisor_memory },
        { "MMIO by each register", mmio_registers }, { "MMIO sizes", mmio_sizes },
        { "MMIO sign extension", mmio_sign }, { "MMIO and the zero register", mmio_zero_register },
        { "MMIO that has no syndrome", mmio_no_syndrome }, );
