/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3's CPU interface and virtual interface: the part in the calling CPU's system registers.
 * Private to dev/gic. The functions named like members of struct gic_ops are those. No locks.
 */
#ifndef DM_DEV_GIC_GIC_V3_CPU_H
#define DM_DEV_GIC_GIC_V3_CPU_H

#include "dev/gic/gic.h"
#include "lib/types.h"

/* System register access on. 0, or -ENODEV: it doesn't stick, the GIC is in legacy mode. */
int gic_v3_cpu_enable_sre(void);
/* nr_lrs and nr_prio_bits of *limits. After enable_sre. */
void gic_v3_cpu_limits(struct gic_limits *limits);
/* No interrupts, physical or virtual. */
void gic_v3_cpu_stop(void);
/* After stop: from any state to ours, on. */
void gic_v3_cpu_start(void);

struct gic_v3_cpu_state {
	uint64_t pmr, bpr1, ctlr, igrpen1, ap1r[4];
	uint64_t hcr;
	uint64_t lr[GIC_MAX_LRS];
	struct gic_vcpu_state vcpu;
};
void gic_v3_cpu_save(struct gic_v3_cpu_state *s);
/* After enable_sre and stop; leaves group 1 as it was saved. */
void gic_v3_cpu_restore(const struct gic_v3_cpu_state *s);

/* The registers of the physical interface, for gic_ops.dump_cpu(). */
void gic_v3_cpu_dump(gic_dump_fn *fn, void *ctx);

uint32_t gic_v3_ack(void);
void gic_v3_eoi(uint32_t iar);
void gic_v3_deactivate(uint32_t iar);
/* mpidr: of the target. */
void gic_v3_send_sgi(uint32_t sgi, uint64_t mpidr);
void gic_v3_set_hcr(uint32_t bits);
struct gic_lr gic_v3_read_lr(unsigned int n);
void gic_v3_write_lr(unsigned int n, struct gic_lr lr);
void gic_v3_clear_lr(unsigned int n);
uint64_t gic_v3_empty_lrs(void);
void gic_v3_save_vcpu(struct gic_vcpu_state *s);
void gic_v3_load_vcpu(const struct gic_vcpu_state *s);
void gic_v3_reset_vcpu(struct gic_vcpu_state *s);

#endif
