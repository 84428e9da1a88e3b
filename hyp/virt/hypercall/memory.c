/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op (public/memory.h): a domain's RAM, and what is mapped at its addresses. The operation is in the
 * low bits of the first argument; above them is the element to go on with when a call is made again.
 */
#include "core/p2m.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/grant.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/target.h"
#include "virt/hypercall/xen_domain.h"

#define OP_BITS	       6
#define OP(arg)	       ((arg)&MASK(OP_BITS - 1, 0))
#define START(arg)     ((arg) >> OP_BITS)
#define PAGES_AT_ONCE  512 /* to zero, or to take out of the TLBs one by one */
#define MAPS_AT_ONCE   64
#define RELEASE_ORDER_MAX 8
#define RESOURCE_FRAMES_MAX 64

static int64_t go_on_at(struct vcpu *v, uint64_t op, uint64_t element)
{
	return hypercall_again_with(v, 0, op | element << OP_BITS);
}

/* --- RAM ---------------------------------------------------------------------------------- */

static int release_extent(struct domain *d, uint64_t gfn, unsigned int order)
{
	int err = 0;

	for (uint64_t i = 0; i < BIT(order) && !err; i++)
		err = p2m_release(d, gfn + i);
	return err;
}

/* How many extents are done when it ends, whyever: never an error (public/memory.h). */
static int64_t reservation(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	bool populate = OP(a[0]) == XENMEM_populate_physmap;
	struct xen_memory_reservation r;
	uint64_t i = START(a[0]);
	uint64_t pages = 0;
	struct domain *d;
	int err = 0;

	if (guest_copy_from(v, &r, a[1], sizeof(r)) || r.nr_extents > UINT64_MAX >> OP_BITS ||
	    r.extent_order > (populate ? PAGE_MAX_ORDER : RELEASE_ORDER_MAX) ||
	    hypercall_target(v, r.domid, &d))
		return (int64_t)i;
	while (i < r.nr_extents && pages < PAGES_AT_ONCE && !err) {
		xen_pfn_t gfn;

		err = guest_copy_from_at(v, &gfn, r.extent_start.q, i, sizeof(gfn));
		if (!err)
			err = populate ? p2m_populate(d, gfn, r.extent_order) :
					 release_extent(d, gfn, r.extent_order);
		pages += BIT(r.extent_order);
		i += !err;
	}
	domain_put(d);
	if (err == -EAGAIN || (!err && i < r.nr_extents))
		return go_on_at(v, OP(a[0]), i);
	return (int64_t)i;
}

static int64_t size_of(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct domain *d;
	domid_t domid;
	int64_t size;
	int err;

	if (guest_copy_from(v, &domid, a[1], sizeof(domid)))
		return -EFAULT;
	err = hypercall_target(v, domid, &d);
	if (err)
		return err;
	if (OP(a[0]) == XENMEM_maximum_gpfn)
		size = (int64_t)BIT(d->s2.ipa_bits - PAGE_SHIFT) - 1;
	else
		size = (int64_t)(OP(a[0]) == XENMEM_current_reservation ? d->tot_pages : d->max_pages);
	domain_put(d);
	return size;
}

/* --- what is mapped where ----------------------------------------------------------------- */

static int map_shared_info(struct vcpu *v, struct domain *d, uint64_t gfn)
{
	int err = p2m_map_xen_page(d, gfn, d->xen->shared_info, false);

	/* The kernel's clock starts about when it first looks for Xen. */
	if (!err && v->domain == d)
		xen_wallclock_start(d);
	return err;
}

static int64_t add_to_physmap(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct xen_add_to_physmap add;
	struct domain *d;
	int err;

	if (guest_copy_from(v, &add, a[1], sizeof(add)))
		return -EFAULT;
	err = hypercall_target(v, add.domid, &d);
	if (err)
		return err;
	if (add.space == XENMAPSPACE_shared_info)
		err = add.idx ? -EINVAL : map_shared_info(v, d, add.gpfn);
	else if (add.space == XENMAPSPACE_grant_table)
		err = add.idx > UINT32_MAX ? -EINVAL :
					     grant_map_frame(d, add.gpfn, d, (uint32_t)add.idx);
	else
		err = -ENOSYS;
	domain_put(d);
	return err;
}

static int map_foreign(struct vcpu *v, const struct xen_add_to_physmap_batch *b, uint64_t i,
		       struct domain *d, struct domain *owner)
{
	xen_ulong_t from;
	xen_pfn_t to;
	int result;

