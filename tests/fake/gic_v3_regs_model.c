/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "fake_cpu.h"
#include "fake_sysreg.h"
#include "gic_v3_regs_model.h"

/* Encodings as IHI 0069 12.2 and 12.4 give them, apart from the driver's own list. */
static const struct {
	const char *name, *encoding;
	bool state;    /* kept over a suspend */
	uint64_t mask; /* writable */
} regs[] = { { "ICC_PMR_EL1", "S3_0_C4_C6_0", true, 0xf0 },
	     { "ICC_AP1R0_EL1", "S3_0_C12_C9_0", true, 0xffffffff },
	     { "ICC_AP1R1_EL1", "S3_0_C12_C9_1", true, 0xffffffff },
	     { "ICC_AP1R2_EL1", "S3_0_C12_C9_2", true, 0xffffffff },
	     { "ICC_AP1R3_EL1", "S3_0_C12_C9_3", true, 0xffffffff },
	     { "ICC_DIR_EL1", "S3_0_C12_C11_1", false, 0 },
	     { "ICC_SGI1R_EL1", "S3_0_C12_C11_5", false, 0 },
	     { "ICC_IAR1_EL1", "S3_0_C12_C12_0", false, 0 },
	     { "ICC_EOIR1_EL1", "S3_0_C12_C12_1", false, 0 },
	     { "ICC_BPR1_EL1", "S3_0_C12_C12_3", true, 7 },
	     { "ICC_CTLR_EL1", "S3_0_C12_C12_4", true, 0x43 },
	     { "ICC_SRE_EL1", "S3_0_C12_C12_5", true, 7 },
	     { "ICC_IGRPEN1_EL1", "S3_0_C12_C12_7", true, 1 },
	     { "ICC_SRE_EL2", "S3_4_C12_C9_5", true, 0xf },
	     { "ICH_AP0R0_EL2", "S3_4_C12_C8_0", true, 0xffffffff },
	     { "ICH_AP0R1_EL2", "S3_4_C12_C8_1", true, 0xffffffff },
	     { "ICH_AP0R2_EL2", "S3_4_C12_C8_2", true, 0xffffffff },
	     { "ICH_AP0R3_EL2", "S3_4_C12_C8_3", true, 0xffffffff },
	     { "ICH_AP1R0_EL2", "S3_4_C12_C9_0", true, 0xffffffff },
	     { "ICH_AP1R1_EL2", "S3_4_C12_C9_1", true, 0xffffffff },
	     { "ICH_AP1R2_EL2", "S3_4_C12_C9_2", true, 0xffffffff },
	     { "ICH_AP1R3_EL2", "S3_4_C12_C9_3", true, 0xffffffff },
	     { "ICH_HCR_EL2", "S3_4_C12_C11_0", true, 0xf80074ff },
	     { "ICH_VTR_EL2", "S3_4_C12_C11_1", false, 0 },
	     { "ICH_ELRSR_EL2", "S3_4_C12_C11_5", false, 0 },
	     { "ICH_VMCR_EL2", "S3_4_C12_C11_7", true, 0xff7c021f },
#define LR(n, enc) { "ICH_LR" #n "_EL2", enc, true, ~(uint64_t)0 },
	     LR(0, "S3_4_C12_C12_0") LR(1, "S3_4_C12_C12_1") LR(2, "S3_4_C12_C12_2")
	             LR(3, "S3_4_C12_C12_3") LR(4, "S3_4_C12_C12_4") LR(5, "S3_4_C12_C12_5")
	                     LR(6, "S3_4_C12_C12_6") LR(7, "S3_4_C12_C12_7") LR(8, "S3_4_C12_C13_0")
	                             LR(9, "S3_4_C12_C13_1") LR(10, "S3_4_C12_C13_2")
	                                     LR(11, "S3_4_C12_C13_3") LR(12, "S3_4_C12_C13_4")
	                                             LR(13, "S3_4_C12_C13_5")
	                                                     LR(14, "S3_4_C12_C13_6")
	                                                             LR(15, "S3_4_C12_C13_7") };

static struct gic_v3_model *model; /* the watch function has no context of its own */

uint64_t *gic_v3_model_reg(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (!strcmp(regs[i].name, name))
			return fake_sysreg_var(regs[i].encoding);
	fake_die("no register %s", name);
}

/* Is there this one of a numbered row, on this model? */
static bool implemented(const struct gic_v3_model *m, const char *name)
{
	unsigned int aprs = 1u << (m->prio_bits - 5);
	unsigned int n;

	if (sscanf(name, "ICH_LR%u_EL2", &n) == 1)
		return n < m->nr_lrs;
	if (sscanf(name, "ICC_AP1R%u_EL1", &n) == 1 || sscanf(name, "ICH_AP0R%u_EL2", &n) == 1 ||
	    sscanf(name, "ICH_AP1R%u_EL2", &n) == 1)
		return n < aprs;
	return true;
}

static void watch(bool write, const char *encoding, uint64_t v)
{
	(void)write;
	(void)v;
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		if (strcmp(regs[i].encoding, encoding))
			continue;
		if (strcmp(regs[i].name, "ICC_SRE_EL2") && !(*gic_v3_model_reg("ICC_SRE_EL2") & 1))
			model_broke(&model->rules, "GIC system register without SRE");
		if (!implemented(model, regs[i].name))
			model_broke(&model->rules, "GIC system register that isn't there");
		return;
	}
	model_broke(&model->rules, "a GIC system register unknown to the model");
}

