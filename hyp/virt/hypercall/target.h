/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a hypercall is about. */
#ifndef DM_VIRT_HYPERCALL_TARGET_H
#define DM_VIRT_HYPERCALL_TARGET_H

#include "core/domain.h"
#include "lib/err.h"
#include "virt/hypercall/xen_abi.h"

/*
 * The domain that v means by domid: itself (DOMID_SELF or its own), or another one if v may rule others. 0, and a
 * reference to be put; -EPERM; -ESRCH. The order tells an unprivileged domain nothing about others.
 */
static inline int hypercall_target(struct vcpu *v, uint16_t domid, struct domain **d)
{
	if (domid == DOMID_SELF)
		domid = v->domain->id;
	if (domid != v->domain->id && !v->domain->privileged)
		return -EPERM;
	*d = domain_get(domid);
	return *d ? 0 : -ESRCH;
}

#endif
