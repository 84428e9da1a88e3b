/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What EL3 grants the normal world, and the state in which EL2 and EL1 are entered. Every entry
 * (boot, CPU_ON, CPU_SUSPEND, SYSTEM_SUSPEND) goes through lower_reset(): a CPU that was "off"
 * here has only been parked, and must not show what it was before.
 */
#include "cpu.h"
#include "log.h"
#include "sysreg.h"

#define SCR_NS	 (1ULL << 0)
#define SCR_FIQ	 (1ULL << 2) /* group 0 comes to EL3 */
#define SCR_RES1 (3ULL << 4)
#define SCR_HCE	 (1ULL << 8)
#define SCR_SIF	 (1ULL << 9)
#define SCR_RW	 (1ULL << 10)
#define SCR_APK	 (1ULL << 16)
#define SCR_API	 (1ULL << 17)

#define CPTR_EZ	 (1ULL << 8)
#define CPTR_ESM (1ULL << 12)

#define MDCR_NSPB  (3ULL << 12) /* profiling and trace buffers owned by the normal world */
#define MDCR_SDD   (1ULL << 16)
#define MDCR_NSTB  (3ULL << 24)

/* Registers newer than the assembler's base architecture, by encoding. */
#define ID_AA64PFR2   s3_0_c0_c4_2
#define ID_AA64SMFR0  s3_0_c0_c4_5
#define ID_AA64ISAR2  s3_0_c0_c6_2
#define ID_AA64MMFR2  s3_0_c0_c7_2
#define ID_AA64MMFR3  s3_0_c0_c7_3
#define ID_AA64ZFR0   s3_0_c0_c4_4
#define ZCR_EL3	      s3_6_c1_c2_0
#define ZCR_EL2	      s3_4_c1_c2_0
#define SMCR_EL3      s3_6_c1_c2_6
#define SMCR_EL2      s3_4_c1_c2_6
#define HCRX_EL2      s3_4_c1_c2_2
#define HFGRTR_EL2    s3_4_c1_c1_4
#define HFGWTR_EL2    s3_4_c1_c1_5
#define HFGITR_EL2    s3_4_c1_c1_6
#define HDFGRTR_EL2   s3_4_c3_c1_4
#define HDFGWTR_EL2   s3_4_c3_c1_5
#define HAFGRTR_EL2   s3_4_c3_c1_6
#define CNTPOFF_EL2   s3_4_c14_c0_6
#define CNTHV_CTL_EL2 s3_4_c14_c3_1

enum id_reg { PFR0, PFR1, PFR2, ISAR1, ISAR2, MMFR0, MMFR1, MMFR2, MMFR3, DFR0, ID_REGS };

static void read_ids(uint64_t id[ID_REGS])
{
	id[PFR0] = read_sysreg(id_aa64pfr0_el1);
	id[PFR1] = read_sysreg(id_aa64pfr1_el1);
	id[PFR2] = read_sysreg(ID_AA64PFR2);
	id[ISAR1] = read_sysreg(id_aa64isar1_el1);
	id[ISAR2] = read_sysreg(ID_AA64ISAR2);
	id[MMFR0] = read_sysreg(id_aa64mmfr0_el1);
	id[MMFR1] = read_sysreg(id_aa64mmfr1_el1);
	id[MMFR2] = read_sysreg(ID_AA64MMFR2);
	id[MMFR3] = read_sysreg(ID_AA64MMFR3);
	id[DFR0] = read_sysreg(id_aa64dfr0_el1);
}

/*
 * Features whose use below EL3 needs a bit in SCR_EL3 (Arm ARM D19.2.118). What the ID register
 * advertises to the normal world must not trap: nobody at EL3 would emulate it.
 */
