/* SPDX-License-Identifier: Apache-2.0 */
/* Memory-mapped half; the system registers are in gic_v3_regs_model.c. */
#include <string.h>
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "gic_v3_model.h"
#include "gic_v3_regs_model.h"

static unsigned int nr_spis_end(const struct gic_v3_model *m)
{
	return m->nr_lines > 1020 ? 1020 : m->nr_lines;
}

static unsigned int nr_local(const struct gic_v3_model *m)
{
	return 32 + m->nr_eppis;
}

static uint64_t stride(const struct gic_v3_model *m)
{
	if (m->frame_stride)
		return m->frame_stride;
	return m->vlpis ? 0x40000 : 0x20000;
}

static unsigned int cpus_in_region(const struct gic_v3_model *m)
{
	return (m->nr_cpus + m->regions - 1) / m->regions;
}

/* A write that needs a wait: polls to come, or for ever if a test chose this one. */
static uint32_t polls(struct gic_v3_model *m)
{
	return m->waits++ == m->stuck_at ? GIC_V3_MODEL_STUCK : 3;
}

static bool poll(uint32_t *left)
{
	if (*left && *left != GIC_V3_MODEL_STUCK)
		(*left)--;
	return *left;
}

static uint64_t *route(struct gic_v3_model *m, uint64_t off)
{
	if (off >= 0x6000 + 8 * 32 && off < 0x6000 + 8 * nr_spis_end(m))
		return &m->routes[(off - 0x6000) / 8];
	if (off >= 0x8000 && off < 0x8000 + 8 * m->nr_espis)
		return &m->eroutes[(off - 0x8000) / 8];
	return NULL;
}

static uint64_t gicd_read(void *ctx, uint64_t off, unsigned int size)
{
	struct gic_v3_model *m = ctx;
	uint64_t *r = route(m, off);
	uint64_t v;

	if (r)
		return *r;
	switch (off) {
	case 0x0000:
		return m->ctlr | (uint32_t)m->one_state << 6 | (uint64_t)poll(&m->gicd_rwp) << 31;
	case 0x0004:
		return (m->nr_lines / 32 - 1) | (m->nr_espis ? 1u << 8 : 0) |
		       (m->nr_espis ? (uint64_t)(m->nr_espis / 32 - 1) << 27 : 0);
	case 0xffe8:
		return m->arch << 4 | 0xb;
	}
	if (model_lines_read(m->lines, 32, nr_spis_end(m), false, &model_offsets_std, &m->rules,
	                     off, size, &v) ||
	    model_lines_read(m->espis, 0, m->nr_espis, false, &model_offsets_espi, &m->rules, off,
	                     size, &v))
		return v;
	model_broke(&m->rules, "read of a reserved GICD register");
	return 0;
}

static void gicd_write(void *ctx, uint64_t off, unsigned int size, uint64_t v)
{
	struct gic_v3_model *m = ctx;
	uint64_t *r = route(m, off);
	bool disabled = false;

	m->rules.rwp = m->gicd_rwp;
	if (r) {
		if (!(m->ctlr & 0x10))
			model_broke(&m->rules, "IROUTER without ARE: lost");
		else
			*r = v & 0xff80ffffff;
	} else if (off == 0x0000) {
		if (m->ctlr & ~v & 0x10)
			model_broke(&m->rules, "ARE cleared");
		m->ctlr = v & 0x13;
		m->gicd_rwp = polls(m);
	} else if (model_lines_write(m->lines, 32, nr_spis_end(m), false, &model_offsets_std,
	                             &m->rules, off, size, v, &disabled) ||
	           model_lines_write(m->espis, 0, m->nr_espis, false, &model_offsets_espi,
	                             &m->rules, off, size, v, &disabled)) {
		/* Consecutive writes share one wait. */
		if (disabled && !m->gicd_rwp)
			m->gicd_rwp = polls(m);
	} else {
		model_broke(&m->rules, "write to a reserved GICD register");
	}
}

