/* SPDX-License-Identifier: Apache-2.0 */
#include "core/p2m.h"

#include "arch/cache.h"
#include "arch/counter.h"
#include "arch/tlb.h"
#include "core/domain.h"
#include "lib/err.h"
#include "mm/page.h"
#include "mm/pte.h"
#include "mm/share.h"

#define SLICE_ORDER 9 /* as much as one call zeroes */
#define REAP_LEAVES 32  /* between looks at the clock: one may be 2 MiB with a shared frame, or a page */
#define REAP_US	    500
#define TABLES_SPARE 256
#define MAX_BANKS   (PAGE_SIZE / sizeof(struct p2m_bank))

#define TYPES(t)  BIT(STAGE2_##t)
#define OWN_RAM	  (TYPES(RAM) | TYPES(RAM_RO) | TYPES(FIXED))
#define FOREIGN	  (TYPES(FOREIGN) | TYPES(FOREIGN_RO))
#define GRANT	  (TYPES(GRANT) | TYPES(GRANT_RO))
#define XEN	  (TYPES(XEN) | TYPES(XEN_RO))

static ipa_t ipa_of(uint64_t gfn)
{
	return ipa_make(gfn << PAGE_SHIFT);
}

/* No arithmetic on a gfn before this. */
static bool gfn_valid(const struct domain *d, uint64_t gfn, uint64_t count)
{
	uint64_t end = BIT(d->s2.ipa_bits - PAGE_SHIFT);

	return gfn < end && count <= end - gfn;
}

/*
 * A guest that has pages mapped all over its address space makes one table for each: no more of them than its RAM is
 * worth twice, and some. Dom0 could take all memory anyway.
 */
static bool tables_left(const struct domain *d)
{
	return d->privileged || d->s2.table_pages < TABLES_SPARE + d->max_pages / (PTE_ENTRIES / 2);
}

static bool is_dying(const struct domain *d)
{
	return __atomic_load_n(&d->dying, __ATOMIC_ACQUIRE);
}

/* --- giving back -------------------------------------------------------------------------- */

/* A block of RAM that came from the page allocator; frames that others use stay until they don't. */
static void free_block(paddr_t pa, unsigned int order)
{
	unsigned int piece = order > SLICE_ORDER ? SLICE_ORDER : 0;

	if (!share_any(pa, order)) {
		page_free(pa_ptr(pa), order);
		return;
	}
	if (order == 0) {
		if (!share_orphan(pa))
			page_free(pa_ptr(pa), 0);
		return;
	}
	for (uint64_t at = 0; at < PAGE_SIZE << order; at += PAGE_SIZE << piece)
		free_block(pa_make(pa.raw + at), piece);
}

static void free_range(paddr_t pa, uint64_t count)
{
	while (count) {
		unsigned int order = 0;

		while (order < PAGE_MAX_ORDER && IS_ALIGNED(pa.raw, PAGE_SIZE << (order + 1)) &&
		       BIT(order + 1) <= count)
			order++;
		free_block(pa, order);
		pa.raw += PAGE_SIZE << order;
		count -= BIT(order);
	}
}

/* What was mapped there, and is in no TLB any more, gives back what it stood for. */
static void let_go(struct domain *d, paddr_t pa, uint64_t count, enum stage2_type type)
{
	if (BIT(type) & OWN_RAM)
		d->tot_pages -= count;
	if (BIT(type) & (TYPES(RAM) | TYPES(RAM_RO)))
		free_range(pa, count);
	else if (BIT(type) & (FOREIGN | GRANT | XEN))
		for (uint64_t i = 0; i < count; i++)
			share_put(pa_make(pa.raw + i * PAGE_SIZE));
}

static int lookup(struct domain *d, uint64_t gfn, struct stage2_entry *e)
{
	return gfn_valid(d, gfn, 1) ? stage2_lookup(&d->s2, ipa_of(gfn), e) : -ENOENT;
}

