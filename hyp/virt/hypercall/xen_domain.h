/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every domain has of Xen's ABI: its shared_info page, where its vCPUs' vcpu_info are, its HVM
 * parameters. All of it is kept over CPU_OFF, CPU_ON and suspend: Linux registers nothing again.
 */
#ifndef DM_VIRT_HYPERCALL_XEN_DOMAIN_H
#define DM_VIRT_HYPERCALL_XEN_DOMAIN_H

#include "arch/spinlock.h"
#include "core/domain.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_abi.h"

struct evtchn_domain; /* virt/evtchn */
struct grant_table;   /* virt/grant */

#define XEN_NOT_REGISTERED (~(uint64_t)0)

struct xen_vcpu {
	struct vcpu_info *info;	   /* atomic, never NULL: where the guest looks, see xen_vcpu_info() */
	struct vcpu_info unregistered; /* until it has registered its own; vCPU 0: in shared_info */
	uint64_t gpa;		   /* xen_domain.lock: of the registered one, or XEN_NOT_REGISTERED */
	paddr_t frame;		   /* xen_domain.lock: its page, kept from going (p2m_get_own_frame()) */
	/* Its CPU alone: what hypercall_again_with() says. */
	uint32_t again_mask;
	uint64_t again[HYPERCALL_ARGS];
};

struct xen_domain {
	struct spinlock lock;
	struct shared_info *shared_info; /* constant; a page */
	uint64_t clock_start;		 /* atomic; counter when the domain's clock started, or 0 */
	uint64_t hvm_params[HVM_NR_PARAMS]; /* lock */
	struct evtchn_domain *evtchn;	 /* virt/evtchn's */
	struct grant_table *grant;	 /* virt/grant's */
	unsigned int nr_vcpus;
	struct xen_vcpu vcpus[];
};

/* struct domain_module's, before those of event channels and grants: d->xen. */
int xen_domain_init(struct domain *d);
void xen_domain_destroy(struct domain *d);

static inline struct xen_vcpu *xen_vcpu(const struct vcpu *v)
{
	return &v->domain->xen->vcpus[v->id];
}

/*
 * Where to set upcall_pending and pending_sel for v. It moves when the guest registers it; who has set a pending bit in
 * shared_info before he reads this loses nothing: what has moved is scanned as a whole.
 */
static inline struct vcpu_info *xen_vcpu_info(const struct vcpu *v)
{
	return __atomic_load_n(&xen_vcpu(v)->info, __ATOMIC_SEQ_CST);
}

/* The domain's clock starts, unless it has already: from here on its shared_info tells the time. */
void xen_wallclock_start(struct domain *d);
/* Tells it anew. */
void xen_wallclock_update(struct domain *d);
/*
 * d, being built, will be connected to Xenstore by Dom0 when that has come up: till then its kernel waits for an event
 * (Xen's docs, dom0less). 0, or evtchn_alloc_unbound()'s.
 */
int xen_await_xenstore(struct domain *d);

/* HVM parameters; index < HVM_NR_PARAMS. */
uint64_t xen_hvm_param(struct domain *d, unsigned int index);

#endif
