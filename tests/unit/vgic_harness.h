/* SPDX-License-Identifier: Apache-2.0 */
/* For the vGIC's tests: a domain, a physical GIC whose list registers work, and a guest that takes
 * interrupts. */
#ifndef VGIC_HARNESS_H
#define VGIC_HARNESS_H

#include "virt/vgic/vgic_priv.h"

#define GICD_BASE        0x08000000UL
#define GICR_BASE        0x080a0000UL
#define HARNESS_CPUS     4
#define HARNESS_SPURIOUS 1023U

struct phys_irq {
	bool enabled, pending, active, edge, line;
	unsigned int target;
	uint32_t active_on; /* SPIs of a GICv2: the CPUs for which it is active, as QEMU's model has it */
};

struct phys_cpu {
	struct gic_lr lr[GIC_MAX_LRS];
	uint32_t hcr;
	struct gic_vcpu_state cpuif;
	struct phys_irq ppi[32];
	uint8_t prios[64]; /* the guest's active priorities, most urgent last */
	unsigned int nr_prios;
	unsigned int lr_reads, lr_writes;
};

extern struct phys_irq phys_spi[1024];
extern struct phys_cpu phys_cpu[HARNESS_CPUS];
extern uint64_t harness_kicks; /* vCPUs kicked since harness_take_kicks() */
/* What domain_wake() was told last; 0: nothing. */
extern uint32_t harness_woken_by;
extern struct domain *dom;

/* A domain with a vGIC. vCPU n belongs to CPU n % HARNESS_CPUS. The vgic_create() result is
 * returned. */
int harness_create(unsigned int version, unsigned int nr_vcpus, unsigned int nr_spis,
                   unsigned int nr_lrs);
void harness_destroy(void);
/* Distributor on; all priorities 0xa0, everything enabled that the test enables. */
void harness_on(void);

/* The vCPU gets its CPU (and that becomes the current one), or leaves it. */
void load(unsigned int vcpu);
void unload(unsigned int vcpu);
/* vCPU n belongs to CPU n + this, if none is loaded. */
extern unsigned int harness_shift;
/* Makes the CPU of a loaded vCPU the current one. */
void on_cpu_of(unsigned int vcpu);
uint64_t take_kicks(void);

bool mmio_read(unsigned int vcpu, uint64_t addr, unsigned int size, uint64_t *value);
bool mmio_write(unsigned int vcpu, uint64_t addr, unsigned int size, uint64_t value);
/* 32 bits; must not be refused. */
uint32_t rd(unsigned int vcpu, uint64_t addr);
void wr(unsigned int vcpu, uint64_t addr, uint32_t value);

/* The address of a register array's word or byte for an INTID, as that version has it. base: 0x100,
 * ... */
uint64_t bit_reg(unsigned int vcpu, uint32_t base, uint32_t intid);
uint64_t byte_reg(unsigned int vcpu, uint32_t base, uint32_t intid);
void set_bit(unsigned int vcpu, uint32_t base, uint32_t intid);
bool get_bit(unsigned int vcpu, uint32_t base, uint32_t intid);
void set_prio(unsigned int vcpu, uint32_t intid, uint8_t priority);
void set_edge(unsigned int vcpu, uint32_t intid, bool edge);
void route(uint32_t intid, unsigned int vcpu);

#define ISENABLER 0x100
#define ICENABLER 0x180
#define ISPENDR   0x200
#define ICPENDR   0x280
#define ISACTIVER 0x300
#define ICACTIVER 0x380

/* The guest on the vCPU's CPU (made current): flushed if it must be, then acknowledges.
 * HARNESS_SPURIOUS: nothing. */
uint32_t guest_ack(unsigned int vcpu);
/* Ends it (EOImode 0) and takes the maintenance interrupts that come of it. */
void guest_eoi(unsigned int vcpu, uint32_t intid);
/* Source of the last SGI acknowledged (v2). */
extern unsigned int guest_source;
/* Takes maintenance interrupts until none is asked for; fails if that doesn't end. */
void take_maintenance(unsigned int vcpu);
/* The LR that holds it, or NULL. */
struct gic_lr *find_lr(unsigned int vcpu, uint32_t intid);

/* The physical interrupt (its line high, if it is a level) fires on that CPU, as irq_dispatch()
 * would have it. */
void phys_fire(unsigned int cpu, uint32_t intid, uint32_t vintid);

struct vgic_irq *irq_of(unsigned int vcpu, uint32_t intid);
/* Every interrupt is where vgic_priv.h says. */
void check_invariants(void);

#endif