/* One page, if it is of one of these types. -ENOENT: nothing is there; -EINVAL: something else is. */
static int drop_locked(struct domain *d, uint64_t gfn, uint64_t types)
{
	struct stage2_entry e;
	int err = lookup(d, gfn, &e);

	if (err)
		return err;
	if (!(BIT(e.type) & types))
		return -EINVAL;
	err = stage2_unmap(&d->s2, ipa_of(gfn), PAGE_SIZE);
	if (!err)
		let_go(d, e.pa, 1, e.type);
	return err;
}

static int drop(struct domain *d, uint64_t gfn, uint64_t types)
{
	int err;

	if (is_dying(d))
		return -ESRCH;
	spin_lock(&d->p2m.lock);
	err = drop_locked(d, gfn, types);
	spin_unlock(&d->p2m.lock);
	return err;
}

int p2m_release(struct domain *d, uint64_t gfn)
{
	int err = drop(d, gfn, OWN_RAM);

	return err == -ENOENT ? -EINVAL : err;
}

int p2m_unmap_foreign(struct domain *d, uint64_t gfn)
{
	return drop(d, gfn, FOREIGN);
}

int p2m_unmap_grant(struct domain *d, uint64_t gfn)
{
	return drop(d, gfn, GRANT);
}

int p2m_remove(struct domain *d, uint64_t gfn)
{
	return drop(d, gfn, OWN_RAM | FOREIGN | XEN);
}

/* --- RAM ---------------------------------------------------------------------------------- */

/* Takes back what a large populate has done so far. Its pages may have been mapped by others meanwhile, or released. */
static void undo_locked(struct domain *d)
{
	uint64_t ipa = d->p2m.at_gfn << PAGE_SHIFT;
	uint64_t end = ipa + (d->p2m.done << PAGE_SHIFT);
	struct stage2_entry e;

	d->p2m.done = 0;
	while ((ipa = stage2_next(&d->s2, ipa, end)) < end) {
		uint64_t size;

		if (stage2_lookup(&d->s2, ipa_make(ipa), &e))
			return;
		size = min_u64(e.contiguous, end - ipa);
		/* Whole leaves: nothing is to be split, so it can't fail. */
		if (e.type == STAGE2_RAM && stage2_unmap(&d->s2, ipa_make(ipa), size) == 0)
			let_go(d, e.pa, size >> PAGE_SHIFT, e.type);
		ipa += size;
	}
}

static bool is_empty(struct domain *d, uint64_t gfn, uint64_t count)
{
	uint64_t end = (gfn + count) << PAGE_SHIFT;

	return stage2_next(&d->s2, gfn << PAGE_SHIFT, end) == end;
}

/* The allocator zeroes by EL2's cached view: out with it, for a guest's caches are off when it starts. */
static int add_slice(struct domain *d, uint64_t gfn, unsigned int order)
{
	void *block;
	int err;

	if (!is_empty(d, gfn, BIT(order)))
		return -EEXIST;
	block = page_alloc(order);
	if (!block)
		return -ENOMEM;
	dcache_clean_invalidate(block, PAGE_SIZE << order);
	err = stage2_map(&d->s2, ipa_of(gfn), ptr_pa(block), PAGE_SIZE << order, STAGE2_RAM);
	if (err)
		page_free(block, order); /* an aligned block maps as one leaf or not at all */
	else
		d->tot_pages += BIT(order);
	return err;
}

static int populate_locked(struct domain *d, uint64_t gfn, unsigned int order)
{
	unsigned int slice = order < SLICE_ORDER ? order : SLICE_ORDER;
	struct p2m *p = &d->p2m;
	int err;

	/* Whoever comes in between starts that one's work over: never two half done. */
	if (p->done && (p->at_gfn != gfn || p->order != order))
		undo_locked(d);
	if (d->max_pages < d->tot_pages || BIT(order) - p->done > d->max_pages - d->tot_pages) {
		undo_locked(d);
		return -E2BIG;
	}
	p->at_gfn = gfn;
	p->order = order;
	err = add_slice(d, gfn + p->done, slice);
	if (err) {
		undo_locked(d);
		return err;
	}
	p->done += BIT(slice);
	if (p->done < BIT(order))
		return -EAGAIN;
	p->done = 0;
	return 0;
}

