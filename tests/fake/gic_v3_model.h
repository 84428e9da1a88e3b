/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GICv3 with virtualization that can lose its state (IHI 0069): distributor, redistributors, and
 * the system registers of the fake CPU that runs. What is UNPREDICTABLE counts in rules.broken.
 */
#ifndef FAKE_GIC_V3_MODEL_H
#define FAKE_GIC_V3_MODEL_H

#include "dev/gic/gic.h"
#include "gic_lines_model.h"
#include "snapshot.h"

#define GIC_V3_MODEL_CPUS 8
#define GIC_V3_MODEL_GICD 0x8000000ul
#define GIC_V3_MODEL_GICR 0x80a0000ul /* region i: + i * 16 MiB */

/* A write that takes time: how many more polls it shows. */
#define GIC_V3_MODEL_STUCK 0xffffffffu

struct gic_v3_model {
	/* What it is; a test changes it before gic_v3_model_map(). */
	unsigned int nr_lines; /* as GICD_TYPER has it; 1024 means 1020 */
	unsigned int nr_espis, nr_eppis;
	unsigned int nr_cpus;
	unsigned int regions;  /* CPUs are spread evenly over them */
	bool vlpis;            /* redistributors of 4 frames */
	uint64_t frame_stride; /* 0: as vlpis says */
	unsigned int nr_lrs, prio_bits;
	unsigned int arch; /* of PIDR2 */
	bool one_state;    /* GICD_CTLR.DS: groups and WAKER are ours */
	bool no_sre;
	bool sticky_lpis; /* EnableLPIs can't be cleared */
	bool no_last;     /* no redistributor says that it is the last */
	uint64_t mpidr[GIC_V3_MODEL_CPUS];

	struct model_rules rules;
	/* Counts the writes that need a wait; the one with that number never gets done. -1: none.
	 */
	int stuck_at, waits;

	uint32_t ctlr, gicd_rwp;
	struct model_line lines[1020], espis[1024];
	uint64_t routes[1020], eroutes[1024];
	struct gic_v3_model_redist {
		uint32_t ctlr, rwp, waker, waking;
		uint64_t propbaser, pendbaser;
		struct model_line lines[96];
	} rd[GIC_V3_MODEL_CPUS];

	uint64_t last_eoir, last_dir, last_sgi1r;
};

/* A usual one; then, perhaps changed, put on the bus and powered up. */
void gic_v3_model_init(struct gic_v3_model *m);
void gic_v3_model_map(struct gic_v3_model *m, struct gic_config *cfg);
void gic_v3_model_reset(struct gic_v3_model *m);
void gic_v3_model_garbage(struct gic_v3_model *m, bool keep_pending);
/* As garbage, but such as software may have brought about itself. */
void gic_v3_model_legal(struct gic_v3_model *m);
void gic_v3_model_input(struct gic_v3_model *m, unsigned int intid, bool high);
struct model_line *gic_v3_model_line(struct gic_v3_model *m, unsigned int intid);
/* All of the distributor's, and of the running CPU's redistributor's and system registers. */
void gic_v3_model_snapshot(struct gic_v3_model *m, struct snapshot *s);
/* The running CPU's register by its architectural name, such as "ICH_LR3_EL2". */
uint64_t *gic_v3_model_reg(const char *name);

#endif
