/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of a domain that is made while the machine runs, where include/abi/domu.h has them:
 * the same as a dom0less one's.
 */
#ifndef DM_VIRT_DEVICES_H
#define DM_VIRT_DEVICES_H

#include "abi/dormouse.h"
#include "core/domain.h"

struct gic_config; /* dev/gic/gic.h */

/* Boot: the host's controller, which stays there. main.c. */
void devices_set_gic(const struct gic_config *gic);
unsigned int devices_gic_version(void);

/*
 * What every domain has: GIC with room for nr_spis SPIs of its own besides those of the devices
 * below, timers, Xen's interface. For domain_config.build. 0, -ENOMEM, -EINVAL (more vCPUs than a
 * GICv2 has room for).
 */
int devices_create(struct domain *d, unsigned int nr_spis);

/*
 * add: DM_DEVICE_*. 0; -EBUSY: it isn't being built any more (has been given a vCPU's registers);
 * -EEXIST: it has one of them, -EINVAL: no such device: then none is added. -ENOMEM: those that
 * went before are. -ETIMEDOUT as domain_pause_sync().
 */
int devices_add(struct domain *d, uint32_t add);
/* The DM_DEVICE_* that it has. */
uint32_t devices_of(const struct domain *d);

#endif
