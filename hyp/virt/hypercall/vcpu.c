/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_op: where a vCPU looks for its events (public/vcpu.h). */
#include "core/p2m.h"
#include "lib/err.h"
#include "virt/evtchn.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"

/*
 * Once in a domain's life, as in Xen; the same place again is fine. The page stays in use until the domain has gone,
 * so that an event finds it whatever the guest does with its memory meanwhile.
 */
static int register_info(struct vcpu *target, const struct vcpu_register_vcpu_info *r)
{
	struct xen_domain *x = target->domain->xen;
	struct xen_vcpu *xv = xen_vcpu(target);
	uint64_t gpa = r->mfn << PAGE_SHIFT | r->offset;
	struct vcpu_info *info;
	paddr_t frame;
	int err;

	if (r->offset > PAGE_SIZE - sizeof(*info) || !IS_ALIGNED(r->offset, sizeof(uint64_t)) ||
	    r->mfn >= BIT(64 - PAGE_SHIFT))
		return -EINVAL;
	err = p2m_get_own_frame(target->domain, r->mfn, true, &frame);
	if (err)
		return err;
	info = pa_ptr(pa_make(frame.raw + r->offset));
	spin_lock(&x->lock);
	if (xv->gpa != XEN_NOT_REGISTERED)
		err = xv->gpa == gpa ? -EEXIST : -EINVAL;
	if (!err) {
		xv->gpa = gpa;
		xv->frame = frame;
		*info = *xv->info;
		/* Who has raised an event and read the old place before this: see xen_vcpu_info(). */
		__atomic_store_n(&xv->info, info, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&x->lock);
	if (err) {
		p2m_put_frame(frame);
		return err == -EEXIST ? 0 : err;
	}
	evtchn_vcpu_info_moved(target);
	return 0;
}

int64_t hypercall_vcpu_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct domain *d = v->domain;
	struct vcpu_register_vcpu_info r;

	if (a[1] >= d->nr_vcpus)
		return -ENOENT;
	switch (a[0]) {
	case VCPUOP_register_vcpu_info:
		if (guest_copy_from(v, &r, a[2], sizeof(r)))
			return -EFAULT;
		return register_info(d->vcpus[a[1]], &r);
	case VCPUOP_register_runstate_memory_area:
		/* The zeroes that are there say that no time was ever stolen. */
		return 0;
	default:
		return -ENOSYS;
	}
}
