/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page allocator: buddy system over the RAM that nobody else has. Pages are zeroed when handed out.
 *
 * Locks: its own (a leaf). Units: an order-n block is 2^n pages, aligned to its size.
 */
#ifndef DM_MM_PAGE_H
#define DM_MM_PAGE_H

#include "lib/types.h"

#define PAGE_MAX_ORDER 18 /* 1 GiB */

/* Gives [base, base + size) to the allocator; cut to whole pages. Boot only. */
void page_add_range(paddr_t base, uint64_t size);

/* NULL when there is no such block. The caller owns it until page_free() with the same order. */
void *page_alloc(unsigned int order) __must_check;
void page_free(void *block, unsigned int order);

/* The smallest order whose block holds size bytes. */
unsigned int page_order(uint64_t size);

struct page_stats {
	uint64_t total_pages; /* ever given */
	uint64_t free_pages;
};
void page_stats(struct page_stats *out);

/*
 * While forbidden, page_alloc() and page_free() panic: nothing on the suspend path allocates
 * (design, ground rule 2). The suspend engine switches it.
 */
void page_forbid(bool forbidden);

#endif