static const struct grant {
	enum id_reg reg;
	uint8_t shift, min;
	uint64_t scr;
} grants[] = {
	{ ISAR1, 4, 1, SCR_APK | SCR_API },   /* APA */
	{ ISAR1, 8, 1, SCR_APK | SCR_API },   /* API */
	{ ISAR1, 24, 1, SCR_APK | SCR_API },  /* GPA */
	{ ISAR1, 28, 1, SCR_APK | SCR_API },  /* GPI */
	{ ISAR2, 8, 1, SCR_APK | SCR_API },   /* GPA3 */
	{ ISAR2, 12, 1, SCR_APK | SCR_API },  /* APA3 */
	{ PFR0, 56, 2, 1ULL << 25 },	      /* CSV2: SCXTNUM (EnSCXT) */
	{ PFR1, 32, 1, 1ULL << 25 },	      /* CSV2_frac 1p2 */
	{ PFR1, 8, 2, 1ULL << 26 },	      /* MTE with tags: ATA */
	{ MMFR0, 56, 1, 1ULL << 27 },	      /* FGT */
	{ MMFR0, 56, 2, 1ULL << 59 },	      /* FGT2 */
	{ MMFR0, 60, 2, 1ULL << 28 },	      /* ECV with CNTPOFF */
	{ PFR0, 44, 2, 1ULL << 35 },	      /* AMUv1p1: AMVOFF */
	{ MMFR1, 40, 1, 1ULL << 38 },	      /* HCRX */
	{ PFR1, 24, 1, 1ULL << 41 },	      /* SME: TPIDR2 */
	{ MMFR3, 0, 1, 1ULL << 43 },	      /* TCR2 */
	{ MMFR3, 4, 1, 1ULL << 44 },	      /* SCTLR2 */
	{ MMFR3, 8, 1, 1ULL << 45 },	      /* S1PIE */
	{ MMFR3, 12, 1, 1ULL << 45 },	      /* S2PIE */
	{ MMFR3, 16, 1, 1ULL << 45 },	      /* S1POE */
	{ MMFR3, 24, 1, 1ULL << 46 },	      /* AIE */
	{ PFR1, 44, 1, 1ULL << 39 },	      /* GCS */
	{ PFR2, 32, 1, 1ULL << 50 },	      /* FPMR */
};

static void vector_lengths(const uint64_t id[ID_REGS])
{
	uint64_t cptr = 0;
	bool sve = id_field(id[PFR0], 32), sme = id_field(id[PFR1], 24);

	if (sve)
		cptr |= CPTR_EZ;
	if (sme)
		cptr |= CPTR_ESM;
	write_sysreg(cptr_el3, cptr);
	isb();
	if (sve)
		write_sysreg(ZCR_EL3, 0xf); /* the longest there is */
	if (sme) {
		uint64_t smfr = read_sysreg(ID_AA64SMFR0);
		uint64_t fa64 = smfr >> 63, zt0 = id_field(id[PFR1], 24) >= 2;

		write_sysreg(SMCR_EL3, 0xf | fa64 << 31 | zt0 << 30);
	}
}

void el3_init(void)
{
	uint64_t id[ID_REGS], scr = SCR_RES1 | SCR_NS | SCR_FIQ | SCR_HCE | SCR_SIF | SCR_RW;

	read_ids(id);
	if (!id_field(id[PFR0], 8))
		fatal("CPU %u has no EL2 (start QEMU with virtualization=on)", cpu_self());
	for (unsigned int i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		if (id_field(id[grants[i].reg], grants[i].shift) >= grants[i].min)
			scr |= grants[i].scr;
	}
	write_sysreg(scr_el3, scr);
	write_sysreg(mdcr_el3, MDCR_SDD | MDCR_NSPB | MDCR_NSTB);
	isb();
	vector_lengths(id);
	isb();
}

/*
 * The normal world's registers: value at a reset where the architecture or PSCI defines one (or
 * a plain 0), and the garbage that gic=poison leaves in those that are UNKNOWN then. SCTLR_EL1 is
 * UNKNOWN at an entry to EL2; SCTLR_EL2, HCR_EL2.{E2H,TGE}, timer enables and debug enables are
 * not poisoned: PSCI 6.4 defines the first, and no firmware leaves the others on.
 */
