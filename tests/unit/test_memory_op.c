/* SPDX-License-Identifier: Apache-2.0 */
/* memory_op: which call does what to whom, in parts, and what a hostile guest gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/p2m.h"
#include "fake_cpu.h"
#include "fake_guest.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/grant.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"

#define OTHER 3

static struct domain own = { .id = 0, .privileged = true, .nr_vcpus = 1, .tot_pages = 11, .max_pages = 22 };
static struct domain other = { .id = OTHER, .nr_vcpus = 1, .tot_pages = 33, .max_pages = 44 };
static struct vcpu v = { .domain = &own };

static struct {
	unsigned int refs, populated, released, removed, foreign, xen_pages, frames, clocks;
	struct domain *d, *owner;
	uint64_t gfn, owner_gfn, page;
	unsigned int order, again;
	uint32_t index;
	uint64_t fail_gfn; /* this one doesn't work */
} seen;

struct domain *domain_get(uint16_t id)
{
	struct domain *d = id == own.id ? &own : id == OTHER ? &other : NULL;

	seen.refs += d != NULL;
	return d;
}

void domain_put(struct domain *d)
{
	assert_true(d == &own || d == &other);
	seen.refs--;
}

static int done(struct domain *d, uint64_t gfn, unsigned int *count)
{
	if (gfn == seen.fail_gfn)
		return -ENOMEM;
	seen.d = d;
	seen.gfn = gfn;
	(*count)++;
	return 0;
}

int p2m_populate(struct domain *d, uint64_t gfn, unsigned int order)
{
	seen.order = order;
	if (seen.again) {
		seen.again--;
		return -EAGAIN;
	}
	return done(d, gfn, &seen.populated);
}

int p2m_release(struct domain *d, uint64_t gfn)
{
	return done(d, gfn, &seen.released);
}

int p2m_remove(struct domain *d, uint64_t gfn)
{
	return done(d, gfn, &seen.removed);
}

int p2m_map_foreign(struct domain *d, uint64_t gfn, struct domain *owner, uint64_t owner_gfn, bool readonly)
{
	assert_false(readonly);
	seen.owner = owner;
	seen.owner_gfn = owner_gfn;
	return done(d, gfn, &seen.foreign);
}

int p2m_map_xen_page(struct domain *d, uint64_t gfn, void *page, bool readonly)
{
	assert_false(readonly);
	assert_ptr_equal(page, d->xen->shared_info);
	return done(d, gfn, &seen.xen_pages);
}

int grant_map_frame(struct domain *d, uint64_t gfn, struct domain *owner, uint32_t index)
{
	seen.owner = owner;
	seen.index = index;
	return index >= 64 ? -EINVAL : done(d, gfn, &seen.frames);
}

void grant_size(struct domain *d, uint32_t *nr_frames, uint32_t *max_frames)
{
	seen.d = d;
	*nr_frames = 1;
	*max_frames = 64;
}

void xen_wallclock_start(struct domain *d)
{
	seen.clocks++;
}

void p2m_put_frame(paddr_t frame)
{
}

void p2m_free_xen_page(void *page)
{
	page_free(page, 0);
}

const struct hypercall_row hypercall_table[] = {
	[__HYPERVISOR_memory_op] = { .fn = hypercall_memory_op },
};
const unsigned int hypercall_rows = ARRAY_SIZE(hypercall_table);

static xen_pfn_t gfns[2000];

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	seen.fail_gfn = ~0ULL;
	fake_guest_reset();
	fake_guest_give(gfns, sizeof(gfns), false);
	for (unsigned int i = 0; i < ARRAY_SIZE(gfns); i++)
		gfns[i] = 1000 + i;
	v.domain = &own;
	return xen_domain_init(&own) | xen_domain_init(&other);
}

static int teardown(void **state)
{
	xen_domain_destroy(&own);
	xen_domain_destroy(&other);
	assert_int_equal(seen.refs, 0);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static unsigned int rounds;

/* To its end, as the guest executes it again. */
static int64_t op(uint64_t cmd, void *arg)
{
	v.regs.x[16] = __HYPERVISOR_memory_op;
	v.regs.x[0] = cmd;
	v.regs.x[1] = fake_guest_va(arg);
	rounds = 0;
	do {
		assert_true(++rounds < 1000);
		v.regs.pc = 0x1000;
		hypercall_trap(&v.regs);
	} while (v.regs.pc != 0x1000);
	return (int64_t)v.regs.x[0];
}

static struct xen_memory_reservation reservation(uint64_t n, unsigned int order, domid_t domid)
{
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order, .domid = domid };

	r.extent_start.q = fake_guest_va(gfns);
	return r;
}

