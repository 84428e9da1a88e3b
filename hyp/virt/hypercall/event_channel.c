/* SPDX-License-Identifier: Apache-2.0 */
/* EVTCHNOP_*: a[0] is the operation, a[1] where its structure is. The FIFO ABI isn't offered: -ENOSYS, as 2-level Xens say. */
#include "lib/err.h"
#include "virt/evtchn.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/target.h"

#define RESET_AT_ONCE 64

union arg {
	struct evtchn_alloc_unbound alloc_unbound;
	struct evtchn_bind_interdomain bind_interdomain;
	struct evtchn_bind_virq bind_virq;
	struct evtchn_bind_ipi bind_ipi;
	struct evtchn_close close;
	struct evtchn_send send;
	struct evtchn_status status;
	struct evtchn_bind_vcpu bind_vcpu;
	struct evtchn_unmask unmask;
	struct evtchn_reset reset;
};

static int64_t do_alloc_unbound(struct vcpu *v, union arg *a)
{
	uint16_t remote = a->alloc_unbound.remote_dom;
	struct domain *d;
	int err = hypercall_target(v, a->alloc_unbound.dom, &d);

	if (err)
		return err;
	err = evtchn_alloc_unbound(d, remote == DOMID_SELF ? v->domain->id : remote,
				   &a->alloc_unbound.port);
	domain_put(d);
	return err;
}

/* Whoever allocated the remote port said who may bind it, so no privilege is asked for. */
static int64_t do_bind_interdomain(struct vcpu *v, union arg *a)
{
	uint16_t id = a->bind_interdomain.remote_dom;
	struct domain *remote = domain_get(id == DOMID_SELF ? v->domain->id : id);
	int err;

	if (!remote)
		return -ESRCH;
	err = evtchn_bind_interdomain(v->domain, remote, a->bind_interdomain.remote_port,
				      &a->bind_interdomain.local_port);
	domain_put(remote);
	return err;
}

static int64_t do_bind_virq(struct vcpu *v, union arg *a)
{
	return evtchn_bind_virq(v->domain, a->bind_virq.virq, a->bind_virq.vcpu,
				&a->bind_virq.port);
}

static int64_t do_bind_ipi(struct vcpu *v, union arg *a)
{
	return evtchn_bind_ipi(v->domain, a->bind_ipi.vcpu, &a->bind_ipi.port);
}

static int64_t do_close(struct vcpu *v, union arg *a)
{
	return evtchn_close(v->domain, a->close.port);
}

static int64_t do_send(struct vcpu *v, union arg *a)
{
	return evtchn_send(v->domain, a->send.port);
}

static int64_t do_status(struct vcpu *v, union arg *a)
{
	struct domain *d;
	int err = hypercall_target(v, a->status.dom, &d);

	if (err)
		return err;
	err = evtchn_status(d, a->status.port, &a->status);
	domain_put(d);
	return err;
}

static int64_t do_bind_vcpu(struct vcpu *v, union arg *a)
{
	return evtchn_bind_vcpu(v->domain, a->bind_vcpu.port, a->bind_vcpu.vcpu);
}

static int64_t do_unmask(struct vcpu *v, union arg *a)
{
	return evtchn_unmask(v->domain, a->unmask.port);
}

static int64_t do_reset(struct vcpu *v, union arg *a)
{
	struct domain *d;
	bool more;
	int err = hypercall_target(v, a->reset.dom, &d);

	if (err)
		return err;
	/* What is closed is closed, so the next call goes on with the rest. */
	more = evtchn_reset(d, RESET_AT_ONCE);
	domain_put(d);
	return more ? hypercall_again(v) : 0;
}

static const struct row {
	int64_t (*fn)(struct vcpu *v, union arg *a);
	uint8_t size;
	bool out; /* and the structure goes back */
} rows[] = {
	[EVTCHNOP_bind_interdomain] = { do_bind_interdomain, sizeof(struct evtchn_bind_interdomain),
					true },
	[EVTCHNOP_bind_virq] = { do_bind_virq, sizeof(struct evtchn_bind_virq), true },
	[EVTCHNOP_close] = { do_close, sizeof(struct evtchn_close), false },
	[EVTCHNOP_send] = { do_send, sizeof(struct evtchn_send), false },
	[EVTCHNOP_status] = { do_status, sizeof(struct evtchn_status), true },
	[EVTCHNOP_alloc_unbound] = { do_alloc_unbound, sizeof(struct evtchn_alloc_unbound), true },
	[EVTCHNOP_bind_ipi] = { do_bind_ipi, sizeof(struct evtchn_bind_ipi), true },
	[EVTCHNOP_bind_vcpu] = { do_bind_vcpu, sizeof(struct evtchn_bind_vcpu), false },
	[EVTCHNOP_unmask] = { do_unmask, sizeof(struct evtchn_unmask), false },
	[EVTCHNOP_reset] = { do_reset, sizeof(struct evtchn_reset), false },
};

int64_t hypercall_event_channel_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	uint32_t op = (uint32_t)a[0];
	const struct row *row = op < ARRAY_SIZE(rows) && rows[op].fn ? &rows[op] : NULL;
	union arg arg;
	int64_t result;

	if (!row)
		return -ENOSYS;
	if (guest_copy_from(v, &arg, a[1], row->size))
		return -EFAULT;
	result = row->fn(v, &arg);
	/* A port whose number can't be told stays, as with Xen: the guest may find it by status. */
	if (!result && row->out && guest_copy_to(v, a[1], &arg, row->size))
		return -EFAULT;
	return result;
}