#define LOWER_REGS(X)                                            \
	X(sctlr_el1, 0x30d00800, 0x30d0198dULL)                  \
	X(actlr_el1, 0, 0)                                       \
	X(cpacr_el1, 0, 0)                                       \
	X(ttbr0_el1, 0, 0x0000baad0badb000ULL)                   \
	X(ttbr1_el1, 0, 0x0000baad0bade000ULL)                   \
	X(tcr_el1, 0, 0x00000030b5193519ULL)                     \
	X(mair_el1, 0, 0x0b0b0b0b0b0b0b0bULL)                    \
	X(amair_el1, 0, 0)                                       \
	X(vbar_el1, 0, 0xbadbadbadbad0800ULL)                    \
	X(contextidr_el1, 0, 0xbad)                              \
	X(tpidr_el1, 0, 0xbad1bad1bad1bad1ULL)                   \
	X(tpidr_el0, 0, 0xbad0bad0bad0bad0ULL)                   \
	X(tpidrro_el0, 0, 0xbad2bad2bad2bad2ULL)                 \
	X(sp_el0, 0, 0xbad3bad3bad3bad0ULL)                      \
	X(sp_el1, 0, 0xbad4bad4bad4bad0ULL)                      \
	X(elr_el1, 0, 0xbad5bad5bad5bad4ULL)                     \
	X(spsr_el1, 0, 0x3c5)                                    \
	X(esr_el1, 0, 0xbadbad)                                  \
	X(far_el1, 0, 0xbad6bad6bad6bad6ULL)                     \
	X(afsr0_el1, 0, 0xbad)                                   \
	X(afsr1_el1, 0, 0xbad)                                   \
	X(par_el1, 0, 0xbad001)                                  \
	X(csselr_el1, 0, 2)                                      \
	X(cntkctl_el1, 0, 0x303)                                 \
	X(cntv_ctl_el0, 0, 0)                                    \
	X(cntp_ctl_el0, 0, 0)                                    \
	X(cntv_cval_el0, 0, 0x00bad00000000000ULL)               \
	X(cntp_cval_el0, 0, 0x00bad00000000000ULL)               \
	X(mdscr_el1, 0, 0)                                       \
	X(hcr_el2, 0, 1ULL << 19 | 1ULL << 26 | 7ULL << 3)       \
	X(sctlr_el2, 0x30c50830, 0x30c50830)                     \
	X(actlr_el2, 0, 0)                                       \
	X(cptr_el2, 0x33ff & ~(1ULL << 10 | 1ULL << 8), 0x33ff)  \
	X(hstr_el2, 0, 0x8000)                                   \
	X(hacr_el2, 0, 0)                                        \
	X(ttbr0_el2, 0, 0x0000baad0badc000ULL)                   \
	X(tcr_el2, 0x80800000, 0x80843519ULL)                    \
	X(mair_el2, 0, 0x0b0b0b0b0b0b0b0bULL)                    \
	X(amair_el2, 0, 0)                                       \
	X(vttbr_el2, 0, 0x00baaaad0badd000ULL)                   \
	X(vtcr_el2, 0x80000000, 0x80033559ULL)                   \
	X(vbar_el2, 0, 0xbadbadbadbad1000ULL)                    \
	X(tpidr_el2, 0, 0xbad7bad7bad7bad7ULL)                   \
	X(sp_el2, 0, 0xbad8bad8bad8bad0ULL)                      \
	X(elr_el2, 0, 0xbad9bad9bad9bad4ULL)                     \
	X(spsr_el2, 0, 0x3c9)                                    \
	X(esr_el2, 0, 0xbadbad)                                  \
	X(far_el2, 0, 0xbadabadabadabadaULL)                     \
	X(hpfar_el2, 0, 0xbad0)                                  \
	X(vpidr_el2, read_sysreg(midr_el1), 0xbadbad)            \
	X(vmpidr_el2, read_sysreg(mpidr_el1), 0x80badbadULL)     \
	X(cntvoff_el2, 0, 0x0000bad000000000ULL)                 \
	X(cnthctl_el2, 3, 0)                                     \
	X(cnthp_ctl_el2, 0, 0)                                   \
	X(cnthp_cval_el2, 0, 0x00bad00000000000ULL)

