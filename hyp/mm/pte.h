/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation table descriptors, VMSAv8-64, 4 KiB granule (Arm ARM D8.3). Pure encoding.
 * Levels 0 to 3; blocks at levels 1 (1 GiB) and 2 (2 MiB), pages at level 3.
 */
#ifndef DM_MM_PTE_H
#define DM_MM_PTE_H

#include "lib/types.h"

#define PTE_VALID BIT(0)
#define PTE_TABLE BIT(1) /* levels 0 to 2: points to a table; level 3: a page */
#define PTE_AF	  BIT(10)
#define PTE_SH_INNER (BIT(9) | BIT(8))
#define PTE_ADDR_MASK MASK(47, 12)

/* Stage 1, EL2 */
#define PTE_S1_ATTR(idx) ((uint64_t)(idx) << 2)
#define PTE_S1_RES1	 BIT(6) /* AP[1]: RES1 in a regime with one privilege level */
#define PTE_S1_RO	 BIT(7)
#define PTE_S1_XN	 BIT(54)

/* Stage 2: MemAttr[3:0], S2AP, XN */
#define PTE_S2_NORMAL_WB (MASK(5, 2))
#define PTE_S2_DEVICE_NGNRE BIT(2)
#define PTE_S2_READ	 BIT(6)
#define PTE_S2_WRITE	 BIT(7)
#define PTE_S2_XN	 BIT(54)
#define PTE_S2_TYPE(t)	 ((uint64_t)(t) << 55) /* 58:55 are software's (D8.3.2) */
#define PTE_S2_TYPE_MASK MASK(58, 55)

#define PTE_ENTRIES 512

static inline unsigned int pte_shift(unsigned int level)
{
	return 39 - 9 * level;
}

static inline uint64_t pte_size(unsigned int level)
{
	return BIT(pte_shift(level));
}

static inline unsigned int pte_index(uint64_t addr, unsigned int level)
{
	return (addr >> pte_shift(level)) & (PTE_ENTRIES - 1);
}

static inline bool pte_valid(uint64_t pte)
{
	return pte & PTE_VALID;
}

static inline bool pte_is_table(uint64_t pte, unsigned int level)
{
	return level < 3 && (pte & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static inline paddr_t pte_pa(uint64_t pte)
{
	return pa_make(pte & PTE_ADDR_MASK);
}

static inline uint64_t pte_make_table(paddr_t table)
{
	return table.raw | PTE_VALID | PTE_TABLE;
}

/* A block (levels 1, 2) or page (level 3). attrs: everything but address and type. */
static inline uint64_t pte_make_leaf(paddr_t pa, unsigned int level, uint64_t attrs)
{
	return pa.raw | attrs | PTE_AF | PTE_VALID | (level == 3 ? PTE_TABLE : 0);
}

/* Does [addr, addr + size) to pa hold one whole aligned block of this level? */
static inline bool pte_block_fits(uint64_t addr, uint64_t pa, uint64_t size, unsigned int level)
{
	return level >= 1 && IS_ALIGNED(addr | pa, pte_size(level)) && size >= pte_size(level);
}

#endif