/* Which redistributor, and the offset in it. */
static unsigned int redist(const struct gic_v3_model *m, uint64_t *off)
{
	uint64_t region = *off / 0x1000000;
	unsigned int n = (unsigned int)(*off % 0x1000000 / stride(m));

	*off = *off % 0x1000000 % stride(m);
	n += (unsigned int)region * cpus_in_region(m);
	if (n >= m->nr_cpus)
		fake_die("redistributor %u: nothing there", n);
	return n;
}

static uint64_t typer(const struct gic_v3_model *m, unsigned int n)
{
	uint64_t mpidr = m->mpidr[n];
	bool last = n % cpus_in_region(m) == cpus_in_region(m) - 1 || n == m->nr_cpus - 1;

	return (mpidr >> 32 & 0xff) << 56 | (mpidr & 0xffffff) << 32 |
	       (uint64_t)(m->nr_eppis / 32) << 27 | (uint64_t)n << 8 |
	       (last && !m->no_last ? 1u << 4 : 0) | (m->vlpis ? 2 : 0);
}

static uint64_t gicr_read(void *ctx, uint64_t off, unsigned int size)
{
	struct gic_v3_model *m = ctx;
	unsigned int n = redist(m, &off);
	struct gic_v3_model_redist *rd = &m->rd[n];
	uint64_t v;

	switch (off) {
	case 0x0000:
		return rd->ctlr | (uint64_t)poll(&rd->rwp) << 3;
	case 0x0008:
		return size == 8 ? typer(m, n) : typer(m, n) & 0xffffffff;
	case 0x000c:
		return typer(m, n) >> 32;
	case 0x0014:
		if (!(rd->waker & 2) && !poll(&rd->waking))
			rd->waker &= ~4u;
		return rd->waker;
	case 0x0070:
		return rd->propbaser;
	case 0x0078:
		return rd->pendbaser;
	case 0xffe8:
		return m->arch << 4 | 0xb;
	}
	if (off >= 0x10000 && model_lines_read(rd->lines, 0, nr_local(m), true, &model_offsets_std,
	                                       &m->rules, off - 0x10000, size, &v))
		return v;
	model_broke(&m->rules, "read of a reserved GICR register");
	return 0;
}

static void write_rd(struct gic_v3_model *m, struct gic_v3_model_redist *rd, uint64_t off,
                     uint64_t v)
{
	switch (off) {
	case 0x0000:
		if (m->sticky_lpis)
			v |= rd->ctlr & 1;
		rd->ctlr = v & 0x7000001;
		rd->rwp = polls(m);
		return;
	case 0x0014:
		/* RAZ/WI from the non-secure side. */
		if (!m->one_state)
			return;
		rd->waker = (rd->waker & ~2u) | (v & 2);
		if (v & 2)
			rd->waker |= 4;
		else
			rd->waking = polls(m);
		return;
	case 0x0070:
	case 0x0078:
		if (rd->ctlr & 1)
			model_broke(&m->rules, "LPI tables moved while in use");
		*(off == 0x0070 ? &rd->propbaser : &rd->pendbaser) = v;
		return;
	}
	model_broke(&m->rules, "write to a reserved GICR register");
}

static void gicr_write(void *ctx, uint64_t off, unsigned int size, uint64_t v)
{
	struct gic_v3_model *m = ctx;
	struct gic_v3_model_redist *rd = &m->rd[redist(m, &off)];
	bool disabled = false;

	if (off < 0x10000) {
		write_rd(m, rd, off, v);
		return;
	}
	if (!(m->ctlr & 0x10))
		model_broke(&m->rules, "redistributor's lines without ARE");
	if (rd->waker & 4)
		model_broke(&m->rules, "redistributor's lines while it sleeps");
	m->rules.rwp = rd->rwp;
	if (!model_lines_write(rd->lines, 0, nr_local(m), true, &model_offsets_std, &m->rules,
	                       off - 0x10000, size, v, &disabled))
		model_broke(&m->rules, "write to a reserved GICR register");
	if (disabled && !rd->rwp)
		rd->rwp = polls(m);
}