#define LOWER_RESET(reg, reset, poison)	 write_sysreg(reg, reset);
#define LOWER_POISON(reg, reset, poison) write_sysreg(reg, poison);

static void reset_extensions(const uint64_t id[ID_REGS])
{
	if (id_field(id[PFR0], 32))
		write_sysreg(ZCR_EL2, 0);
	if (id_field(id[PFR1], 24))
		write_sysreg(SMCR_EL2, 0);
	if (id_field(id[MMFR1], 40))
		write_sysreg(HCRX_EL2, 0);
	if (id_field(id[MMFR1], 8)) /* VHE: the EL2 virtual timer */
		write_sysreg(CNTHV_CTL_EL2, 0);
	if (id_field(id[MMFR0], 60) >= 2)
		write_sysreg(CNTPOFF_EL2, 0);
	if (id_field(id[MMFR0], 56)) {
		write_sysreg(HFGRTR_EL2, 0);
		write_sysreg(HFGWTR_EL2, 0);
		write_sysreg(HFGITR_EL2, 0);
		write_sysreg(HDFGRTR_EL2, 0);
		write_sysreg(HDFGWTR_EL2, 0);
		if (id_field(id[PFR0], 44))
			write_sysreg(HAFGRTR_EL2, 0);
	}
}

static void reset_pmu(const uint64_t id[ID_REGS])
{
	unsigned int version = id_field(id[DFR0], 8);
	uint64_t counters = 0;

	if (version && version != 0xf) {
		uint64_t pmcr = read_sysreg(pmcr_el0);

		counters = pmcr >> 11 & 0x1f;
		write_sysreg(pmintenclr_el1, 0xffffffff);
		write_sysreg(pmcntenclr_el0, 0xffffffff);
		write_sysreg(pmovsclr_el0, 0xffffffff);
		write_sysreg(pmuserenr_el0, 0);
		write_sysreg(pmcr_el0, 0x40); /* LC, not enabled */
	}
	write_sysreg(mdcr_el2, counters); /* HPMN: EL1 has them all; no traps */
}

void lower_reset(void)
{
	uint64_t id[ID_REGS];

	read_ids(id);
	LOWER_REGS(LOWER_RESET)
	reset_extensions(id);
	reset_pmu(id);
	/* A real power-up comes with empty TLBs; SCR_EL3.NS selects the normal world's. */
	__asm__ volatile("dsb sy\n\ttlbi alle1\n\ttlbi alle2\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
}

/* Timer registers that outlive a CPU_SUSPEND: the device tree calls the timer always-on. */
#define TIMER_REGS(X)       \
	X(cntkctl_el1)      \
	X(cntv_cval_el0)    \
	X(cntv_ctl_el0)     \
	X(cntp_cval_el0)    \
	X(cntp_ctl_el0)     \
	X(cnthp_cval_el2)   \
	X(cnthp_ctl_el2)    \
	X(cnthctl_el2)      \
	X(cntvoff_el2)

#define TIMER_FIELD(reg) uint64_t reg;
#define TIMER_SAVE(reg)	 kept->reg = read_sysreg(reg);
#define TIMER_LOAD(reg)	 write_sysreg(reg, kept->reg);

static struct timers {
	TIMER_REGS(TIMER_FIELD)
} timers[MAX_CPUS];

void timers_save(void)
{
	struct timers *kept = &timers[cpu_self()];

	TIMER_REGS(TIMER_SAVE)
}

void timers_restore(void)
{
	const struct timers *kept = &timers[cpu_self()];

	TIMER_REGS(TIMER_LOAD)
}

void lower_poison(void)
{
	LOWER_REGS(LOWER_POISON)
	isb();
}
