/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of address ranges: sorted, disjoint, neighbours merged. Pure. Addresses and sizes in bytes;
 * no range reaches the end of the 64-bit space.
 */
#ifndef DM_BOOT_RANGES_H
#define DM_BOOT_RANGES_H

#include "lib/types.h"

struct range {
	uint64_t base;
	uint64_t size;
};

#define RANGES_MAX 128
struct ranges {
	unsigned int count;
	struct range r[RANGES_MAX];
};

static inline uint64_t range_end(const struct range *r)
{
	return r->base + r->size;
}

static inline bool range_overlap(const struct range *a, const struct range *b)
{
	return a->size && b->size && a->base < range_end(b) && b->base < range_end(a);
}

/*
 * 0; -ENOSPC when more than RANGES_MAX result; -ERANGE when base + size wraps. size 0 is nothing.
 */
int ranges_add(struct ranges *rs, uint64_t base, uint64_t size);
int ranges_remove(struct ranges *rs, uint64_t base, uint64_t size);
/* The same for each of other. */
int ranges_add_all(struct ranges *rs, const struct ranges *other);
int ranges_remove_all(struct ranges *rs, const struct ranges *other);

/* Is all (any) of [base, base + size) in rs? */
bool ranges_contain(const struct ranges *rs, uint64_t base, uint64_t size);
bool ranges_touch(const struct ranges *rs, uint64_t base, uint64_t size);

uint64_t ranges_total(const struct ranges *rs);

/* Whole pages only: each range shrinks to page boundaries; empty ones go. */
void ranges_trim_pages(struct ranges *rs);

/*
 * The lowest base, a multiple of align (a power of 2), for which [base + offset, base + offset +
 * size) is in rs. 0, or -ENOENT.
 */
int ranges_find(const struct ranges *rs, uint64_t size, uint64_t align, uint64_t offset,
                uint64_t *base);

#endif
