/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_*: a[0] is the operation, a[1] an array of a[2] structures. Each has a status of its own; an error of the call
 * itself says that nothing more was done.
 */
#include "arch/cache.h"
#include "lib/err.h"
#include "virt/grant.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/target.h"

#define AT_ONCE 32

/* How many are done stands above the operation when the call is made again. */
#define OP_BITS	  8
#define OP_MASK	  (BIT(OP_BITS) - 1)
#define MAX_COUNT (BIT(32 - OP_BITS) - 1)

union arg {
	struct gnttab_map_grant_ref map;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_copy copy;
	struct gnttab_query_size query_size;
	struct gnttab_set_version set_version;
	struct gnttab_get_version get_version;
	struct gnttab_cache_flush cache_flush;
};

static int do_map(struct vcpu *v, union arg *a)
{
	grant_map(v->domain, &a->map);
	return 0;
}

static int do_unmap(struct vcpu *v, union arg *a)
{
	grant_unmap(v->domain, &a->unmap);
	return 0;
}

static int do_copy(struct vcpu *v, union arg *a)
{
	grant_copy(v->domain, &a->copy);
	return 0;
}

static int do_query_size(struct vcpu *v, union arg *a)
{
	struct gnttab_query_size *q = &a->query_size;
	struct domain *d;
	int err = hypercall_target(v, q->dom, &d);

	if (err) {
		q->status = err == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
		return 0;
	}
	grant_size(d, &q->nr_frames, &q->max_nr_frames);
	q->status = GNTST_okay;
	domain_put(d);
	return 0;
}

/* The guest reads there what it has got. */
static int do_set_version(struct vcpu *v, union arg *a)
{
	uint32_t wanted = a->set_version.version;

	(void)v;
	a->set_version.version = 1;
	if (wanted == 1)
		return 0;
	return wanted == 2 ? -ENOSYS : -EINVAL;
}

static int do_get_version(struct vcpu *v, union arg *a)
{
	struct domain *d;
	int err = hypercall_target(v, a->get_version.dom, &d);

	if (err)
		return err;
	a->get_version.version = 1;
	domain_put(d);
	return 0;
}

/*
 * For who has devices that don't see the caches: Dom0, whose bus addresses are the machine's. Dirty lines are written
 * back before they are dropped whatever was asked for, so it doesn't matter whose they are.
 */
static int do_cache_flush(struct vcpu *v, union arg *a)
{
	const struct gnttab_cache_flush *f = &a->cache_flush;
	paddr_t pa = pa_make(f->a.dev_bus_addr + f->offset);

	if (f->op & GNTTAB_CACHE_SOURCE_GREF)
		return -EOPNOTSUPP;
	if (f->op & ~(uint32_t)(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL) ||
	    f->offset + f->length > PAGE_SIZE)
		return -EINVAL;
	if (!f->op || !f->length)
		return 0;
	if (!v->domain->privileged)
		return -EPERM;
	if ((pa.raw & (PAGE_SIZE - 1)) + f->length > PAGE_SIZE)
		return -EINVAL;
	return dcache_flush_pa(pa, f->length) ? 0 : -EINVAL;
}

static const struct row {
	int (*fn)(struct vcpu *v, union arg *a);
	uint8_t size;
	bool out; /* and the structure goes back */
} rows[] = {
	[GNTTABOP_map_grant_ref] = { do_map, sizeof(struct gnttab_map_grant_ref), true },
	[GNTTABOP_unmap_grant_ref] = { do_unmap, sizeof(struct gnttab_unmap_grant_ref), true },
	[GNTTABOP_copy] = { do_copy, sizeof(struct gnttab_copy), true },
	[GNTTABOP_query_size] = { do_query_size, sizeof(struct gnttab_query_size), true },
	[GNTTABOP_set_version] = { do_set_version, sizeof(struct gnttab_set_version), true },
	[GNTTABOP_get_version] = { do_get_version, sizeof(struct gnttab_get_version), true },
	[GNTTABOP_cache_flush] = { do_cache_flush, sizeof(struct gnttab_cache_flush), false },
};

static int one(struct vcpu *v, const struct row *row, uint64_t va)
{
	union arg arg;
	int err;

	if (guest_copy_from(v, &arg, va, row->size))
		return -EFAULT;
	err = row->fn(v, &arg);
	if (row->out && guest_copy_to(v, va, &arg, row->size))
		return -EFAULT;
	return err;
}

int64_t hypercall_grant_table_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	uint32_t op = (uint32_t)a[0] & OP_MASK;
	uint64_t done = (uint32_t)a[0] >> OP_BITS;
	uint64_t count = (uint32_t)a[2];
	const struct row *row = op < ARRAY_SIZE(rows) && rows[op].fn ? &rows[op] : NULL;

	if (!row)
		return -ENOSYS;
	if (count > MAX_COUNT)
		return -EINVAL;
	for (unsigned int n = 0; done < count; n++, done++) {
		int err;

		if (n == AT_ONCE)
			return hypercall_again_with(v, 0, op | done << OP_BITS);
		err = one(v, row, a[1] + done * row->size);
		if (err)
			return err;
	}
	return 0;
}
