/* SPDX-License-Identifier: Apache-2.0 */
/* What sysctl, domctl and Dormouse's own op have in common. docs/control.md tells what they do. */
#ifndef DM_VIRT_HYPERCALL_CONTROL_H
#define DM_VIRT_HYPERCALL_CONTROL_H

#include "core/domain.h"
#include "virt/hypercall/xen_abi.h"

/* What the tools take us for: weights and caps as credit2 has them. */
#define CONTROL_SCHEDULER XEN_SCHEDULER_CREDIT2

#define CONTROL_MAX_BITMAP 8192 /* bits; more is -EINVAL */

/*
 * The low nr_bits of a set into the caller's bitmap, whose length decides how many of them go; what
 * is beyond them is cleared. 0, -EFAULT, -EINVAL (too long).
 */
int control_bitmap_put(struct vcpu *v, const struct xenctl_bitmap *to, uint64_t bits,
                       unsigned int nr_bits);
/* The first 64 bits of the caller's bitmap; those that it doesn't have are 0. */
int control_bitmap_get(struct vcpu *v, const struct xenctl_bitmap *from, uint64_t *bits);

/* The CPUs that are online, bit n for cpus[n]. */
uint64_t control_online_cpus(void);
unsigned int control_nr_online(void);

/* What Xen's tools are told of d. Any CPU; the caller has a reference. */
void control_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *out);

#endif
