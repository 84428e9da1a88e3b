/* SPDX-License-Identifier: Apache-2.0 */
/* hvm_op: the parameters by which a guest finds its Xenstore and console pages (public/hvm/params.h). */
#include "lib/err.h"
#include "virt/evtchn.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/target.h"
#include "virt/hypercall/xen_domain.h"

/* The toolstack sets them; the guest reads its own but for the last. */
#define GUEST_READS                                                                 \
	(BIT(HVM_PARAM_CALLBACK_IRQ) | BIT(HVM_PARAM_STORE_PFN) |                   \
	 BIT(HVM_PARAM_STORE_EVTCHN) | BIT(HVM_PARAM_CONSOLE_PFN) |                 \
	 BIT(HVM_PARAM_CONSOLE_EVTCHN))
#define TOOLSTACK_SETS (GUEST_READS | BIT(HVM_PARAM_MONITOR_RING_PFN))

_Static_assert(HVM_NR_PARAMS <= 64, "a bit each");

static int access(const struct vcpu *v, const struct domain *d, uint32_t index, bool set)
{
	bool own = v->domain == d;

	if (index >= HVM_NR_PARAMS || !(TOOLSTACK_SETS & BIT(index)))
		return -EINVAL;
	if (own && (set || !(GUEST_READS & BIT(index))))
		return -EPERM;
	return 0;
}

int xen_await_xenstore(struct domain *d)
{
	uint32_t port;
	int err = evtchn_alloc_unbound(d, DOMID_DOM0, &port);

	if (err)
		return err;
	d->xen->hvm_params[HVM_PARAM_STORE_EVTCHN] = port;
	d->xen->hvm_params[HVM_PARAM_STORE_PFN] = ~(uint64_t)0;
	return 0;
}

uint64_t xen_hvm_param(struct domain *d, unsigned int index)
{
	uint64_t value;

	spin_lock(&d->xen->lock);
	value = d->xen->hvm_params[index];
	spin_unlock(&d->xen->lock);
	return value;
}

int64_t hypercall_hvm_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	bool set = a[0] == HVMOP_set_param;
	struct xen_hvm_param p;
	struct domain *d;
	int err;

	if (a[0] != HVMOP_set_param && a[0] != HVMOP_get_param)
		return -ENOSYS;
	if (guest_copy_from(v, &p, a[1], sizeof(p)))
		return -EFAULT;
	err = hypercall_target(v, p.domid, &d);
	if (err)
		return err;
	err = access(v, d, p.index, set);
	if (!err && set) {
		spin_lock(&d->xen->lock);
		d->xen->hvm_params[p.index] = p.value;
		spin_unlock(&d->xen->lock);
	} else if (!err) {
		p.value = xen_hvm_param(d, p.index);
		err = guest_copy_to(v, a[1], &p, sizeof(p));
	}
	domain_put(d);
	return err;
}
