/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels, Xen's 2-level ABI (public/event_channel.h): ports of a domain that are bound to
 * a port of another one, to a vIRQ or to itself. What happens at one sets a bit in the
 * domain's shared_info; the vCPU learns of it by the upcall interrupt (domain.xen_ppi).
 *
 * Errors are what EVTCHNOP_* hand to the guest. docs/events-and-grants.md tells how it works.
 *
 * Locks: evtchn_topology (evtchn.c), then evtchn_domain.lock; both above vgic.lock and domain.lock,
 * so a caller holds neither those nor anything below.
 */
#ifndef DM_VIRT_EVTCHN_H
#define DM_VIRT_EVTCHN_H

#include "core/domain.h"
#include "lib/types.h"

#define EVTCHN_PORTS 4096 /* what the ABI has room for; port 0 is none */

struct evtchn_status; /* Xen's */

/* vIRQs that the hypervisor raises (public/xen.h, VIRQ_*). */
enum evtchn_virq {
	EVTCHN_VIRQ_CONSOLE = 2,  /* input for Dom0's hypervisor console */
	EVTCHN_VIRQ_DOM_EXC = 3,  /* a domain's state changed */
	EVTCHN_VIRQ_CON_RING = 8, /* the hypervisor's log grew */
};

/* For a domain being built, d->xen is there: 0 or -ENOMEM. Up to EVTCHN_PORTS ports. */
int evtchn_init(struct domain *d);
/* The highest port that it may have; more than there can be means as many as there can be. */
void evtchn_set_limit(struct domain *d, uint32_t max_port);
/*
 * struct domain_module's. stop closes all ports, so that those of peers are unbound, and there will be no new ones; destroy
 * frees the table. Harmless if there is none.
 */
void evtchn_stop(struct domain *d);
void evtchn_destroy(struct domain *d);

/* The lowest free port waits for remote_dom. 0, -ENOSPC, -ENOMEM. */
int evtchn_alloc_unbound(struct domain *d, uint16_t remote_dom, uint32_t *port);
/*
 * A new port of d and remote's port, which waits for d, become one channel; the new port is set pending once. 0, -EINVAL
 * (remote's isn't waiting for d), -ENOSPC, -ENOMEM. The caller has a reference to remote, which may be d.
 */
int evtchn_bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port,
			    uint32_t *port);
/* 0, -EINVAL (no such vIRQ, or one that is vCPU 0's only), -ENOENT (no such vCPU), -EEXIST (bound already), -ENOSPC, -ENOMEM. */
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port);
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port);
/* 0, -EINVAL. The peer's port waits for d again. */
int evtchn_close(struct domain *d, uint32_t port);
/* 0, also for a port that nobody has bound yet; -EINVAL. */
int evtchn_send(struct domain *d, uint32_t port);
/* *out but its input fields. 0, -EINVAL (no such port). */
int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *out);
/* 0, -ENOENT (no such vCPU), -EINVAL. */
int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
/* Clears the mask and delivers what is pending. 0, -EINVAL. */
int evtchn_unmask(struct domain *d, uint32_t port);
/* Closes ports, at most `max`; true: there may be more. */
bool evtchn_reset(struct domain *d, unsigned int max);

/* 0, or -ENOENT: d has not bound it. Any CPU. */
int evtchn_raise_virq(struct domain *d, uint32_t virq);

/*
 * v's vcpu_info is elsewhere now (stored before): whatever is pending anywhere is looked for there, and the
 * upcall is raised. A spurious one does no harm.
 */
void evtchn_vcpu_info_moved(struct vcpu *v);

/*
 * A bound port that is pending, in whatever mask: what counts as a wake-up of a domain that suspends itself
 * (domain_wake_event() is told when one becomes so). *port gets the lowest; false if none.
 */
bool evtchn_wake_pending(struct domain *d, uint32_t *port);

/* A vCPU that starts anew gets an upcall that was raised and not handled. */
extern const struct vcpu_module evtchn_vcpu_module;

#endif
