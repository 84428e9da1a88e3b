/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of a vCPU as a list: macros alone, which assembly and the test guests read, too. */
#ifndef DM_ARCH_GUEST_REGS_H
#define DM_ARCH_GUEST_REGS_H

/*
 * EL1 and EL0 registers that a vCPU owns and that stay in hardware while it is loaded:
 * the one list that drives declaration, save, restore, reset and tests.
 * X(field, register as the assembler knows it, value after PSCI CPU_ON or SYSTEM_SUSPEND).
 * The reset values: DEN0022 6.4.3 gives SCTLR_EL1 (MMU, caches off); the rest is UNKNOWN there,
 * we give 0 so that nothing leaks.
 */
#define GUEST_SCTLR_RESET 0x00c50078 /* RES1 bits of SCTLR_EL1 in Armv8.0 + SA0, nTWI/nTWE off, MMU and caches off */
#define GUEST_SYSREGS(X)                         \
	X(sctlr, sctlr_el1, GUEST_SCTLR_RESET)   \
	X(actlr, actlr_el1, 0)                   \
	X(cpacr, cpacr_el1, 0)                   \
	X(ttbr0, ttbr0_el1, 0)                   \
	X(ttbr1, ttbr1_el1, 0)                   \
	X(tcr, tcr_el1, 0)                       \
	X(mair, mair_el1, 0)                     \
	X(amair, amair_el1, 0)                   \
	X(vbar, vbar_el1, 0)                     \
	X(contextidr, contextidr_el1, 0)         \
	X(esr, esr_el1, 0)                       \
	X(far, far_el1, 0)                       \
	X(afsr0, afsr0_el1, 0)                   \
	X(afsr1, afsr1_el1, 0)                   \
	X(par, par_el1, 0)                       \
	X(elr, elr_el1, 0)                       \
	X(spsr, spsr_el1, 0)                     \
	X(sp_el0, sp_el0, 0)                     \
	X(sp_el1, sp_el1, 0)                     \
	X(tpidr_el0, tpidr_el0, 0)               \
	X(tpidrro_el0, tpidrro_el0, 0)           \
	X(tpidr_el1, tpidr_el1, 0)               \
	X(cntkctl, cntkctl_el1, 0)               \
	X(csselr, csselr_el1, 0)                 \
	X(mdscr, mdscr_el1, 0)

/*
 * Those that not every CPU has, and that can't be trapped where it has them:
 * X(field, encoding for EL2, encoding for the guest, which CPUs, value after a reset).
 * VDISR_EL2 is what the guest has for DISR_EL1 while HCR_EL2.AMO is set (FEAT_RAS; Arm ARM D17.2.36). TPIDR2_EL0 is
 * trapped where there is FEAT_FGT (HFGRTR_EL2.nTPIDR2_EL0 is 0).
 */
#define GUEST_FEATURE_SYSREGS(X)                                     \
	X(vdisr, S3_4_C12_C1_1, S3_0_C12_C1_1, GUEST_HAS_RAS, 0)     \
	X(tpidr2, S3_3_C13_C0_5, S3_3_C13_C0_5, GUEST_HAS_TPIDR2, 0)

#endif
