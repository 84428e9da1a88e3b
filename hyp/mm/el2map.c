/* SPDX-License-Identifier: Apache-2.0 */
#include "mm/el2map.h"

#include "arch/barrier.h"
#include "arch/bringup.h"
#include "arch/cache.h"
#include "arch/image.h"
#include "arch/tlb.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/pte.h"

/* Enough for the image, the device tree and the first devices, before there is an allocator. */
#define POOL_TABLES 12

static uint64_t pool[POOL_TABLES][PTE_ENTRIES] __attribute__((aligned(4096)));
static unsigned int pool_used;
static uint64_t *root;

static const uint64_t type_attrs[] = {
	[EL2_TEXT] = PTE_S1_ATTR(EL2_ATTR_NORMAL) | PTE_SH_INNER | PTE_S1_RES1 | PTE_S1_RO,
	[EL2_RODATA] = PTE_S1_ATTR(EL2_ATTR_NORMAL) | PTE_SH_INNER | PTE_S1_RES1 | PTE_S1_RO | PTE_S1_XN,
	[EL2_RAM] = PTE_S1_ATTR(EL2_ATTR_NORMAL) | PTE_SH_INNER | PTE_S1_RES1 | PTE_S1_XN,
	[EL2_RAM_PAGES] = PTE_S1_ATTR(EL2_ATTR_NORMAL) | PTE_SH_INNER | PTE_S1_RES1 | PTE_S1_XN,
	[EL2_DEVICE] = PTE_S1_ATTR(EL2_ATTR_DEVICE) | PTE_S1_RES1 | PTE_S1_XN,
};

static uint64_t *new_table(void)
{
	if (pool_used < POOL_TABLES)
		return pool[pool_used++];
	return page_alloc(0);
}

/* The table below an entry; made if there is none. NULL: no memory, or a block is in the way. */
static uint64_t *next_table(uint64_t *entry, unsigned int level)
{
	if (!pte_valid(*entry)) {
		uint64_t *table = new_table();

		if (!table)
			return NULL;
		/*
		 * The walker may see the entry as soon as it is written; the zeroed table must be visible
		 * before (B2.3.7: the walk's reads are ordered behind the DSB).
		 */
		dsb(ish);
		*entry = pte_make_table(ptr_pa(table));
	}
	return pte_is_table(*entry, level) ? pa_ptr(pte_pa(*entry)) : NULL;
}

/* Maps what of [addr, end) one entry covers; returns the address behind it, or 0 without memory. */
static uint64_t map_one(uint64_t addr, uint64_t end, enum el2_type type)
{
	unsigned int last = type == EL2_RAM || type == EL2_DEVICE ? 1 : 3;
	uint64_t *table = root;

	for (unsigned int level = 0;; level++) {
		uint64_t *entry = &table[pte_index(addr, level)];
		bool fits = level == 3 ||
			    (level >= last && pte_block_fits(addr, addr, end - addr, level));

		if (pte_valid(*entry) && !pte_is_table(*entry, level))
			return ALIGN_DOWN(addr, pte_size(level)) + pte_size(level);
		if (fits && !pte_valid(*entry)) {
			*entry = pte_make_leaf(pa_make(addr), level, type_attrs[type]);
			return addr + pte_size(level);
		}
		table = next_table(entry, level);
		if (!table)
			return 0;
	}
}

int el2_map(paddr_t pa, uint64_t size, enum el2_type type)
{
	uint64_t addr = ALIGN_DOWN(pa.raw, PAGE_SIZE);
	uint64_t end = ALIGN_UP(pa.raw + size, PAGE_SIZE);

	while (addr < end) {
		addr = map_one(addr, end, type);
		if (!addr)
			return -ENOMEM;
	}
	/* Only invalid entries became valid, which needs no TLB invalidation, but the walker must see them. */
	dsb(ish);
	isb();
	return 0;
}

int el2_unmap_page(paddr_t pa)
{
	uint64_t *table = root;

	for (unsigned int level = 0; level < 3; level++) {
		uint64_t entry = table[pte_index(pa.raw, level)];

		if (!pte_is_table(entry, level))
			return -EINVAL;
		table = pa_ptr(pte_pa(entry));
	}
	table[pte_index(pa.raw, 3)] = 0;
	dsb(ish); /* the walker sees the removal before the TLB entries go */
	tlb_flush_el2();
	return 0;
}

paddr_t el2_map_image(paddr_t fdt)
{
	const struct {
		const char *from;
		const char *to;
		enum el2_type type;
	} parts[] = {
		{ image_start, image_rodata, EL2_TEXT },
		{ image_rodata, image_data, EL2_RODATA },
		{ image_data, boot_stack_guard, EL2_RAM_PAGES },
		{ boot_stack, image_end, EL2_RAM_PAGES },
	};

	root = new_table();
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
		(void)el2_map(ptr_pa(parts[i].from), (uint64_t)(parts[i].to - parts[i].from),
			      parts[i].type);
	/* The pool is large enough for this (two 2 MiB regions at worst 1 GiB apart): it cannot fail. */
	if (fdt.raw)
		(void)el2_map(fdt, 2 * MIB, EL2_RAM_PAGES);
	/* Written with the MMU off: nothing of it may linger, stale, in a cache when the walks begin. */
	dcache_clean_invalidate(pool, sizeof(pool));
	return ptr_pa(root);
}