static void balloon(void **state)
{
	struct xen_memory_reservation r = reservation(3, 0, DOMID_SELF);

	fake_guest_give(&r, sizeof(r), false);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 3);
	assert_int_equal(seen.released, 3);
	assert_int_equal(seen.gfn, 1002);
	assert_ptr_equal(seen.d, &own);
	seen.fail_gfn = 1001;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 1);
	assert_int_equal(seen.populated, 1);
	r = reservation(2, 4, OTHER);
	seen.fail_gfn = ~0ULL;
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 2);
	assert_int_equal(seen.released, 3 + 32);
	assert_ptr_equal(seen.d, &other);
}

/* However much is asked for, a call ends soon; and what was done counts once. */
static void in_parts(void **state)
{
	struct xen_memory_reservation r = reservation(2000, 0, OTHER);

	fake_guest_give(&r, sizeof(r), false);
	assert_int_equal(op(XENMEM_populate_physmap, &r), 2000);
	assert_int_equal(seen.populated, 2000);
	assert_int_equal(rounds, 4);
	r = reservation(2, 18, OTHER);
	seen.populated = 0;
	seen.again = 5;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 2);
	assert_int_equal(seen.populated, 2);
	assert_int_equal(rounds, 7);
	assert_int_equal(seen.order, 18);
}

/* Never an error: how many extents are done. */
static void bad_reservations(void **state)
{
	struct xen_memory_reservation r = reservation(1ULL << 60, 0, DOMID_SELF);

	assert_int_equal(op(XENMEM_populate_physmap, &r), 0); /* not its memory */
	fake_guest_give(&r, sizeof(r), false);
	assert_int_equal(op(XENMEM_populate_physmap, &r), 0);
	r = reservation(UINT64_MAX >> 6, 0, DOMID_SELF);
	assert_int_equal(op(XENMEM_populate_physmap, &r), ARRAY_SIZE(gfns)); /* where the list ends */
	r = reservation(1, 19, DOMID_SELF);
	assert_int_equal(op(XENMEM_populate_physmap, &r), 0);
	r = reservation(1, ~0u, DOMID_SELF);
	assert_int_equal(op(XENMEM_populate_physmap, &r), 0);
	r = reservation(1, 9, DOMID_SELF);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 0);
	r = reservation(1, 0, 77);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 0);
	r = reservation(1, 0, OTHER);
	v.domain = &other;
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 1);
	r = reservation(1, 0, 0);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 0);
	assert_int_equal(seen.released, 1);
	/* A start of the guest's own choosing is behind the end. */
	r = reservation(1, 0, DOMID_SELF);
	assert_int_equal(op(XENMEM_decrease_reservation | 5 << 6, &r), 5);
	assert_int_equal(seen.released, 1);
}

static void sizes(void **state)
{
	domid_t domid = DOMID_SELF;

	fake_guest_give(&domid, sizeof(domid), false);
	own.s2.ipa_bits = 40;
	assert_int_equal(op(XENMEM_current_reservation, &domid), 11);
	assert_int_equal(op(XENMEM_maximum_reservation, &domid), 22);
	assert_int_equal(op(XENMEM_maximum_gpfn, &domid), (1 << 28) - 1);
	domid = OTHER;
	assert_int_equal(op(XENMEM_current_reservation, &domid), 33);
	domid = 9;
	assert_int_equal(op(XENMEM_current_reservation, &domid), -ESRCH);
	domid = 0;
	v.domain = &other;
	assert_int_equal(op(XENMEM_maximum_reservation, &domid), -EPERM);
	assert_int_equal(op(XENMEM_current_reservation, NULL), -EFAULT);
}

static void own_pages(void **state)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = 7 };

	fake_guest_give(&a, sizeof(a), false);
	assert_int_equal(op(XENMEM_add_to_physmap, &a), 0);
	assert_int_equal(seen.xen_pages, 1);
	assert_int_equal(seen.clocks, 1);
	assert_int_equal(seen.gfn, 7);
	a.idx = 1;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -EINVAL);
	a.idx = 0;
	a.domid = OTHER;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), 0);
	assert_int_equal(seen.clocks, 1); /* only the domain itself starts its clock */
	a.space = XENMAPSPACE_grant_table;
	a.idx = 5;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), 0);
	assert_int_equal(seen.index, 5);
	assert_ptr_equal(seen.owner, &other);
	assert_ptr_equal(seen.d, &other);
	a.idx = 1ULL << 32;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -EINVAL);
	a.idx = XENMAPIDX_grant_table_status;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -EINVAL);
	a.space = XENMAPSPACE_gmfn_foreign;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -ENOSYS);
	a.space = XENMAPSPACE_dev_mmio;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -ENOSYS);
	a.domid = 9;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -ESRCH);
	assert_int_equal(op(XENMEM_add_to_physmap, NULL), -EFAULT);
	v.domain = &other;
	a.domid = 0;
	assert_int_equal(op(XENMEM_add_to_physmap, &a), -EPERM);
}

