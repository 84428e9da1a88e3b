/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI 1.1 (DEN0022) and SMCCC 1.2 (DEN0028) as a guest sees them, by HVC #0 or SMC #0. */
#ifndef DM_VIRT_VPSCI_H
#define DM_VIRT_VPSCI_H

#include "core/domain.h"

/*
 * The trap of HVC #0 and of SMC #0: handles the call in x0.., with the PC already behind the
 * instruction; what a guest_sync_fn returns. The result goes to x0; x1 and on stay as they are. Unknown functions get
 * NOT_SUPPORTED (-1). Afterwards v may be blocked or off, or stand at another PC.
 */
bool vpsci_trap(struct guest_regs *r);

/* Measures how long CPU_SUSPEND took, for STAT_RESIDENCY. */
extern const struct vcpu_module vpsci_vcpu_module;

#endif
