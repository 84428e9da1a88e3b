/* SPDX-License-Identifier: Apache-2.0 */
/* What building Dom0 and building any other domain have in common. */
#ifndef DM_BOOT_GUEST_H
#define DM_BOOT_GUEST_H

#include "core/domain.h"
#include "lib/types.h"
#include "virt/vgic/vgic.h"

/* A domain that is built and may be started. */
struct guest {
	struct domain *domain;
	uint64_t entry; /* IPA of vCPU 0's first instruction */
	uint64_t dtb;   /* IPA of the device tree, its x0 */
};

struct guest_device {
	uint64_t base;  /* IPA */
	uint32_t intid; /* 0: there is no such device */
};

struct guest_devices {
	struct vgic_config gic;
	struct guest_device uart, rtc, gpio;
};

/*
 * Virtual GIC, timers, UART, RTC and keys of a domain being built; who is for messages. 0, or -ENOMEM,
 * -EINVAL, -ENOSPC, -EEXIST after log_err().
 */
int guest_create_devices(struct domain *d, const char *who, const struct guest_devices *devices);

#endif
