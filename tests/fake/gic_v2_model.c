/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "fake_cpu.h"
#include "fake_mmio.h"
#include "gic_v2_model.h"

#define HIGHEST_LINES(m) ((m)->nr_lines > 1020 ? 1020 : (m)->nr_lines)

static uint64_t read_targets(struct gic_v2_model *m, uint64_t n, unsigned int size)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < size; i++) {
		uint8_t own = m->no_targets || m->nr_cpus == 1 ? 0 : (uint8_t)(1u << fake_cpu);

		v |= (uint64_t)(n + i < 32 ? own : m->targets[n + i]) << (8 * i);
	}
	return v;
}

static void write_targets(struct gic_v2_model *m, uint64_t n, unsigned int size, uint64_t v)
{
	if (n < 32)
		model_broke(&m->rules, "ITARGETSR0-7 written");
	else
		for (unsigned int i = 0; i < size; i++)
			m->targets[n + i] =
			        (uint8_t)(v >> (8 * i)) & (uint8_t)((1u << m->nr_cpus) - 1);
}

static uint64_t gicd_read(void *ctx, uint64_t off, unsigned int size)
{
	struct gic_v2_model *m = ctx;
	uint64_t v;

	if (off == 0x000)
		return m->ctlr;
	if (off == 0x004)
		return (m->nr_lines / 32 - 1) | (uint64_t)(m->nr_cpus - 1) << 5 | 1u << 10;
	if (off >= 0x800 && off - 0x800 < HIGHEST_LINES(m))
		return read_targets(m, off - 0x800, size);
	if (off >= 0xf10 && off < 0xf30) {
		memcpy(&v, &m->sgi_pending[fake_cpu][off & 0xf], 4);
		return v & 0xffffffff;
	}
	if (model_lines_read(m->local[fake_cpu], 0, 32, true, &model_offsets_std, &m->rules, off,
	                     size, &v))
		return v;
	if (model_lines_read(m->lines, 32, HIGHEST_LINES(m), false, &model_offsets_std, &m->rules,
	                     off, size, &v))
		return v;
	model_broke(&m->rules, "read of a reserved GICD register");
	return 0;
}

/*
 * An SPI that is pended while it has no target: the specification has one pending bit (4.3.7), but there are GICs, QEMU's
 * among them, that keep one for each target. One that comes later is too late.
 */
static void note_pended(struct gic_v2_model *m, uint64_t off, uint64_t v)
{
	bool pend = off >= 0x204 && off < 0x280, unpend = off >= 0x284 && off < 0x300;

	for (unsigned int i = 0; (pend || unpend) && m->nr_cpus > 1 && i < 32; i++) {
		uint64_t n = (off & 0x7f) * 8 + i;

		if (v >> i & 1 && n < HIGHEST_LINES(m))
			m->pended_for_nobody[n] = pend && !m->targets[n];
	}
}

static void check_pended(struct gic_v2_model *m)
{
	for (unsigned int n = 32; n < HIGHEST_LINES(m); n++)
		if (m->pended_for_nobody[n] && m->targets[n])
			model_broke(&m->rules, "an SPI got its target after it was pended");
}

static void gicd_write(void *ctx, uint64_t off, unsigned int size, uint64_t v)
{
	struct gic_v2_model *m = ctx;
	bool disabled;

	note_pended(m, off, v);
	if (off == 0x000) {
		m->ctlr = v & 1;
		if (m->ctlr)
			check_pended(m);
	} else if (off == 0xf00) {
		m->last_sgir = (uint32_t)v;
		for (unsigned int i = 0; i < m->nr_cpus; i++)
			if (v >> (16 + i) & 1)
				m->sgi_pending[i][v & 0xf] |= (uint8_t)(1u << fake_cpu);
	} else if (off >= 0xf10 && off < 0xf30) {
		for (unsigned int i = 0; i < size; i++) {
			uint8_t *p = &m->sgi_pending[fake_cpu][(off & 0xf) + i];

			*p = off < 0xf20 ? *p & ~(uint8_t)(v >> (8 * i))
			                 : *p | (uint8_t)(v >> (8 * i));
		}
	} else if (off >= 0x800 && off - 0x800 < HIGHEST_LINES(m)) {
		write_targets(m, off - 0x800, size, v);
	} else if (off >= 0xd00 && off < 0xe00) {
		model_broke(&m->rules, "no such register in v2");
	} else if (!model_lines_write(m->local[fake_cpu], 0, 32, true, &model_offsets_std,
	                              &m->rules, off, size, v, &disabled) &&
	           !model_lines_write(m->lines, 32, HIGHEST_LINES(m), false, &model_offsets_std,
	                              &m->rules, off, size, v, &disabled)) {
		model_broke(&m->rules, "write to a reserved GICD register");
	}
}

