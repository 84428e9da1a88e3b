/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual PL061 (DDI 0190) with nothing on it but keys: its lines are enum dm_key's, see abi/domu.h.
 * Locks: keys_lock, struct vgpio.lock, both before vgic.lock.
 */
#ifndef DM_VIRT_VGPIO_H
#define DM_VIRT_VGPIO_H

#include "core/domain.h"

/* At base (4 KiB), interrupt vintid (SPI, level). 0, -ENOMEM, or vmmio_register()'s. */
int vgpio_create(struct domain *d, ipa_t base, uint32_t vintid);
/* The domain goes: nobody touches it any more. d may have none. */
void vgpio_destroy(struct domain *d);

/* Holds the key down for a moment. 0; -EOPNOTSUPP: it has no such key. Any CPU, no lock held. */
int vgpio_press(struct domain *d, enum dm_key key);

#endif
