/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's own stage 1 map, identical (VA = PA), W^X: text RX, text and rodata never writable, all else
 * never executable. Built by the boot CPU before the others run; every CPU uses it.
 */
#ifndef DM_MM_EL2MAP_H
#define DM_MM_EL2MAP_H

#include "lib/types.h"

enum el2_type {
	EL2_TEXT,
	EL2_RODATA,
	EL2_RAM,       /* Normal write-back, read-write, never executable */
	EL2_RAM_PAGES, /* the same in single pages, of which some may be taken away later */
	EL2_DEVICE,    /* Device-nGnRE, read-write, never executable */
};

/*
 * Maps the image and the first bytes of the device tree with the MMU still off. Returns the root table.
 * Uses the static table pool only.
 */
paddr_t el2_map_image(paddr_t fdt);

/*
 * Maps more; what is mapped already stays as it is. Boot only: takes no lock. Addresses are widened to whole
 * pages. Tables come from a static pool, then from the page allocator. Returns 0 or -ENOMEM.
 */
int el2_map(paddr_t pa, uint64_t size, enum el2_type type);

/* Takes a single page away (a guard below a stack). Boot only. 0, or -EINVAL: not mapped as a page. */
int el2_unmap_page(paddr_t pa);

#endif