static uint64_t acknowledge(struct gic_v2_model *m, struct gic_v2_model_cpu *c)
{
	struct model_line *local = m->local[fake_cpu];
	unsigned int best;

	if (!(m->ctlr & 1) || !(c->gicc_ctlr & 1))
		return 1023;
	for (unsigned int i = 0; i < 16; i++)
		for (unsigned int src = 0; local[i].enable && src < GIC_V2_MODEL_CPUS; src++)
			if (m->sgi_pending[fake_cpu][i] >> src & 1) {
				m->sgi_pending[fake_cpu][i] &= (uint8_t) ~(1u << src);
				return src << 10 | i;
			}
	best = model_lines_best(local, 16, 32);
	if (best == 32) {
		best = model_lines_best(m->lines, 32, HIGHEST_LINES(m));
		local = m->lines;
	}
	if (best >= HIGHEST_LINES(m) || local[best].priority >= c->pmr)
		return 1023;
	local[best].active = true;
	local[best].latch = false;
	c->apr[0] |= 1u << (local[best].priority >> 3);
	return best;
}

static uint64_t gicc_read(void *ctx, uint64_t off, unsigned int size)
{
	struct gic_v2_model *m = ctx;
	struct gic_v2_model_cpu *c = &m->cpu[fake_cpu];

	(void)size;
	switch (off) {
	case 0x00:
		return c->gicc_ctlr;
	case 0x04:
		return c->pmr;
	case 0x08:
		return c->bpr;
	case 0x0c:
		return acknowledge(m, c);
	case 0xd0 ... 0xdc:
		return c->apr[(off - 0xd0) / 4];
	case 0xfc:
		return m->iidr;
	}
	model_broke(&m->rules, "read of a reserved GICC register");
	return 0;
}

static void gicc_write(void *ctx, uint64_t off, unsigned int size, uint64_t v)
{
	struct gic_v2_model *m = ctx;
	struct gic_v2_model_cpu *c = &m->cpu[fake_cpu];

	(void)size;
	switch (off) {
	case 0x00:
		if ((v & 0x60) != 0x60)
			model_broke(&m->rules, "GICC_CTLR with a bypass");
		c->gicc_ctlr = v & 0x261;
		return;
	case 0x04:
		c->pmr = v & 0xf0;
		return;
	case 0x08:
		/* The smallest split of a non-secure view of 4 bits. */
		c->bpr = (v & 7) < 3 ? 3 : v & 7;
		return;
	case 0x10:
		c->last_eoir = (uint32_t)v;
		c->apr[0] &= c->apr[0] - 1;
		return;
	case 0xd0 ... 0xdc:
		c->apr[(off - 0xd0) / 4] = (uint32_t)v;
		return;
	case 0x1000:
		c->last_dir = (uint32_t)v;
		if ((v & 0x3ff) < 32)
			m->local[fake_cpu][v & 0x1f].active = false;
		else if ((v & 0x3ff) < HIGHEST_LINES(m))
			m->lines[v & 0x3ff].active = false;
		return;
	}
	model_broke(&m->rules, "write to a reserved GICC register");
}

static uint64_t gich_read(void *ctx, uint64_t off, unsigned int size)
{
	struct gic_v2_model *m = ctx;
	struct gic_v2_model_cpu *c = &m->cpu[fake_cpu];
	uint64_t empty = 0;

	(void)size;
	if (off >= 0x100 && (off - 0x100) / 4 < m->nr_lrs)
		return c->lr[(off - 0x100) / 4];
	switch (off) {
	case 0x00:
		return c->hcr;
	case 0x04:
		return 0x90000000 | (m->nr_lrs - 1);
	case 0x08:
		return c->vmcr;
	case 0x30:
		for (unsigned int i = 0; i < m->nr_lrs; i++)
			empty |= (uint64_t) !(c->lr[i] >> 28 & 3) << i;
		return empty & 0xffffffff;
	case 0xf0:
		return c->vapr;
	}
	model_broke(&m->rules, "read of a reserved GICH register");
	return 0;
}

