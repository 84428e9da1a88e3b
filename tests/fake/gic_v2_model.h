/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GICv2 with virtualization, non-secure view, that can lose its state (IHI 0048). Banked by the
 * fake CPU that runs. What the specification leaves UNPREDICTABLE counts in rules.broken.
 */
#ifndef FAKE_GIC_V2_MODEL_H
#define FAKE_GIC_V2_MODEL_H

#include "gic_lines_model.h"

#define GIC_V2_MODEL_CPUS 8
#define GIC_V2_MODEL_GICD 0x8000000ul
#define GIC_V2_MODEL_GICC 0x8010000ul
#define GIC_V2_MODEL_GICH 0x8030000ul
#define GIC_V2_MODEL_GICV 0x8040000ul

struct gic_v2_model {
	/* What it is; a test changes it before use. */
	unsigned int nr_lines; /* as GICD_TYPER has it; 1024 means 1020 */
	unsigned int nr_cpus;
	unsigned int nr_lrs;
	uint32_t iidr;
	bool no_targets; /* ITARGETSR0-7 read as zero: broken */
	struct model_rules rules;

	/* Distributor. */
	uint32_t ctlr;
	struct model_line local[GIC_V2_MODEL_CPUS][32];
	struct model_line lines[1020]; /* from 32 on */
	uint8_t targets[1020];
	bool pended_for_nobody[1020];
	uint8_t sgi_pending[GIC_V2_MODEL_CPUS][16]; /* by source */
	uint32_t last_sgir;

	struct gic_v2_model_cpu {
		uint32_t gicc_ctlr, pmr, bpr, apr[4];
		uint32_t last_eoir, last_dir;
		uint32_t hcr, vmcr, vapr, lr[64];
	} cpu[GIC_V2_MODEL_CPUS];
};

/* As after power-up, mapped at the addresses above. */
void gic_v2_model_init(struct gic_v2_model *m);
void gic_v2_model_reset(struct gic_v2_model *m);
/* keep_pending: the pending state stays as it is. */
void gic_v2_model_garbage(struct gic_v2_model *m, bool keep_pending);
void gic_v2_model_input(struct gic_v2_model *m, unsigned int intid, bool high);

#endif
