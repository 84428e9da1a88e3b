/* SPDX-License-Identifier: Apache-2.0 */
/* XEN_DOMCTL_*: the control domain rules the others. docs/control.md lists what each call does. */
#include "virt/hypercall/domctl.h"

#include "arch/cache.h"
#include "arch/counter.h"
#include "core/domain_power.h"
#include "core/p2m.h"
#include "lib/err.h"
#include "lib/print.h"
#include "lib/string.h"
#include "virt/devices.h"
#include "virt/evtchn.h"
#include "virt/grant.h"
#include "virt/hypercall/control.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"

#define MAX_SPIS       960
#define FLUSH_PAGES    256     /* by one call */
#define FLUSH_MAX      BIT(20) /* Xen's limit */
#define ADDRESS_SIZE   64
#define MAX_EVTCHN     (64 * 64) /* of the 2-level ABI */
#define MAX_GNT_FRAMES 64

XEN_ASSERT_AT(struct xen_domctl, u.createdomain.max_vcpus, 16 + 28);
XEN_ASSERT_AT(struct xen_domctl, u.createdomain.arch, 16 + 56);
XEN_ASSERT_SIZE(struct xen_domctl, 144);
XEN_ASSERT_SIZE(struct xen_sysctl, 136);

/* --- life -------------------------------------------------------------------------------- */

static int check_limits(const struct xen_domctl_createdomain *c)
{
	if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS_PER_DOMAIN)
		return -EINVAL;
	if (c->arch.nr_spis > MAX_SPIS || c->vmtrace_size)
		return -EINVAL;
	if (c->max_grant_frames < -1 || c->max_grant_frames > MAX_GNT_FRAMES)
		return -EINVAL;
	return 0;
}

static uint8_t xen_gic_version(void)
{
	return devices_gic_version() == 2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3;
}

/* What there is: hardware virtualization without an IOMMU, the host's GIC, grants v1, one CPU pool,
 * no TEE. */
static int check_create(const struct xen_domctl_createdomain *c)
{
	uint8_t wanted = c->arch.gic_version;

	if (c->flags != (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap) || c->iommu_opts)
		return -EINVAL;
	if (wanted != XEN_DOMCTL_CONFIG_GIC_NATIVE && wanted != xen_gic_version())
		return -EINVAL;
	if (c->arch.tee_type != XEN_DOMCTL_CONFIG_TEE_NONE || c->grant_opts != 1)
		return -EINVAL;
	if (c->cpupool_id)
		return -ENOENT;
	return check_limits(c);
}

/* Of the domain that nobody has seen yet. */
static int build(struct domain *d, const void *arg)
{
	const struct xen_domctl_createdomain *c = arg;

	print_format(d->name, sizeof(d->name), "dom%u", d->id);
	memcpy(d->handle, c->handle, sizeof(d->handle));
	evtchn_set_limit(d, c->max_evtchn_port);
	grant_set_limit(d, (uint32_t)c->max_grant_frames); /* -1: as many as there can be */
	return devices_create(d, c->arch.nr_spis);
}

static int createdomain(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	struct xen_domctl_createdomain *c = &op->u.createdomain;
	bool any = !op->domain || op->domain >= DOMID_FIRST_RESERVED;
	const struct domain_config config = {
		.id = any ? DOMID_ANY : op->domain,
		.name = "",
		.nr_vcpus = c->max_vcpus,
		.build = build,
		.arg = c,
	};
	int err = check_create(c);
	struct domain *d;

	(void)v;
	(void)none;
	if (!err)
		err = domain_new(&config, &d);
	if (err)
		return err;
	op->domain = d->id;
	c->arch.gic_version = xen_gic_version();
	c->arch.clock_frequency = 0; /* CNTFRQ_EL0 says it */
	return 0;
}

/* The caller goes on when all that the domain had is free again. */
static int destroydomain(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	struct domain *d = domain_by_id(op->domain);
	int err;

	(void)none;
	if (!d)
		return -ESRCH;
	if (d == v->domain)
		return -EINVAL;
	err = domain_destroy(d);
	if (err && err != -EBUSY) /* dying already: that one's end will do */
		return err;
	domain_destroy_wait(d, v);
	return 0;
}

static int pausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	(void)op;
	return domain_ctl_pause(d);
}

static int unpausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	(void)op;
	return domain_ctl_unpause(d);
}

/* As Xen's: nothing to do for one that runs. */
static int resumedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	int err;

	(void)v;
	(void)op;
	if (domain_is_suspended(d)) {
		err = domain_resume(d);
		return err == -EINVAL ? 0 : err; /* it has just woken */
	}
	if (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) == DOMAIN_RUNNING)
		return 0;
	return domain_resume_shutdown(d);
}

/* --- what it is -------------------------------------------------------------------------- */

/* The domain, or the next one: who looks compares the id. */
static int getdomaininfo(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	struct domain *d = domain_get_next(op->domain);

	(void)v;
	(void)none;
	if (!d)
		return -ESRCH;
	op->domain = d->id;
	control_domain_info(d, &op->u.getdomaininfo);
	domain_put(d);
	return 0;
}

/* They were made by createdomain, all of them. */
static int max_vcpus(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	return op->u.max_vcpus.max == d->nr_vcpus ? 0 : -EINVAL;
}

/* Below what it has: it keeps that and gets no more. */
static int max_mem(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	spin_lock(&d->p2m.lock);
	d->max_pages = min_u64(op->u.max_mem.max_memkb / (PAGE_SIZE / KIB), UINT32_MAX);
	spin_unlock(&d->p2m.lock);
	return 0;
}