struct model_line *gic_v3_model_line(struct gic_v3_model *m, unsigned int intid)
{
	if (intid < 32)
		return &m->rd[fake_cpu].lines[intid];
	if (intid < 1020)
		return &m->lines[intid];
	return intid < 4096 ? &m->rd[fake_cpu].lines[32 + intid - 1056] : &m->espis[intid - 4096];
}

void gic_v3_model_input(struct gic_v3_model *m, unsigned int intid, bool high)
{
	model_line_input(gic_v3_model_line(m, intid), high);
}

void gic_v3_model_reset(struct gic_v3_model *m)
{
	m->ctlr = 0;
	m->gicd_rwp = 0;
	model_lines_reset(m->lines, 1020, false, !m->one_state);
	model_lines_reset(m->espis, 1024, false, !m->one_state);
	memset(m->routes, 0, sizeof(m->routes));
	memset(m->eroutes, 0, sizeof(m->eroutes));
	for (unsigned int i = 0; i < GIC_V3_MODEL_CPUS; i++) {
		struct gic_v3_model_redist *rd = &m->rd[i];

		rd->ctlr = rd->rwp = rd->waking = 0;
		rd->propbaser = rd->pendbaser = 0;
		rd->waker = m->one_state ? 6 : 0;
		model_lines_reset(rd->lines, 96, true, !m->one_state);
	}
	gic_v3_model_regs_reset(m);
}

void gic_v3_model_garbage(struct gic_v3_model *m, bool keep_pending)
{
	static struct gic_v3_model before;

	before = *m;
	/* ARE may be anything but a driver can't know that it was on. */
	m->ctlr = model_random() & 0x13;
	model_lines_garbage(m->lines, 1020, false, &m->rules);
	model_lines_garbage(m->espis, 1024, false, &m->rules);
	for (unsigned int i = 0; i < 1020; i++) {
		m->routes[i] = model_random() & 0xff80ffffff;
		if (keep_pending)
			m->lines[i].latch = before.lines[i].latch;
	}
	for (unsigned int i = 0; i < 1024; i++)
		m->eroutes[i] = model_random() & 0xff80ffffff;
	for (unsigned int i = 0; i < GIC_V3_MODEL_CPUS; i++) {
		struct gic_v3_model_redist *rd = &m->rd[i];

		rd->ctlr = model_random() & (m->sticky_lpis ? 0x7000000 : 0x7000001);
		rd->propbaser = model_random();
		rd->pendbaser = model_random();
		rd->waker = m->one_state ? 6 : 0;
		model_lines_garbage(rd->lines, 96, true, &m->rules);
	}
	gic_v3_model_regs_garbage(m);
}

static void legal_lines(struct model_line *l, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		l[i].latch &= l[i].config == 2;
}

void gic_v3_model_legal(struct gic_v3_model *m)
{
	gic_v3_model_garbage(m, false);
	m->ctlr |= 0x10;
	legal_lines(m->lines, 1020);
	legal_lines(m->espis, 1024);
	for (unsigned int i = 0; i < GIC_V3_MODEL_CPUS; i++) {
		m->rd[i].waker = 0;
		legal_lines(m->rd[i].lines, 96);
	}
	*gic_v3_model_reg("ICC_SRE_EL2") = 0xf;
	*gic_v3_model_reg("ICC_SRE_EL1") = 0x7;
}