/* The frames that are kept for it. */
static int populate_fixed_locked(struct domain *d, uint64_t gfn, unsigned int order)
{
	uint64_t count = BIT(order);
	int err;

	for (unsigned int i = 0; i < d->p2m.nr_banks; i++) {
		const struct p2m_bank *b = &d->p2m.banks[i];
		paddr_t pa = pa_make((b->mfn + (gfn - b->gfn)) << PAGE_SHIFT);

		if (gfn < b->gfn || gfn - b->gfn >= b->count || count > b->count - (gfn - b->gfn))
			continue;
		if (!is_empty(d, gfn, count))
			return -EEXIST;
		if (d->max_pages < d->tot_pages || count > d->max_pages - d->tot_pages)
			return -E2BIG;
		err = stage2_map(&d->s2, ipa_of(gfn), pa, count << PAGE_SHIFT, STAGE2_FIXED);
		if (err)
			(void)stage2_unmap(&d->s2, ipa_of(gfn), count << PAGE_SHIFT);
		else
			d->tot_pages += count;
		return err;
	}
	return -EINVAL;
}

int p2m_populate(struct domain *d, uint64_t gfn, unsigned int order)
{
	int err;

	if (is_dying(d))
		return -ESRCH;
	if (order > PAGE_MAX_ORDER || !IS_ALIGNED(gfn, BIT(order)) || !gfn_valid(d, gfn, BIT(order)))
		return -EINVAL;
	spin_lock(&d->p2m.lock);
	if (!tables_left(d))
		err = -ENOMEM;
	else
		err = (d->p2m.banks ? populate_fixed_locked : populate_locked)(d, gfn, order);
	spin_unlock(&d->p2m.lock);
	return err;
}

/* --- what isn't its own ------------------------------------------------------------------- */

/*
 * The frame counts as shared from here on. Under the owner's lock: who releases it does that first, or finds it
 * shared.
 */
static int get_frame(struct domain *d, uint64_t gfn, uint64_t types, bool write, paddr_t *out)
{
	struct stage2_entry e;
	int err;

	if (is_dying(d))
		return -ESRCH;
	spin_lock(&d->p2m.lock);
	err = lookup(d, gfn, &e);
	if (!err && (!(BIT(e.type) & types) || (write && stage2_is_read_only(e.type))))
		err = -EINVAL;
	if (!err) {
		*out = e.pa;
		err = share_get(e.pa);
	}
	spin_unlock(&d->p2m.lock);
	return err == -ENOENT ? -EINVAL : err;
}

/* For a frame that counts as shared; on failure it doesn't any more. */
static int map_locked(struct domain *d, uint64_t gfn, paddr_t pa, enum stage2_type type)
{
	struct stage2_entry e;
	int err = gfn_valid(d, gfn, 1) ? 0 : -EINVAL;

	if (!err && !tables_left(d))
		err = -ENOMEM;
	if (!err && stage2_lookup(&d->s2, ipa_of(gfn), &e) == 0) {
		if (e.type == type && e.pa.raw == pa.raw) {
			share_put(pa); /* it was counted when it was first mapped there */
			return 0;
		}
		err = drop_locked(d, gfn, OWN_RAM | FOREIGN | XEN);
	}
	if (!err)
		err = stage2_map(&d->s2, ipa_of(gfn), pa, PAGE_SIZE, type);
	if (err)
		share_put(pa);
	return err;
}

static int map_shared(struct domain *d, uint64_t gfn, paddr_t pa, enum stage2_type type)
{
	int err;

	if (is_dying(d)) {
		share_put(pa);
		return -ESRCH;
	}
	spin_lock(&d->p2m.lock);
	err = map_locked(d, gfn, pa, type);
	spin_unlock(&d->p2m.lock);
	return err;
}

