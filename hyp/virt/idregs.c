/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/idregs.h"

#include "arch/sysreg.h"
#include "dev/gic/gic.h"

/* The field at bit lo, up to max. */
#define F(lo, max) ((uint64_t)(max) << (lo))

#define ALL 0xffffffffUL

/*
 * X(CRm, op2, caps, fields where 0xf is "absent"). Arm ARM D17.2 "ID_AA64..." and G8.2 "ID_...".
 * Hidden for want of context switching: SVE, SME, MTE, PAuth keys, GCS, THE, SCXTNUM (CSV2_2).
 * Hidden because the guest doesn't own it: EL2, EL3, PMU, SPE, TRBE, trace, AMU, MPAM, RAS, nested
 * virtualisation, LORegions. Hidden because HCRX_EL2 is 0: MOPS, LS64, XS.
 */
#define ID_REGS(X)                                                                                \
	/* ID_PFR0: State0-3, CSV2, DIT; not AMU, RAS */                                          \
	X(1, 0, F(0, 15) | F(4, 15) | F(8, 15) | F(12, 15) | F(16, 1) | F(24, 1), 0)              \
	/* ID_PFR1: ProgMod, MProgMod, GenTimer, GIC */                                           \
	X(1, 1, F(0, 15) | F(8, 15) | F(16, 1) | F(28, 1), 0)                                     \
	/* ID_DFR0: CopDbg */                                                                     \
	X(1, 2, F(0, 6), 0)                                                                       \
	X(1, 4, ALL, 0) /* ID_MMFR0 */                                                            \
	X(1, 5, ALL, 0) /* ID_MMFR1 */                                                            \
	X(1, 6, ALL, 0) /* ID_MMFR2 */                                                            \
	X(1, 7, ALL, 0) /* ID_MMFR3 */                                                            \
	X(2, 0, ALL, 0) /* ID_ISAR0 */                                                            \
	X(2, 1, ALL, 0) /* ID_ISAR1 */                                                            \
	X(2, 2, ALL, 0) /* ID_ISAR2 */                                                            \
	X(2, 3, ALL, 0) /* ID_ISAR3 */                                                            \
	X(2, 4, ALL, 0) /* ID_ISAR4 */                                                            \
	X(2, 5, ALL, 0) /* ID_ISAR5 */                                                            \
	/* ID_MMFR4: AC2, CnP, HPDS, LSM, CCIDX; not SpecSEI, XNX, EVT */                         \
	X(2, 6, F(4, 1) | F(12, 1) | F(16, 2) | F(20, 1) | F(24, 1), 0)                           \
	X(2, 7, F(0, 1) | F(4, 1) | F(8, 1) | F(12, 1) | F(16, 1) | F(20, 1) | F(24, 1), 0)       \
	X(3, 0, ALL, 0)               /* MVFR0 */                                                 \
	X(3, 1, ALL, 0)               /* MVFR1 */                                                 \
	X(3, 2, ALL, 0)               /* MVFR2 */                                                 \
	X(3, 4, F(0, 1) | F(4, 2), 0) /* ID_PFR2: CSV3, SSBS */                                   \
	X(3, 6, F(0, 1), 0)           /* ID_MMFR5: ETS */                                         \
	/* ID_AA64PFR0: EL0 (AArch32 too), EL1 (AArch64 only), FP, AdvSIMD, GIC, DIT, CSV2, CSV3  \
	 */                                                                                       \
	X(4, 0,                                                                                   \
	  F(0, 2) | F(4, 1) | F(16, 1) | F(20, 1) | F(24, 1) | F(48, 1) | F(56, 1) | F(60, 1),    \
	  F(16, 15) | F(20, 15))                                                                  \
	X(4, 1, F(0, 1) | F(4, 2) | F(32, 1), 0) /* ID_AA64PFR1: BT, SSBS, CSV2_frac */           \
	/* ID_AA64DFR0: DebugVer v8.0, 2 breakpoints, 2 watchpoints (fewer can't be said) */      \
	X(5, 0, F(0, 6) | F(12, 1) | F(20, 1), F(36, 15))                                         \
	/* ID_AA64ISAR0: AES SHA1 SHA2 CRC32 Atomic RDM SHA3 SM3 SM4 DP FHM TS TLB RNDR; not TME  \
	 */                                                                                       \
	X(6, 0,                                                                                   \
	  F(4, 2) | F(8, 1) | F(12, 2) | F(16, 1) | F(20, 2) | F(28, 1) | F(32, 1) | F(36, 1) |   \
	          F(40, 1) | F(44, 1) | F(48, 1) | F(52, 2) | F(56, 2) | F(60, 1),                \
	  0)                                                                                      \
	/* ID_AA64ISAR1: DPB JSCVT FCMA LRCPC FRINTTS SB SPECRES BF16 DGH I8MM */                 \
	X(6, 1,                                                                                   \
	  F(0, 2) | F(12, 1) | F(16, 1) | F(20, 3) | F(32, 1) | F(36, 1) | F(40, 1) | F(44, 2) |  \
	          F(48, 1) | F(52, 1),                                                            \
	  0)                                                                                      \
	X(6, 2, F(4, 1) | F(20, 1) | F(28, 1), 0) /* ID_AA64ISAR2: RPRES, BC, CLRBHB */           \
	/*                                                                                        \
	 * ID_AA64MMFR0: PARange 40 bits (what stage 2 gives), ASIDBits, BigEnd, BigEndEL0,       \
	 * TGran16, TGran64, TGran4 (these two: 0 is "there"), ECV's CNTVCTSS. Not LPA2, FGT.     \
	 */                                                                                       \
	X(7, 0, F(0, 2) | F(4, 2) | F(8, 1) | F(16, 1) | F(20, 1) | F(60, 1),                     \
	  F(24, 15) | F(28, 15))                                                                  \
	/* ID_AA64MMFR1: HAFDBS HPDS PAN ETS AFP ECBHB; not VMIDBits, VH, LO, XNX, HCX, TIDCP1 */ \
	X(7, 1, F(0, 2) | F(12, 2) | F(20, 3) | F(36, 1) | F(44, 1) | F(60, 1), 0)                \
	/* ID_AA64MMFR2: CnP UAO LSM VARange CCIDX ST AT IDS TTL BBM E0PD; not IESB, NV, FWB, EVT \
	 */                                                                                       \
	X(7, 2,                                                                                   \
	  F(0, 1) | F(4, 1) | F(8, 1) | F(16, 1) | F(20, 1) | F(28, 1) | F(32, 1) | F(36, 1) |    \
	          F(48, 1) | F(52, 2) | F(60, 1),                                                 \
	  0)

