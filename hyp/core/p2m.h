/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's memory: which frame is behind a guest frame number (gfn, IPA >> 12), who owns it, and who else has it mapped.
 *
 * Frames that somebody besides their owner maps (foreign, grant, Dormouse's own pages) are counted in mm/share.h. When
 * the owner gives such a frame up it stays until the last of them goes.
 *
 * On success the change is complete on all CPUs: no TLB has the old translation. None works on a dying domain (-ESRCH).
 *
 * Locks: p2m.lock, taken by each function here, one domain's at a time; then share's, stage 2's, the page allocator's.
 */
#ifndef DM_CORE_P2M_H
#define DM_CORE_P2M_H

#include "arch/spinlock.h"
#include "lib/types.h"
#include "mm/stage2.h"

struct domain;

/* RAM that is this domain's for good: not the page allocator's. */
struct p2m_bank {
	uint64_t gfn, mfn, count;
};

struct p2m {
	struct spinlock lock;
	struct p2m_bank *banks; /* lock; one page, or NULL: all its RAM is the page allocator's */
	unsigned int nr_banks;	/* lock */
	/* A large populate under way. */
	uint64_t at_gfn;	/* lock */
	uint64_t done;		/* lock; pages; 0: none */
	unsigned int order;	/* lock */
};

/*
 * 2^order pages of RAM at gfn, zeroed (also for a guest with its caches off). 0; -EAGAIN: as far as one call
 * goes, call again with the same arguments; -ENOMEM, and nothing is left of it; -E2BIG: over max_pages; -EEXIST: something
 * is mapped there; -EINVAL: outside its address space, not aligned, order over PAGE_MAX_ORDER.
 * A domain with RAM of its own (banks) gets the frame back that it gave up there, and none elsewhere (-EINVAL).
 */
int p2m_populate(struct domain *d, uint64_t gfn, unsigned int order);

/* One page of its RAM goes. 0, or -EINVAL: there is none. */
int p2m_release(struct domain *d, uint64_t gfn);

/*
 * The owner's RAM at owner_gfn appears at gfn, too; what was there is removed before (RAM is released). 0, -EINVAL (no RAM
 * there, or gfn outside), -ENOMEM. p2m_unmap_*: -ENOENT if no such mapping is there. Grants are as foreign mappings, but
 * p2m_remove() doesn't touch them.
 */
int p2m_map_foreign(struct domain *d, uint64_t gfn, struct domain *owner, uint64_t owner_gfn, bool readonly);
int p2m_unmap_foreign(struct domain *d, uint64_t gfn);
int p2m_map_grant(struct domain *d, uint64_t gfn, struct domain *owner, uint64_t owner_gfn, bool readonly);
int p2m_unmap_grant(struct domain *d, uint64_t gfn);

/*
 * A page of Dormouse's own (page_alloc(0)), of d or of another domain: shared_info, grant table frames. Mapping the same
 * page there again is fine. Its owner frees it with p2m_free_xen_page() (never page_free()): whoever has it mapped still,
 * keeps it.
 */
int p2m_map_xen_page(struct domain *d, uint64_t gfn, void *page, bool readonly);
void p2m_free_xen_page(void *page);

/* Whatever is there goes, but for grants and devices (-EINVAL). -ENOENT: nothing is. */
int p2m_remove(struct domain *d, uint64_t gfn);

/*
 * The frame behind gfn, to be read (or written: then it must be writable for d) by Dormouse: kept for the caller, however
 * long, until p2m_put_frame(), even if d gives it up or dies. 0, -EINVAL, -ENOMEM.
 */
int p2m_get_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame);
/*
 * Only if it is d's RAM. For what may be used when d has long unmapped it: what others have lent to d is theirs again
 * then.
 */
int p2m_get_own_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame);
void p2m_put_frame(paddr_t frame);

/*
 * A translation fault of d's stage 2 that isn't one any more: the mapping was just being changed (break before make) or has just
 * appeared. True: let the guest try again.
 */
bool p2m_fault_is_stale(struct domain *d, ipa_t ipa);

/*
 * While the domain is built: a block of the page allocator's (RAM of the domain from now on), or physical memory that stays
 * reserved to it: 1:1 (gfn == frame) or elsewhere. 0, -ENOMEM, -ENOSPC (too many separate pieces), -EINVAL.
 */
int p2m_add_block(struct domain *d, uint64_t gfn, void *block, unsigned int order);
int p2m_add_fixed(struct domain *d, uint64_t gfn, paddr_t pa, uint64_t size);

/* Reaper: no vCPU of d is loaded. Gives back what it can in half a millisecond; true when all is. */
bool p2m_reap(struct domain *d);
/* Then the tables. */
void p2m_destroy(struct domain *d);

#endif
