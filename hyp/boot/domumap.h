/* SPDX-License-Identifier: Apache-2.0 */
/* Where a domain besides Dom0 has its virtual devices: no RAM and no device of the machine's goes there. Pure. */
#ifndef DM_BOOT_DOMUMAP_H
#define DM_BOOT_DOMUMAP_H

#include "abi/domu.h"
#include "boot/ranges.h"
#include "lib/types.h"

/* What is in [base, base + size) of guest addresses already, or NULL. */
const char *domumap_taken(uint64_t base, uint64_t size);

/* Takes all such places out of rs. 0 or -ENOSPC. */
int domumap_remove(struct ranges *rs);

/* The same for its interrupts: whose it is, or NULL. */
const char *domumap_interrupt(uint32_t vintid);

#endif