#define AA64PFR0_CRM        4 /* with op2 0; AArch32's registers have a lower CRm */
#define AA64PFR0_EL0_64ONLY 1

uint64_t idreg_limit(uint64_t host, uint64_t cap, uint64_t absent)
{
	uint64_t out = 0;

	for (unsigned int lo = 0; lo < 64; lo += 4) {
		uint64_t h = (host >> lo) & 0xf;
		uint64_t c = (cap >> lo) & 0xf;
		bool missing = h == 0xf && ((absent >> lo) & 0xf) == 0xf;

		out |= (missing || h < c ? h : c) << lo;
	}
	return out;
}

static uint64_t limited(unsigned int crm, unsigned int op2)
{
	switch (crm << 3 | op2) {
#define ROW(m, n, cap, absent) \
	case (m) << 3 | (n):   \
		return idreg_limit(sysreg_read(S3_0_C0_C##m##_##n), cap, absent);
		ID_REGS(ROW)
#undef ROW
	default:
		return 0;
	}
}

/* As the boot CPU has them: a guest's vCPUs move between CPUs. */
uint64_t idreg_values[IDREG_CRMS][IDREG_OP2S];

static uint64_t as_guest_sees(unsigned int crm, unsigned int op2)
{
	uint64_t value = limited(crm, op2);

	if (crm == AA64PFR0_CRM && op2 == 0 && gic->version == 2)
		value &= ~F(24, 15);
	/* Without AArch32 its ID registers are UNKNOWN (Arm ARM D17.2, each of them): 0 instead. */
	if (crm < AA64PFR0_CRM && FIELD(limited(AA64PFR0_CRM, 0), 3, 0) == AA64PFR0_EL0_64ONLY)
		value = 0;
	return value;
}

void idregs_init(void)
{
	for (unsigned int crm = 0; crm < IDREG_CRMS; crm++) {
		for (unsigned int op2 = 0; op2 < IDREG_OP2S; op2++)
			idreg_values[crm][op2] = as_guest_sees(crm, op2);
	}
}