static void write_plain(uint64_t *var, uint64_t v, void *ctx)
{
	*var = v & *(const uint64_t *)ctx;
}

static uint64_t read_vtr(uint64_t *var, void *ctx)
{
	struct gic_v3_model *m = ctx;

	(void)var;
	return (uint64_t)(m->prio_bits - 1) << 29 | (uint64_t)(m->prio_bits - 1) << 26 |
	       (m->nr_lrs - 1);
}

static uint64_t read_elrsr(uint64_t *var, void *ctx)
{
	struct gic_v3_model *m = ctx;
	uint64_t empty = 0;
	char name[16];

	(void)var;
	for (unsigned int i = 0; i < m->nr_lrs; i++) {
		snprintf(name, sizeof(name), "ICH_LR%u_EL2", i);
		empty |= (uint64_t) !(*gic_v3_model_reg(name) >> 62) << i;
	}
	return empty;
}

static uint64_t read_ctlr(uint64_t *var, void *ctx)
{
	struct gic_v3_model *m = ctx;

	return *var | (uint64_t)(m->prio_bits - 1) << 8;
}

static void write_ctlr(uint64_t *var, uint64_t v, void *ctx)
{
	(void)ctx;
	*var = v & 0x43;
}

static void write_sre(uint64_t *var, uint64_t v, void *ctx)
{
	struct gic_v3_model *m = ctx;

	*var = m->no_sre ? 0 : v & 0xf;
}

static void write_bpr(uint64_t *var, uint64_t v, void *ctx)
{
	(void)ctx;
	*var = (v & 7) < 3 ? 3 : v & 7;
}

static uint64_t read_iar(uint64_t *var, void *ctx)
{
	struct gic_v3_model *m = ctx;
	struct model_line *l = m->rd[fake_cpu].lines;
	unsigned int best = model_lines_best(l, 0, 32);

	(void)var;
	if (!(m->ctlr & 2) || !(*gic_v3_model_reg("ICC_IGRPEN1_EL1") & 1))
		return 1023;
	if (best == 32) {
		l = m->lines;
		best = model_lines_best(l, 32, 1020);
	}
	if (best == 1020) {
		l = m->espis;
		best = model_lines_best(l, 0, m->nr_espis);
		if (best == m->nr_espis)
			return 1023;
	}
	if (l[best].priority >= *gic_v3_model_reg("ICC_PMR_EL1"))
		return 1023;
	l[best].active = true;
	l[best].latch = false;
	*gic_v3_model_reg("ICC_AP1R0_EL1") |= 1u << (l[best].priority >> 3);
	return l == m->espis ? 4096 + best : best;
}

static void write_eoir(uint64_t *var, uint64_t v, void *ctx)
{
	struct gic_v3_model *m = ctx;
	uint64_t *apr = gic_v3_model_reg("ICC_AP1R0_EL1");

	(void)var;
	m->last_eoir = v;
	*apr &= *apr - 1;
}

static void write_dir(uint64_t *var, uint64_t v, void *ctx)
{
	struct gic_v3_model *m = ctx;

	(void)var;
	m->last_dir = v;
	gic_v3_model_line(m, (unsigned int)v)->active = false;
}

static void write_sgi1r(uint64_t *var, uint64_t v, void *ctx)
{
	struct gic_v3_model *m = ctx;

	(void)var;
	m->last_sgi1r = v;
}

void gic_v3_model_regs_map(struct gic_v3_model *m)
{
	static uint64_t masks[ARRAY_SIZE(regs)];

	model = m;
	fake_sysreg_watch(watch);
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		masks[i] = regs[i].mask;
		fake_sysreg_hook_named(regs[i].encoding, NULL, write_plain, &masks[i]);
	}
#define HOOK(name, read, write) fake_sysreg_hook_named(name, read, write, m)
	HOOK("S3_4_C12_C11_1", read_vtr, NULL);
	HOOK("S3_4_C12_C11_5", read_elrsr, NULL);
	HOOK("S3_0_C12_C12_4", read_ctlr, write_ctlr);
	HOOK("S3_4_C12_C9_5", NULL, write_sre);
	HOOK("S3_0_C12_C12_3", NULL, write_bpr);
	HOOK("S3_0_C12_C12_0", read_iar, NULL);
	HOOK("S3_0_C12_C12_1", NULL, write_eoir);
	HOOK("S3_0_C12_C11_1", NULL, write_dir);
	HOOK("S3_0_C12_C11_5", NULL, write_sgi1r);
}

static void fill(struct gic_v3_model *m, bool random)
{
	unsigned int cpu = fake_cpu;

	for (fake_cpu = 0; fake_cpu < m->nr_cpus; fake_cpu++)
		for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
			if (implemented(m, regs[i].name))
				*fake_sysreg_var(regs[i].encoding) =
				        random ? model_random() & regs[i].mask : 0;
	for (fake_cpu = 0; fake_cpu < m->nr_cpus; fake_cpu++)
		*gic_v3_model_reg("ICC_BPR1_EL1") = random ? 7 : 3;
	fake_cpu = cpu;
}

void gic_v3_model_regs_reset(struct gic_v3_model *m)
{
	fill(m, false);
}

void gic_v3_model_regs_garbage(struct gic_v3_model *m)
{
	fill(m, true);
}

void gic_v3_model_regs_snapshot(struct gic_v3_model *m, struct snapshot *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (regs[i].state && implemented(m, regs[i].name))
			snapshot_add(s, regs[i].name, 0, *fake_sysreg_var(regs[i].encoding));
}
