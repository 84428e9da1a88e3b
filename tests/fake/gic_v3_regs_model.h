/* SPDX-License-Identifier: Apache-2.0 */
/* The system registers of the GICv3 model; see gic_v3_model.h. */
#ifndef FAKE_GIC_V3_REGS_MODEL_H
#define FAKE_GIC_V3_REGS_MODEL_H

#include "gic_v3_model.h"

void gic_v3_model_regs_map(struct gic_v3_model *m);
void gic_v3_model_regs_reset(struct gic_v3_model *m);
void gic_v3_model_regs_garbage(struct gic_v3_model *m);
void gic_v3_model_regs_snapshot(struct gic_v3_model *m, struct snapshot *s);

#endif
