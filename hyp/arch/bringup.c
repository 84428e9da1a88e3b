/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/bringup.h"

#include "arch/barrier.h"
#include "arch/cache.h"
#include "arch/sysreg.h"

/* SCTLR_EL2 (Arm ARM D19.2.129): RES1 of Armv8.0, WXN, I, SA, C, M; little-endian, no alignment checks. */
#define SCTLR_EL2_ON (0x30c50830ULL | BIT(19) | BIT(12) | BIT(3) | BIT(2) | BIT(0))

/* Encodings that the assembler knows only with newer -march. */
#define HFGRTR_EL2  S3_4_C1_C1_4
#define HFGWTR_EL2  S3_4_C1_C1_5
#define HFGITR_EL2  S3_4_C1_C1_6
#define HDFGRTR_EL2 S3_4_C3_C1_4
#define HDFGWTR_EL2 S3_4_C3_C1_5
#define HCRX_EL2    S3_4_C1_C2_2

extern char bringup_entry[];
extern char vectors[];

static struct el2_config config;

/*
 * TCR_EL2 (D19.2.152): T0SZ = 16 (48 bits), 4 KiB granule, inner shareable write-back walks, PS = what the CPU has,
 * at most 48 bits; RES1 bits 31 and 23.
 */
static uint64_t tcr_el2(void)
{
	uint64_t pa_range = FIELD(sysreg_read(id_aa64mmfr0_el1), 3, 0);

	return BIT(31) | BIT(23) | min_u64(pa_range, 5) << 16 | 3ULL << 12 | 1ULL << 10 |
	       1ULL << 8 | 16;
}

void bringup_init(struct bringup *b, paddr_t root_table)
{
	b->mair = EL2_MAIR;
	b->tcr = tcr_el2();
	b->ttbr0 = root_table.raw;
	b->sctlr = SCTLR_EL2_ON;
	b->vbar = (uintptr_t)vectors;
}

paddr_t bringup_door(void)
{
	return ptr_pa(bringup_entry);
}

void bringup_clean(const struct bringup *b);

/* Called by assembly before a door is used: the block is read there with the caches off. */
void bringup_clean(const struct bringup *b)
{
	dcache_clean(b, sizeof(*b));
}

void el2_config_set(const struct el2_config *c)
{
	config = *c;
}

void el2_config_load(void)
{
	uint64_t mmfr0 = sysreg_read(id_aa64mmfr0_el1);
	uint64_t mmfr1 = sysreg_read(id_aa64mmfr1_el1);

	/* FEAT_FGT: reset values are UNKNOWN; off. FEAT_HCX: likewise. */
	if (FIELD(mmfr0, 59, 56)) {
		sysreg_write(HFGRTR_EL2, 0);
		sysreg_write(HFGWTR_EL2, 0);
		sysreg_write(HFGITR_EL2, 0);
		sysreg_write(HDFGRTR_EL2, 0);
		sysreg_write(HDFGWTR_EL2, 0);
	}
	if (FIELD(mmfr1, 43, 40))
		sysreg_write(HCRX_EL2, 0);

	/* The OS lock is set at reset (D2.3.3) and would mask a guest's software step; debug is trapped anyway. */
	sysreg_write(oslar_el1, 0);

	sysreg_write(hcr_el2, config.hcr);
	sysreg_write(cptr_el2, config.cptr);
	sysreg_write(mdcr_el2, config.mdcr);
	sysreg_write(cnthctl_el2, config.cnthctl);
	sysreg_write(hstr_el2, config.hstr);
	sysreg_write(vtcr_el2, config.vtcr);
	sysreg_write(vttbr_el2, 0);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	isb();
	/*
	 * VTCR_EL2 changed: entries that were cached under whatever it held before must not be used
	 * (D8.13.1). Nothing of a guest runs on this CPU yet.
	 */
	__asm__ volatile("tlbi alle1" ::: "memory");
	dsb(nsh);
	isb();
}
