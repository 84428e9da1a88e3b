/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC: the host's version (2 or 3), the same core under both register files.
 *
 * An interrupt is deliverable when it is enabled, its group is enabled, and it is pending (latched
 * edge or level high) and not active elsewhere. Deliverable ones of a vCPU sit in list registers,
 * most urgent first; the rest wait in its queue and a maintenance interrupt brings them in.
 *
 * Locks: struct vgic.lock (one a domain) guards all of its interrupt state; order: after vcpu.lock
 * is NOT allowed: vgic.lock first, never held while calling vcpu_kick() (docs/locking.md).
 */
#ifndef DM_VIRT_VGIC_VGIC_H
#define DM_VIRT_VGIC_VGIC_H

#include "core/domain.h"
#include "dev/gic/gic.h"
#include "lib/types.h"

/* What the domain sees; boot fills it in (Dom0: the host's own addresses). */
struct vgic_config {
	unsigned int version;
	unsigned int nr_spis; /* a multiple of 32; INTIDs 32 .. 32+nr_spis-1 */
	ipa_t gicd;
	ipa_t gicr; /* v3: contiguous redistributors, 128 KiB each, in vCPU order */
	            /* v2: the guest's GICC is the hardware's GICV, mapped in stage 2 by boot. */
};

/* Registers its MMIO regions. After domain_create(), before it starts. 0, -ENOMEM, -EINVAL. */
int vgic_create(struct domain *d, const struct vgic_config *cfg);
/* Behind its vCPUs' parts. */
void vgic_destroy(struct domain *d);

/*
 * GICv2, a domain besides Dom0: its CPU interface is the hardware's virtual one, at DOMU_GICC. Nothing to do on v3. 0, or
 * stage2_map()'s. gicv.c
 */
int vgic_map_gicv(struct domain *d, const struct gic_config *g);

/*
 * The vCPU module. load() puts the vCPU's interrupts into list registers, save() takes them out
 * again. reset() masks the CPU interface and ends what was active; pending interrupts and the whole
 * configuration stay (a guest's SYSTEM_SUSPEND and CPU_OFF keep the GIC's configuration). reset()
 * needs the vCPU unloaded, or loaded on the calling CPU. None of them may be called with a
 * vcpu.lock held.
 */
extern const struct vcpu_module vgic_vcpu_module;

/*
 * Does v, loaded on this CPU, need vgic_flush() before it enters the guest? True only after another
 * CPU changed something of it, which also kicked this CPU (vcpu_kick() after the store: the IPI's
 * DSB orders them). So the run loop must look at it after the last interrupt was taken and before
 * each entry: the loop before guest_run(), and the trap dispatcher before it returns true.
 */
static inline bool vgic_needs_flush(const struct vcpu *v)
{
	return load_once(v->vgic_dirty);
}

/* Brings list registers and state together and refills them. v is loaded on this CPU. Cheap to call
 * in vain. */
void vgic_flush(struct vcpu *v);
/* Reads the list registers in use back into the state, so that other CPUs may look at it. v is
 * loaded on this CPU. */
void vgic_sync(struct vcpu *v);

/* An edge: pending is latched. vcpu is ignored for SPIs (their target register decides). Unknown
 * INTIDs are ignored. */
void vgic_edge(struct domain *d, unsigned int vcpu, uint32_t vintid);
/* The line of an emulated or hardware-backed level interrupt. */
void vgic_line(struct domain *d, unsigned int vcpu, uint32_t vintid, bool high);

/*
 * Ties a virtual interrupt to a physical one: the guest's EOI deactivates the physical. While the
 * domain is being built. 0, -EINVAL, -EBUSY (tied already). SPIs: enable (irq_enable()),
 * configuration and target of the physical follow the guest's. PPIs (the virtual timer, one per
 * vCPU): the physical stays enabled on every CPU, whoever registered it does that once per CPU; a
 * vCPU that leaves a CPU takes the active state with it. Nobody but the guest may deactivate the
 * physical interrupt once vgic_hw_fired() or vgic_hw_ppi_fired() was told.
 */
int vgic_assign_hw(struct domain *d, uint32_t vintid, uint32_t intid);
/* irq_guest_fn: the physical interrupt was taken (priority dropped, active). */
void vgic_hw_fired(struct domain *d, uint32_t vintid, uint32_t intid);
/* The same for the calling CPU's loaded vCPU's hardware-backed PPI. */
void vgic_hw_ppi_fired(struct vcpu *v, uint32_t vintid, uint32_t intid);

/* EL2's maintenance interrupt: irq_handler_fn, for every CPU. */
void vgic_maintenance(uint32_t intid, void *ctx);

/*
 * Is anything deliverable to v? What ends a WFI. Neither GICC_PMR/ICC_PMR nor the running priority
 * is looked at: a WFI may end early. The vCPU may be anywhere; the answer is exact where it is
 * loaded or if it isn't loaded at all, and may be a false true elsewhere.
 */
bool vgic_pending(struct vcpu *v);
/*
 * Enabled and pending in any state of masking or group enable: what counts as a wake-up of a
 * suspended or suspending domain. SPIs but `except` (0: none), and, if wanted, PPIs that are not
 * hardware-backed (of powered-on vCPUs); not SGIs and timers, which lose power with their CPU.
 * *vintid gets it (the lowest). False if none. Exact only if the domain's other vCPUs are not
 * loaded anywhere, which those that are off are not (vcpu_power_off()).
 *
 * The same, when it becomes so while the domain is suspended, is told domain_wake().
 */
bool vgic_wake_pending(struct domain *d, bool ppis, uint32_t except, uint32_t *vintid);

/*
 * ICC_SGI1R_EL1 written (v3; IHI 0069 12.2). All interrupts of a guest are group 1, so writes of
 * ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 reach none and should be ignored by the caller.
 */
void vgic_sgi_sysreg(struct vcpu *v, uint64_t value);

#endif
