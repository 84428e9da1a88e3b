/* SPDX-License-Identifier: Apache-2.0 */
/* What traps to EL2: the values of the control registers (Arm ARM D17.2, D17.3, D17.11). */
#include "virt/trap.h"

#include "arch/sysreg.h"

/* HCR_EL2 */
#define HCR_VM     BIT(0) /* stage 2 on */
#define HCR_SWIO   BIT(1) /* invalidation by set/way also cleans: it must not undo others' stores */
#define HCR_PTW    BIT(2) /* no table walks through device memory */
#define HCR_FMO    BIT(3)
#define HCR_IMO    BIT(4)
#define HCR_AMO    BIT(5)
#define HCR_FB     BIT(9)  /* TLB and instruction cache maintenance reaches all CPUs: vCPUs move */
#define HCR_BSU_IS BIT(10) /* and so do barriers */
#define HCR_TWI    BIT(13)
#define HCR_TWE    BIT(14)
#define HCR_TID3   BIT(18) /* feature ID registers */
#define HCR_TSC    BIT(19) /* SMC */
#define HCR_TIDCP  BIT(20) /* IMPLEMENTATION DEFINED registers */
#define HCR_TACR   BIT(21) /* ACTLR_EL1 */
#define HCR_RW     BIT(31) /* EL1 is AArch64 */
#define HCR_TLOR   BIT(35) /* FEAT_LOR's registers */
#define HCR_TERR   BIT(36) /* FEAT_RAS's error records */
#define HCR_TID5   BIT(58) /* FEAT_MTE2's GMID_EL1 */

/* CPTR_EL2 with HCR_EL2.E2H = 0: RES1, which are SVE's TZ and SME's TSM where there are those. */
#define CPTR_RES1 0x33ffULL
#define CPTR_TTA  BIT(20) /* trace */
#define CPTR_TAM  BIT(30) /* activity monitors */

/* MDCR_EL2 */
#define MDCR_TPMCR BIT(5) /* performance monitors */
#define MDCR_TPM   BIT(6)
#define MDCR_TDA   BIT(9) /* debug registers; wants the next two */
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_TPMS  BIT(14) /* statistical profiling; its buffer belongs to EL2 with E2PB = 0 */
#define MDCR_TTRF  BIT(19) /* trace filter; likewise the trace buffer with E2TB = 0 */

#define CNTHCTL_EL1PCTEN BIT(0) /* the physical counter doesn't trap; the physical timer does */

#define ID_FIELD_NONE(reg, hi, lo) (FIELD(sysreg_read(reg), hi, lo) == 0)

static uint64_t when(bool there, uint64_t bits)
{
	return there ? bits : 0;
}

/*
 * Not trapped, because it harms nobody else: set/way cache maintenance (TSW; with SWIO it never
 * loses data), stage 1 registers (TVM), cache ID registers (TID2). HCR_EL2.API, APK and ATA stay 0:
 * keys and tags aren't switched, so their use traps.
 */
uint64_t trap_hcr_el2(void)
{
	uint64_t hcr = HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB |
	               HCR_BSU_IS | HCR_TWI | HCR_TWE | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR |
	               HCR_RW;

	hcr |= when(!ID_FIELD_NONE(id_aa64mmfr1_el1, 19, 16), HCR_TLOR);
	hcr |= when(!ID_FIELD_NONE(id_aa64pfr0_el1, 31, 28), HCR_TERR);
	hcr |= when(FIELD(sysreg_read(id_aa64pfr1_el1), 11, 8) >= 2, HCR_TID5);
	return hcr;
}

uint64_t trap_cptr_el2(void)
{
	return CPTR_RES1 | CPTR_TTA | when(!ID_FIELD_NONE(id_aa64pfr0_el1, 47, 44), CPTR_TAM);
}

uint64_t trap_mdcr_el2(void)
{
	uint64_t mdcr = MDCR_TDA | MDCR_TDOSA | MDCR_TDRA;
	uint64_t dfr0 = sysreg_read(id_aa64dfr0_el1);
	unsigned int pmu = FIELD(dfr0, 11, 8);

	/* HPMN: its reset value is the number of counters, PMCR_EL0.N; 0 would be CONSTRAINED. */
	if (pmu != 0 && pmu != 0xf)
		mdcr |= MDCR_TPM | MDCR_TPMCR | FIELD(sysreg_read(pmcr_el0), 15, 11);
	mdcr |= when(FIELD(dfr0, 35, 32) != 0, MDCR_TPMS);
	mdcr |= when(FIELD(dfr0, 43, 40) != 0, MDCR_TTRF);
	return mdcr;
}

uint64_t trap_cnthctl_el2(void)
{
	return CNTHCTL_EL1PCTEN;
}

uint64_t trap_hstr_el2(void)
{
	return 0; /* AArch32 at EL0 has no coprocessor registers that need it */
}
