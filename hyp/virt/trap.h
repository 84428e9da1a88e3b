/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when a guest ends up in EL2, and what makes it do so: the trap controls.
 * No guest's doing ends in a panic: what isn't known gets the architected answer.
 *
 * Locks: none held on entry and exit; handlers take their own.
 */
#ifndef DM_VIRT_TRAP_H
#define DM_VIRT_TRAP_H

#include "arch/guest.h"
#include "core/domain.h"
#include "lib/types.h"

/*
 * For guest_set_handlers(). Each r is the regs of a struct vcpu, loaded on the calling CPU. They return true to go on in the
 * guest at once; false: the CPU's main loop has to look, because the vCPU is blocked or off, or struct cpu.work isn't 0.
 */
extern const struct guest_handlers trap_handlers;

/*
 * The controls, for struct el2_config: the same on all CPUs and for all domains. They look at the
 * calling CPU's ID registers, so that bits of absent extensions stay 0.
 */
uint64_t trap_hcr_el2(void);
uint64_t trap_cptr_el2(void);
uint64_t trap_mdcr_el2(void);
uint64_t trap_cnthctl_el2(void);
uint64_t trap_hstr_el2(void);

#endif
