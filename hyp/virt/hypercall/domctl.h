/* SPDX-License-Identifier: Apache-2.0 */
/* Between domctl.c, which dispatches, and domctl_vcpu.c. */
#ifndef DM_VIRT_HYPERCALL_DOMCTL_H
#define DM_VIRT_HYPERCALL_DOMCTL_H

#include "core/domain.h"
#include "virt/hypercall/xen_abi.h"

/*
 * The op has been copied from the caller. d is the domain that it names, with a reference held, not
 * dying; or NULL where the row says so. 0, -errno, or DOMCTL_AGAIN: op says what is left to do, the
 * caller is to call again.
 */
typedef int domctl_fn(struct vcpu *v, struct domain *d, struct xen_domctl *op);
#define DOMCTL_AGAIN 1

domctl_fn domctl_setvcpucontext;
domctl_fn domctl_getvcpucontext;
domctl_fn domctl_getvcpuinfo;
domctl_fn domctl_setvcpuaffinity;
domctl_fn domctl_getvcpuaffinity;
domctl_fn domctl_scheduler_op;

#endif
