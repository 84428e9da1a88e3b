/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage 2 translation (Arm ARM D8.2.x, VMSAv8-64, 4 KiB granule): a domain's IPA to PA.
 * The IPA size is the smaller of 40 bits and what ID_AA64MMFR0_EL1.PARange gives; 40 bits start at
 * level 1 with two concatenated tables.
 *
 * Locks: struct stage2.lock, taken by each function here (a leaf but for the page allocator's).
 */
#ifndef DM_MM_STAGE2_H
#define DM_MM_STAGE2_H

#include "arch/spinlock.h"
#include "lib/types.h"

enum stage2_type {
	STAGE2_RAM,    /* Normal write-back, read-write-execute */
	STAGE2_RAM_RO, /* Normal write-back, read-only, executable */
	STAGE2_DEVICE, /* Device-nGnRE, read-write, never executable */
	STAGE2_FIXED,  /* as RAM; physical memory that stays the domain's when it isn't mapped */
	/* What isn't the domain's own: as RAM, but never executable. core/p2m.h says what each is. */
	STAGE2_FOREIGN,
	STAGE2_FOREIGN_RO,
	STAGE2_GRANT,
	STAGE2_GRANT_RO,
	STAGE2_XEN,
	STAGE2_XEN_RO,
};

/* Memory that is the domain's own, in which it may have code. */
static inline bool stage2_is_own(enum stage2_type t)
{
	return t == STAGE2_RAM || t == STAGE2_RAM_RO || t == STAGE2_FIXED;
}

static inline bool stage2_is_read_only(enum stage2_type t)
{
	return t == STAGE2_RAM_RO || t == STAGE2_FOREIGN_RO || t == STAGE2_GRANT_RO ||
	       t == STAGE2_XEN_RO;
}

struct stage2 {
	struct spinlock lock;
	uint64_t *root;	      /* lock; level 1 table(s) */
	uint64_t vttbr;	      /* constant: root and VMID as VTTBR_EL2 wants them */
	uint64_t table_pages; /* lock; pages in use for tables, root included */
	unsigned int ipa_bits; /* constant */
};

/* VTCR_EL2 for every domain on this machine; pa_range is ID_AA64MMFR0_EL1.PARange. */
uint64_t stage2_vtcr(unsigned int pa_range);
/* How many bits an IPA has under that VTCR. */
unsigned int stage2_ipa_bits(unsigned int pa_range);

/* Returns 0 or -ENOMEM. vmid is 1 to 255. */
int stage2_init(struct stage2 *s2, unsigned int pa_range, uint8_t vmid);
/* Frees all tables; the mapped memory is the caller's. No CPU may have it loaded. */
void stage2_destroy(struct stage2 *s2);

/*
 * Maps [ipa, ipa + size) to pa on; what was mapped there is replaced. All three are page-aligned.
 * Uses the largest blocks that fit. Returns 0, -ENOMEM (what was mapped before the failure stays),
 * -ERANGE (outside the IPA space) or -EINVAL (not aligned).
 */
int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size, enum stage2_type type);

/* Unmaps; holes are fine. Splits blocks as needed. Returns 0, -ENOMEM (while splitting), -ERANGE, -EINVAL. */
int stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size);

/*
 * The end of a domain that no CPU has loaded, its TLB entries gone: up to `budget` leaves and tables are taken out, and fn
 * called with each leaf, under the lock. True when nothing is left.
 */
typedef void stage2_leaf_fn(void *ctx, paddr_t pa, uint64_t size, enum stage2_type type);
bool stage2_reap(struct stage2 *s2, unsigned int budget, stage2_leaf_fn *fn, void *ctx);

/* The first page in [ipa, end) that is mapped; end if none is. */
uint64_t stage2_next(struct stage2 *s2, uint64_t ipa, uint64_t end);

struct stage2_entry {
	paddr_t pa; /* of the byte asked for */
	enum stage2_type type;
	uint64_t contiguous; /* bytes from there on in the same leaf */
};
/* Returns 0 or -ENOENT if nothing is mapped at ipa. */
int stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_entry *out);

/*
 * Copies between buffer and the guest's memory at ipa on, within one page, under the lock: who unmaps a page and
 * then frees it can't do so meanwhile. 0, -ENOENT (nothing mapped), -EACCES (no RAM, or read-only and a
 * write), -EINVAL (goes over the page's end).
 */
int stage2_copy(struct stage2 *s2, ipa_t ipa, void *buffer, size_t size, bool write);

#endif