void gic_v3_model_snapshot(struct gic_v3_model *m, struct snapshot *s)
{
	unsigned int spis = nr_spis_end(m) - 32, espis = m->nr_espis, locals = nr_local(m);
	uintptr_t d = GIC_V3_MODEL_GICD;
	uintptr_t r = GIC_V3_MODEL_GICR + fake_cpu / cpus_in_region(m) * 0x1000000 +
	              fake_cpu % cpus_in_region(m) * stride(m);
	uintptr_t l = r + 0x10000;
	const struct {
		struct snapshot_range r;
		bool by_bits;
	} ranges[] = {
		{ { "GICD_CTLR", d, 1, 4 }, false },
		{ { "GICD_IGROUPR", d + 0x84, spis, 4 }, true },
		{ { "GICD_IGRPMODR", d + 0xd04, spis, 4 }, true },
		{ { "GICD_ISENABLER", d + 0x104, spis, 4 }, true },
		{ { "GICD_ISPENDR", d + 0x204, spis, 4 }, true },
		{ { "GICD_ISACTIVER", d + 0x304, spis, 4 }, true },
		{ { "GICD_IPRIORITYR", d + 0x420, spis / 4, 4 }, false },
		{ { "GICD_ICFGR", d + 0xc08, (spis + 15) / 16, 4 }, false },
		{ { "GICD_IROUTER", d + 0x6100, spis, 8 }, false },
		{ { "GICD_IGROUPRE", d + 0x1000, espis, 4 }, true },
		{ { "GICD_IGRPMODRE", d + 0x3400, espis, 4 }, true },
		{ { "GICD_ISENABLERE", d + 0x1200, espis, 4 }, true },
		{ { "GICD_ISPENDRE", d + 0x1600, espis, 4 }, true },
		{ { "GICD_ISACTIVERE", d + 0x1a00, espis, 4 }, true },
		{ { "GICD_IPRIORITYRE", d + 0x2000, espis / 4, 4 }, false },
		{ { "GICD_ICFGRE", d + 0x3000, espis / 16, 4 }, false },
		{ { "GICD_IROUTERE", d + 0x8000, espis, 8 }, false },
		{ { "GICR_CTLR", r, 1, 4 }, false },
		{ { "GICR_WAKER", r + 0x14, 1, 4 }, false },
		{ { "GICR_IGROUPR", l + 0x80, locals, 4 }, true },
		{ { "GICR_IGRPMODR", l + 0xd00, locals, 4 }, true },
		{ { "GICR_ISENABLER", l + 0x100, locals, 4 }, true },
		{ { "GICR_ISPENDR", l + 0x200, locals, 4 }, true },
		{ { "GICR_ISACTIVER", l + 0x300, locals, 4 }, true },
		{ { "GICR_IPRIORITYR", l + 0x400, locals / 4, 4 }, false },
		{ { "GICR_ICFGR", l + 0xc00, locals / 16, 4 }, false },
	};

	snapshot_start(s);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct snapshot_range range = ranges[i].r;

		if (ranges[i].by_bits)
			range.count = DIV_ROUND_UP(range.count, 32);
		snapshot_mmio(s, &range);
	}
	/* Also while they aren't in use: whoever switches LPIs on gets these. */
	snapshot_add(s, "GICR_PROPBASER", 0, m->rd[fake_cpu].propbaser);
	snapshot_add(s, "GICR_PENDBASER", 0, m->rd[fake_cpu].pendbaser);
	gic_v3_model_regs_snapshot(m, s);
}

void gic_v3_model_init(struct gic_v3_model *m)
{
	*m = (struct gic_v3_model) {
		.nr_lines = 288,
		.nr_cpus = 4,
		.regions = 1,
		.nr_lrs = 4,
		.prio_bits = 5,
		.arch = 3,
		.stuck_at = -1,
		.mpidr = { 0, 1, 2, 3, 4, 5, 6, 7 },
	};
}

void gic_v3_model_map(struct gic_v3_model *m, struct gic_config *cfg)
{
	uint64_t size = cpus_in_region(m) * stride(m);

	m->rules = (struct model_rules) { .no_groups = !m->one_state, .priority_mask = 0xf0 };
	*cfg = (struct gic_config) {
		.version = 3,
		.gicd = pa_make(GIC_V3_MODEL_GICD),
		.gicd_size = 0x10000,
		.nr_redist_regions = m->regions,
		.redist_stride = m->frame_stride,
		.maintenance_intid = 25,
	};
	fake_mmio_map(GIC_V3_MODEL_GICD, 0x10000, gicd_read, gicd_write, m);
	fake_mmio_map(GIC_V3_MODEL_GICR, 0x8000000, gicr_read, gicr_write, m);
	for (unsigned int i = 0; i < m->regions; i++) {
		cfg->redist[i].base = pa_make(GIC_V3_MODEL_GICR + i * 0x1000000ul);
		cfg->redist[i].size = size;
	}
	gic_v3_model_regs_map(m);
	gic_v3_model_reset(m);
}
