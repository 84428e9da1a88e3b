/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual PL031 (DDI 0224) on the machine's alarm queue. Locks: struct vrtc.lock, before
 * vgic.lock. */
#ifndef DM_VIRT_VRTC_H
#define DM_VIRT_VRTC_H

#include "core/domain.h"

int vrtc_create(struct domain *d, ipa_t base, uint32_t vintid);
/* Its alarm is cancelled already (alarm_cancel_all()). */
void vrtc_destroy(struct domain *d);

#endif
