/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's timers. The virtual timer (CNTV) is the hardware's, switched with the vCPU; its
 * interrupt (PPI 27) is hardware-backed in the vGIC. While the vCPU is not on a CPU a software
 * timer wakes it. The EL1 physical timer (CNTP) is trapped and emulated on a software timer (PPI
 * 30). Also the domain's virtual offset (CNTVOFF_EL2).
 *
 * Locks: the virtual timer's fields are touched on the vCPU's CPU only, or while it isn't loaded;
 * the physical timer's under vtimer.lock, before vgic.lock and vcpu.lock.
 */
#ifndef DM_VIRT_VTIMER_H
#define DM_VIRT_VTIMER_H

#include "core/domain.h"

/*
 * In the table behind vgic_vcpu_module: the timer is off before its interrupt's state leaves the
 * CPU.
 */
extern const struct vcpu_module vtimer_vcpu_module;

enum vtimer_reg { VTIMER_CNTP_TVAL, VTIMER_CNTP_CTL, VTIMER_CNTP_CVAL };
uint64_t vtimer_read(struct vcpu *v, enum vtimer_reg reg);
void vtimer_write(struct vcpu *v, enum vtimer_reg reg, uint64_t value);

/* For irq_request_forwarded(): the physical PPI of the virtual timer. */
void vtimer_fired(uint32_t intid, void *ctx);

/*
 * Ties the domain's virtual timer interrupt to the hardware's: after vgic_create(). 0, or
 * vgic_assign_hw()'s.
 */
int vtimer_create(struct domain *d);

/* The INTIDs, from the device tree; before any domain is created. */
void vtimer_setup(uint32_t virt_intid, uint32_t phys_intid);

#endif