	if (guest_copy_from_at(v, &from, b->idxs.q, i, sizeof(from)) ||
	    guest_copy_from_at(v, &to, b->gpfns.q, i, sizeof(to)))
		return -EFAULT;
	result = p2m_map_foreign(d, to, owner, from, false);
	return guest_copy_to_at(v, b->errs.q, i, &result, sizeof(result));
}

/* 0, and what became of each in errs[]. */
static int64_t add_to_physmap_batch(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct xen_add_to_physmap_batch b;
	struct domain *d, *owner;
	uint64_t i = START(a[0]);
	uint64_t end;
	int err;

	if (guest_copy_from(v, &b, a[1], sizeof(b)))
		return -EFAULT;
	if (b.space != XENMAPSPACE_gmfn_foreign || i > b.size)
		return -EINVAL;
	if (!v->domain->privileged)
		return -EPERM;
	err = hypercall_target(v, b.domid, &d);
	if (err)
		return err;
	owner = domain_get(b.u.foreign_domid);
	if (!owner)
		err = -ESRCH;
	else if (owner == d)
		err = -EINVAL;
	end = min_u64(b.size, i + MAPS_AT_ONCE);
	for (; i < end && !err; i++)
		err = map_foreign(v, &b, i, d, owner);
	if (owner)
		domain_put(owner);
	domain_put(d);
	return err || i == b.size ? err : go_on_at(v, OP(a[0]), i);
}

static int64_t remove_from_physmap(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct xen_remove_from_physmap r;
	struct domain *d;
	int err;

	if (guest_copy_from(v, &r, a[1], sizeof(r)))
		return -EFAULT;
	err = hypercall_target(v, r.domid, &d);
	if (err)
		return err;
	err = p2m_remove(d, r.gpfn);
	domain_put(d);
	return err;
}

/* Frames of d's grant table appear at the caller's addresses in frame_list. */
static int map_resource(struct vcpu *v, const struct xen_mem_acquire_resource *r, struct domain *d)
{
	int err = 0;

	if (r->nr_frames > RESOURCE_FRAMES_MAX || r->frame > UINT32_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < r->nr_frames && !err; i++) {
		xen_pfn_t gfn;

		err = guest_copy_from_at(v, &gfn, r->frame_list.q, i, sizeof(gfn));
		if (!err)
			err = grant_map_frame(v->domain, gfn, d, (uint32_t)r->frame + i);
	}
	return err;
}

static int resource_size(struct vcpu *v, uint64_t va, struct domain *d)
{
	uint32_t now, max;

	grant_size(d, &now, &max);
	return guest_copy_to(v, va + offsetof(struct xen_mem_acquire_resource, nr_frames), &max,
			     sizeof(max));
}

static int64_t acquire_resource(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct xen_mem_acquire_resource r;
	struct domain *d;
	int err;

	if (guest_copy_from(v, &r, a[1], sizeof(r)))
		return -EFAULT;
	if (!v->domain->privileged)
		return -EPERM;
	if (r.pad)
		return -EINVAL;
	err = hypercall_target(v, r.domid, &d);
	if (err)
		return err;
	/* Not -ENOSYS: the tools know another way then. */
	if (r.type != XENMEM_resource_grant_table || r.id != XENMEM_resource_grant_table_id_shared)
		err = -EOPNOTSUPP;
	else if (!r.nr_frames && !r.frame_list.q)
		err = resource_size(v, a[1], d);
	else
		err = map_resource(v, &r, d);
	domain_put(d);
	return err;
}

/* No page is shared between domains by its contents. */
static int64_t nothing(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	(void)v;
	(void)a;
	return 0;
}

static const struct {
	uint8_t op;
	hypercall_fn *fn;
} ops[] = {
	{ XENMEM_decrease_reservation, reservation },
	{ XENMEM_current_reservation, size_of },
	{ XENMEM_maximum_reservation, size_of },
	{ XENMEM_populate_physmap, reservation },
	{ XENMEM_add_to_physmap, add_to_physmap },
	{ XENMEM_maximum_gpfn, size_of },
	{ XENMEM_remove_from_physmap, remove_from_physmap },
	{ XENMEM_get_sharing_freed_pages, nothing },
	{ XENMEM_get_sharing_shared_pages, nothing },
	{ XENMEM_add_to_physmap_batch, add_to_physmap_batch },
	{ XENMEM_acquire_resource, acquire_resource },
};

int64_t hypercall_memory_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].op == OP(a[0]))
			return ops[i].fn(v, a);
	}
	return -ENOSYS;
}