static int setdomainhandle(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

static int set_address_size(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	(void)d;
	return op->u.address_size.size == ADDRESS_SIZE ? 0 : -EINVAL;
}

static int get_address_size(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	(void)d;
	op->u.address_size.size = ADDRESS_SIZE;
	return 0;
}

/* There is one node. */
static int setnodeaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	uint64_t nodes;
	int err = control_bitmap_get(v, &op->u.nodeaffinity.nodemap, &nodes);

	(void)d;
	if (err)
		return err;
	return nodes & 1 ? 0 : -EINVAL;
}

static int getnodeaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)d;
	return control_bitmap_put(v, &op->u.nodeaffinity.nodemap, 1, 1);
}

/* --- memory ------------------------------------------------------------------------------ */

/* Tables come from the heap, as many as are needed. */
static int set_paging_mempool(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	(void)d;
	return IS_ALIGNED(op->u.paging_mempool.size, PAGE_SIZE) ? 0 : -EINVAL;
}

static int get_paging_mempool(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	(void)v;
	op->u.paging_mempool.size = d->s2.table_pages * PAGE_SIZE;
	return 0;
}

/* Out of the caches, for a guest that starts with its own off: what was written through Dom0's
 * mapping. */
static int cacheflush(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cacheflush *f = &op->u.cacheflush;

	(void)v;
	if (f->nr_pfns > FLUSH_MAX || f->start_pfn + f->nr_pfns < f->start_pfn)
		return -EINVAL;
	for (unsigned int i = 0; i < FLUSH_PAGES && f->nr_pfns; i++) {
		paddr_t frame;

		/* Holes are fine, as in Xen. */
		if (!p2m_get_frame(d, f->start_pfn, false, &frame)) {
			dcache_clean_invalidate(pa_ptr(frame), PAGE_SIZE);
			p2m_put_frame(frame);
		}
		f->start_pfn++;
		f->nr_pfns--;
	}
	return f->nr_pfns ? DOMCTL_AGAIN : 0;
}

/* --- dispatch ---------------------------------------------------------------------------- */

#define NO_DOMAIN 0x1 /* finds it by itself */
#define NOT_SELF  0x2 /* -EINVAL for the caller's own */
#define OUT       0x4 /* on 0 the op is copied back */

static const struct domctl_row {
	uint8_t cmd;
	uint8_t flags;
	domctl_fn *fn;
} rows[] = {
	{ XEN_DOMCTL_createdomain, NO_DOMAIN | OUT, createdomain },
	{ XEN_DOMCTL_destroydomain, NO_DOMAIN, destroydomain },
	{ XEN_DOMCTL_pausedomain, NOT_SELF, pausedomain },
	{ XEN_DOMCTL_unpausedomain, 0, unpausedomain },
	{ XEN_DOMCTL_getdomaininfo, NO_DOMAIN | OUT, getdomaininfo },
	{ XEN_DOMCTL_setvcpuaffinity, OUT, domctl_setvcpuaffinity },
	{ XEN_DOMCTL_max_mem, 0, max_mem },
	{ XEN_DOMCTL_setvcpucontext, NOT_SELF, domctl_setvcpucontext },
	{ XEN_DOMCTL_getvcpucontext, NOT_SELF, domctl_getvcpucontext },
	{ XEN_DOMCTL_getvcpuinfo, OUT, domctl_getvcpuinfo },
	{ XEN_DOMCTL_max_vcpus, NOT_SELF, max_vcpus },
	{ XEN_DOMCTL_scheduler_op, OUT, domctl_scheduler_op },
	{ XEN_DOMCTL_setdomainhandle, 0, setdomainhandle },
	{ XEN_DOMCTL_getvcpuaffinity, OUT, domctl_getvcpuaffinity },
	{ XEN_DOMCTL_resumedomain, NOT_SELF, resumedomain },
	{ XEN_DOMCTL_set_address_size, 0, set_address_size },
	{ XEN_DOMCTL_get_address_size, OUT, get_address_size },
	{ XEN_DOMCTL_setnodeaffinity, 0, setnodeaffinity },
	{ XEN_DOMCTL_getnodeaffinity, OUT, getnodeaffinity },
	{ XEN_DOMCTL_cacheflush, 0, cacheflush },
	{ XEN_DOMCTL_get_paging_mempool_size, OUT, get_paging_mempool },
	{ XEN_DOMCTL_set_paging_mempool_size, 0, set_paging_mempool },
};

static const struct domctl_row *find(uint32_t cmd)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].cmd == cmd)
			return &rows[i];
	return NULL;
}

static int call(struct vcpu *v, const struct domctl_row *row, struct xen_domctl *op)
{
	struct domain *d;
	int err = -EINVAL;

	if (row->flags & NO_DOMAIN)
		return row->fn(v, NULL, op);
	d = domain_get(op->domain);
	if (!d)
		return -ESRCH;
	if (d != v->domain || !(row->flags & NOT_SELF))
		err = row->fn(v, d, op);
	domain_put(d);
	return err;
}

int64_t hypercall_domctl(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	const struct domctl_row *row;
	struct xen_domctl op;
	int err;

	if (guest_copy_from(v, &op, a[0], sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	row = find(op.cmd);
	if (!row)
		return -ENOSYS;
	/* What has been done can't be told to somebody whose struct has gone. */
	if ((row->flags & OUT) && guest_copy_to(v, a[0], &op, sizeof(op)))
		return -EFAULT;
	err = call(v, row, &op);
	if (err < 0)
		return err;
	if ((err == DOMCTL_AGAIN || (row->flags & OUT)) && guest_copy_to(v, a[0], &op, sizeof(op)))
		return -EFAULT;
	return err == DOMCTL_AGAIN ? hypercall_again(v) : 0;
}
