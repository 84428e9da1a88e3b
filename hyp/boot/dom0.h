/* SPDX-License-Identifier: Apache-2.0 */
/* Dom0: domain 0, made from the plan. */
#ifndef DM_BOOT_DOM0_H
#define DM_BOOT_DOM0_H

#include "boot/guest.h"
#include "boot/hostdt.h"
#include "boot/layout.h"
#include "boot/passthrough.h"
#include "lib/types.h"

/*
 * Makes Dom0, but for starting it: device tree, RAM and devices in stage 2, virtual GIC, UART and
 * RTC, interrupts, kernel and ramdisk. Writes over its own modules at most: the host's tree and
 * other domains' modules stay. When: see boot_domains(). 0, or -ENOMEM, -ENOSPC, -EINVAL after
 * log_err().
 */
int dom0_build(const struct host_info *h, const struct boot_plan *p,
               const struct passthrough *passed, struct guest *out);

#endif