static void foreign_pages(void **state)
{
	static xen_ulong_t idxs[200];
	static int errs[200];
	struct xen_add_to_physmap_batch b = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 200,
	};

	b.u.foreign_domid = OTHER;
	b.idxs.q = fake_guest_va(idxs);
	b.gpfns.q = fake_guest_va(gfns);
	b.errs.q = fake_guest_va(errs);
	for (unsigned int i = 0; i < 200; i++)
		idxs[i] = 5000 + i;
	memset(errs, 1, sizeof(errs));
	fake_guest_give(&b, sizeof(b), false);
	fake_guest_give(idxs, sizeof(idxs), false);
	fake_guest_give(errs, sizeof(errs), true);
	seen.fail_gfn = 1100;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), 0);
	assert_int_equal(rounds, 4);
	assert_int_equal(seen.foreign, 199);
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(errs[i], i == 100 ? -ENOMEM : 0);
	assert_ptr_equal(seen.d, &own);
	assert_ptr_equal(seen.owner, &other);
	assert_int_equal(seen.owner_gfn, 5199);
	assert_int_equal(seen.gfn, 1199);

	b.size = 201; /* the list ends before */
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), -EFAULT);
	b.size = 0;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), 0);
	b.size = 1;
	assert_int_equal(op(XENMEM_add_to_physmap_batch | 2 << 6, &b), -EINVAL);
	b.u.foreign_domid = 0;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), -EINVAL); /* its own aren't foreign */
	b.u.foreign_domid = 9;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), -ESRCH);
	b.u.foreign_domid = DOMID_SELF;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), -ESRCH);
	b.space = XENMAPSPACE_gmfn;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), -EINVAL);
	b.space = XENMAPSPACE_gmfn_foreign;
	b.u.foreign_domid = 0;
	v.domain = &other;
	assert_int_equal(op(XENMEM_add_to_physmap_batch, &b), -EPERM);
}

static void removing(void **state)
{
	struct xen_remove_from_physmap r = { .domid = OTHER, .gpfn = 9 };

	fake_guest_give(&r, sizeof(r), false);
	assert_int_equal(op(XENMEM_remove_from_physmap, &r), 0);
	assert_ptr_equal(seen.d, &other);
	assert_int_equal(seen.gfn, 9);
	seen.fail_gfn = 9;
	assert_int_equal(op(XENMEM_remove_from_physmap, &r), -ENOMEM);
}

static void resources(void **state)
{
	struct xen_mem_acquire_resource r = { .domid = OTHER, .type = XENMEM_resource_grant_table };

	fake_guest_give(&r, sizeof(r), true);
	assert_int_equal(op(XENMEM_acquire_resource, &r), 0);
	assert_int_equal(r.nr_frames, 64);
	r.nr_frames = 2;
	r.frame = 3;
	r.frame_list.q = fake_guest_va(gfns);
	assert_int_equal(op(XENMEM_acquire_resource, &r), 0);
	assert_int_equal(seen.frames, 2);
	assert_ptr_equal(seen.d, &own); /* the caller's address space */
	assert_ptr_equal(seen.owner, &other);
	assert_int_equal(seen.index, 4);
	assert_int_equal(seen.gfn, 1001);
	r.frame = 63;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -EINVAL);
	r.nr_frames = 65;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -E2BIG);
	r.nr_frames = 1;
	r.frame_list.q = 8;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -EFAULT);
	r.id = XENMEM_resource_grant_table_id_status;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -EOPNOTSUPP);
	r.id = 0;
	r.type = XENMEM_resource_ioreq_server;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -EOPNOTSUPP);
	r.pad = 1;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -EINVAL);
	v.domain = &other;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -EPERM);
}

/* Xen's tools count on 0 for these, and on -ENOSYS for what isn't there. */
static void the_rest(void **state)
{
	assert_int_equal(op(XENMEM_get_sharing_freed_pages, NULL), 0);
	assert_int_equal(op(XENMEM_get_sharing_shared_pages, NULL), 0);
	assert_int_equal(op(XENMEM_claim_pages, NULL), -ENOSYS);
	assert_int_equal(op(XENMEM_memory_map, NULL), -ENOSYS);
	assert_int_equal(op(XENMEM_increase_reservation, NULL), -ENOSYS);
	assert_int_equal(op(63, NULL), -ENOSYS);
	assert_int_equal(op(UINT64_MAX, NULL), -ENOSYS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(balloon),   T(in_parts),      T(bad_reservations), T(sizes),    T(own_pages),
		T(foreign_pages), T(removing), T(resources),        T(the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
