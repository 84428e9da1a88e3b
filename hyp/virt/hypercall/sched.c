/* SPDX-License-Identifier: Apache-2.0 */
/* sched_op: giving way, waiting, going down (public/sched.h). */
#include "core/watchdog.h"
#include "lib/err.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/target.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"

#define MAX_POLLED 128

/* As a WFI would. */
static int64_t block(struct vcpu *v, uint64_t va)
{
	(void)va;
	vcpu_block(v, VCPU_BLOCK_WFI);
	if (vgic_pending(v))
		vcpu_unblock(v, VCPU_BLOCK_WFI);
	return 0;
}

static int64_t yield(struct vcpu *v, uint64_t va)
{
	(void)va;
	vcpu_yield(v);
	return 0;
}

static int reason_of(const struct domain *d, uint32_t reason, enum domain_shutdown_reason *out)
{
	*out = (enum domain_shutdown_reason)reason;
	/* The control domain doesn't suspend by what another domain would have to undo. */
	return reason > SHUTDOWN_watchdog || (d->privileged && reason == SHUTDOWN_suspend) ? -EINVAL : 0;
}

static int64_t go_down(struct vcpu *v, uint64_t va)
{
	enum domain_shutdown_reason reason;
	struct sched_shutdown s;

	if (guest_copy_from(v, &s, va, sizeof(s)))
		return -EFAULT;
	if (reason_of(v->domain, s.reason, &reason))
		return -EINVAL;
	domain_shutdown(v->domain, reason);
	/*
	 * Seen only by who is resumed after a suspend: 1 says that it was cancelled, and that what the domain had is as it
	 * was. 0 would make it register all anew, which no Linux on Arm survives.
	 */
	return reason == DOMAIN_SUSPEND ? 1 : 0;
}

/* Looks, and gives way if nothing is there: a poll may return early. */
static int64_t poll(struct vcpu *v, uint64_t va)
{
	const uint64_t *pending = (const uint64_t *)v->domain->xen->shared_info->evtchn_pending;
	struct sched_poll p;

	if (guest_copy_from(v, &p, va, sizeof(p)))
		return -EFAULT;
	if (p.nr_ports > MAX_POLLED)
		return -EINVAL;
	for (unsigned int i = 0; i < p.nr_ports; i++) {
		evtchn_port_t port;

		if (guest_copy_from_at(v, &port, p.ports.q, i, sizeof(port)))
			return -EFAULT;
		if (port >= sizeof(v->domain->xen->shared_info->evtchn_pending) * 8)
			return -EINVAL;
		if (__atomic_load_n(&pending[port / 64], __ATOMIC_ACQUIRE) & BIT(port % 64))
			return 0;
	}
	vcpu_yield(v);
	return 0;
}

static int64_t remote_shutdown(struct vcpu *v, uint64_t va)
{
	enum domain_shutdown_reason reason;
	struct sched_remote_shutdown s;
	struct domain *d;
	int err;

	if (guest_copy_from(v, &s, va, sizeof(s)))
		return -EFAULT;
	if (!v->domain->privileged)
		return -EPERM;
	err = hypercall_target(v, s.domain_id, &d);
	if (err)
		return err;
	/* Itself it would do by SCHEDOP_shutdown. */
	err = d == v->domain ? -EPERM : reason_of(d, s.reason, &reason);
	if (!err)
		domain_shutdown(d, reason);
	domain_put(d);
	return err;
}

static int64_t watchdog(struct vcpu *v, uint64_t va)
{
	struct sched_watchdog w;

	if (guest_copy_from(v, &w, va, sizeof(w)))
		return -EFAULT;
	return watchdog_set(v->domain, w.id, w.timeout);
}

static int64_t (*const ops[])(struct vcpu *v, uint64_t va) = {
	[SCHEDOP_yield] = yield,
	[SCHEDOP_block] = block,
	[SCHEDOP_shutdown] = go_down,
	[SCHEDOP_poll] = poll,
	[SCHEDOP_remote_shutdown] = remote_shutdown,
	[SCHEDOP_watchdog] = watchdog,
};

int64_t hypercall_sched_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	return a[0] < ARRAY_SIZE(ops) && ops[a[0]] ? ops[a[0]](v, a[1]) : -ENOSYS;
}