int p2m_map_foreign(struct domain *d, uint64_t gfn, struct domain *owner, uint64_t owner_gfn, bool readonly)
{
	paddr_t pa;
	int err = get_frame(owner, owner_gfn, OWN_RAM | XEN, !readonly, &pa);

	return err ? err : map_shared(d, gfn, pa, readonly ? STAGE2_FOREIGN_RO : STAGE2_FOREIGN);
}

int p2m_map_grant(struct domain *d, uint64_t gfn, struct domain *owner, uint64_t owner_gfn, bool readonly)
{
	paddr_t pa;
	int err = get_frame(owner, owner_gfn, OWN_RAM, !readonly, &pa);

	return err ? err : map_shared(d, gfn, pa, readonly ? STAGE2_GRANT_RO : STAGE2_GRANT);
}

int p2m_map_xen_page(struct domain *d, uint64_t gfn, void *page, bool readonly)
{
	int err = share_get(ptr_pa(page));

	return err ? err : map_shared(d, gfn, ptr_pa(page), readonly ? STAGE2_XEN_RO : STAGE2_XEN);
}

void p2m_free_xen_page(void *page)
{
	if (page && !share_orphan(ptr_pa(page)))
		page_free(page, 0);
}

int p2m_get_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame)
{
	return get_frame(d, gfn, OWN_RAM | FOREIGN | GRANT | XEN, write, frame);
}

int p2m_get_own_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame)
{
	return get_frame(d, gfn, OWN_RAM, write, frame);
}

void p2m_put_frame(paddr_t frame)
{
	share_put(frame);
}

/* --- looking ------------------------------------------------------------------------------ */

bool p2m_fault_is_stale(struct domain *d, ipa_t ipa)
{
	struct stage2_entry e;

	return stage2_lookup(&d->s2, ipa, &e) == 0;
}

/* --- building and its reverse ------------------------------------------------------------- */

int p2m_add_block(struct domain *d, uint64_t gfn, void *block, unsigned int order)
{
	int err = stage2_map(&d->s2, ipa_of(gfn), ptr_pa(block), PAGE_SIZE << order, STAGE2_RAM);

	if (!err)
		d->tot_pages += BIT(order);
	return err;
}

int p2m_add_fixed(struct domain *d, uint64_t gfn, paddr_t pa, uint64_t size)
{
	struct p2m *p = &d->p2m;
	int err;

	if (!p->banks)
		p->banks = page_alloc(0);
	if (!p->banks)
		return -ENOMEM;
	if (p->nr_banks == MAX_BANKS)
		return -ENOSPC;
	err = stage2_map(&d->s2, ipa_of(gfn), pa, size, STAGE2_FIXED);
	if (err)
		return err;
	p->banks[p->nr_banks++] =
		(struct p2m_bank){ gfn, pa.raw >> PAGE_SHIFT, size >> PAGE_SHIFT };
	d->tot_pages += size >> PAGE_SHIFT;
	return 0;
}

static void reap_leaf(void *ctx, paddr_t pa, uint64_t size, enum stage2_type type)
{
	let_go(ctx, pa, size >> PAGE_SHIFT, type);
}

bool p2m_reap(struct domain *d)
{
	uint64_t end = counter_now() + counter_from_ns(REAP_US * 1000);
	bool done;

	/* What is freed must be in no TLB. Nothing of d is loaded, so nothing gets in again. */
	if (d->s2.root)
		tlb_flush_guest(d->s2.vttbr);
	do {
		done = stage2_reap(&d->s2, REAP_LEAVES, reap_leaf, d);
	} while (!done && counter_now() < end);
	return done;
}

void p2m_destroy(struct domain *d)
{
	stage2_destroy(&d->s2);
	if (d->p2m.banks)
		page_free(d->p2m.banks, 0);
	d->p2m.banks = NULL;
}