static void gich_write(void *ctx, uint64_t off, unsigned int size, uint64_t v)
{
	struct gic_v2_model *m = ctx;
	struct gic_v2_model_cpu *c = &m->cpu[fake_cpu];

	(void)size;
	if (off >= 0x100 && (off - 0x100) / 4 < m->nr_lrs) {
		c->lr[(off - 0x100) / 4] = (uint32_t)v;
		return;
	}
	switch (off) {
	case 0x00:
		c->hcr = v & 0xf80000ff;
		return;
	case 0x08:
		c->vmcr = (uint32_t)v;
		return;
	case 0xf0:
		c->vapr = (uint32_t)v;
		return;
	}
	model_broke(&m->rules, "write to a reserved GICH register");
}

void gic_v2_model_reset(struct gic_v2_model *m)
{
	m->ctlr = 0;
	for (unsigned int i = 0; i < GIC_V2_MODEL_CPUS; i++)
		model_lines_reset(m->local[i], 32, true, true);
	model_lines_reset(m->lines, 1020, false, true);
	memset(m->targets, 0, sizeof(m->targets));
	memset(m->pended_for_nobody, 0, sizeof(m->pended_for_nobody));
	memset(m->sgi_pending, 0, sizeof(m->sgi_pending));
	memset(m->cpu, 0, sizeof(m->cpu));
}

void gic_v2_model_init(struct gic_v2_model *m)
{
	*m = (struct gic_v2_model) {
		.nr_lines = 288,
		.nr_cpus = 4,
		.nr_lrs = 4,
		.iidr = 0x0202143b,
		.rules = { .no_groups = true, .sgi_pend_ro = true, .priority_mask = 0xf0 },
	};
	gic_v2_model_reset(m);
	fake_mmio_map(GIC_V2_MODEL_GICD, 0x1000, gicd_read, gicd_write, m);
	fake_mmio_map(GIC_V2_MODEL_GICC, 0x2000, gicc_read, gicc_write, m);
	fake_mmio_map(GIC_V2_MODEL_GICH, 0x1000, gich_read, gich_write, m);
}

void gic_v2_model_garbage(struct gic_v2_model *m, bool keep_pending)
{
	static struct gic_v2_model before;

	before = *m;
	m->ctlr = 1;
	for (unsigned int i = 0; i < GIC_V2_MODEL_CPUS; i++) {
		struct gic_v2_model_cpu *c = &m->cpu[i];

		model_lines_garbage(m->local[i], 32, true, &m->rules);
		for (unsigned int n = 0; n < 16; n++)
			m->sgi_pending[i][n] = (uint8_t)model_random();
		c->gicc_ctlr = model_random() & 0x261;
		c->pmr = model_random() & 0xf0;
		c->bpr = 7;
		c->hcr = model_random() & 0xff;
		c->vmcr = (uint32_t)model_random();
		c->vapr = (uint32_t)model_random();
		for (unsigned int n = 0; n < 4; n++)
			c->apr[n] = (uint32_t)model_random();
		for (unsigned int n = 0; n < 64; n++)
			c->lr[n] = (uint32_t)model_random();
	}
	model_lines_garbage(m->lines, 1020, false, &m->rules);
	memset(m->pended_for_nobody, 0, sizeof(m->pended_for_nobody));
	for (unsigned int i = 0; i < 1020; i++) {
		m->targets[i] = (uint8_t)model_random() & (uint8_t)((1u << m->nr_cpus) - 1);
		if (keep_pending)
			m->lines[i].latch = before.lines[i].latch;
	}
}

void gic_v2_model_input(struct gic_v2_model *m, unsigned int intid, bool high)
{
	model_line_input(intid < 32 ? &m->local[fake_cpu][intid] : &m->lines[intid], high);
}
