/* SPDX-License-Identifier: Apache-2.0 */
/* The GICv2 distributor as a guest sees it (IHI 0048 4.3). One security state: IGROUPR is RAZ/WI,
 * one enable bit. */
#include "virt/vgic/vgic_priv.h"

#define PIDR2_ARCH_V2 0x2b /* ICPIDR2.ArchRev = 2 (4.3.18) */

static uint64_t read_ctlr(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)offset;
	(void)size;
	return m->g->enabled;
}

static void write_ctlr(const struct vgic_mmio *m, uint32_t offset, unsigned int size,
                       uint64_t value)
{
	(void)offset;
	(void)size;
	vgic_write_ctlr_enable(m, value & BIT(0));
}

/* GICD_TYPER (4.3.2): ITLinesNumber, CPUNumber; no security extensions. */
static uint64_t read_typer(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)offset;
	(void)size;
	return m->g->nr_spis / 32 | (uint64_t)(m->g->domain->nr_vcpus - 1) << 5;
}

static uint64_t read_pidr2(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)m;
	(void)offset;
	(void)size;
	return PIDR2_ARCH_V2;
}

/*
 * With only one CPU all of GICD_ITARGETSR is RAZ/WI, and that CPU gets every SPI (4.3.12). Else
 * those of INTIDs 0 to 31 name the CPU that reads.
 */
static bool uniprocessor(const struct vgic_mmio *m)
{
	return m->g->domain->nr_vcpus == 1;
}

static uint64_t read_own_targets(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	uint64_t self = uniprocessor(m) ? 0 : BIT(m->vv->v->id);

	(void)offset;
	return self * (size == 1 ? 0x01 : 0x01010101);
}

static uint32_t get_targets(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	(void)intid;
	return uniprocessor(m) ? 0 : irq->targets;
}

/* The 1-N model lets us choose one of the targets: the first. None: pending, but nobody gets it. */
static void set_targets(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	uint8_t targets = (uint8_t)(v & (BIT(m->g->domain->nr_vcpus) - 1));

	if (irq->targets == targets || uniprocessor(m))
		return;
	irq->targets = targets;
	irq->target = targets ? (uint8_t)__builtin_ctz(targets) : VGIC_NO_VCPU;
	vgic_follow_target(m->g, irq, intid);
	vgic_update(m->g, NULL, irq, intid);
}

/* GICD_SGIR (4.3.15). */
static void write_sgir(const struct vgic_mmio *m, uint32_t offset, unsigned int size,
                       uint64_t value)
{
	uint32_t all = (uint32_t)BIT(m->g->domain->nr_vcpus) - 1;
	uint32_t self = (uint32_t)BIT(m->vv->v->id);
	/* By TargetListFilter; 3 is reserved. */
	const uint32_t targets[4] = {
		[0] = (uint32_t)FIELD(value, 23, 16) & all,
		[1] = all & ~self,
		[2] = self,
	};

	(void)offset;
	(void)size;
	for (uint32_t t = targets[FIELD(value, 25, 24)]; t; t &= t - 1)
		vgic_send_sgi(m->g, m->vv->v, (unsigned int)__builtin_ctz(t),
		              (uint32_t)FIELD(value, 3, 0));
}

/* GICD_CPENDSGIRn, GICD_SPENDSGIRn (4.3.16, 4.3.17): a byte an SGI, a bit a sender. */
static uint32_t get_sgi_sources(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	(void)intid;
	vgic_refresh(m->g, irq);
	if (irq->lr != VGIC_NO_LR && irq->lr_pending)
		return irq->sources | (uint32_t)BIT(irq->source);
	return irq->sources;
}

static void set_sgi_sources(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid,
                            uint32_t v)
{
	v &= (uint32_t)BIT(m->g->domain->nr_vcpus) - 1;
	if (!v)
		return;
	irq->sources |= (uint8_t)v;
	vgic_update(m->g, m->vv, irq, intid);
}

static void clear_sgi_sources(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid,
                              uint32_t v)
{
	if (!v)
		return;
	/* They are of the vCPU that writes, so its list register is here: take the pending state
	 * out first. */
	vgic_pull(m->g, m->vv, irq, intid);
	irq->sources &= (uint8_t)~v;
	vgic_update(m->g, m->vv, irq, intid);
}

static const struct vgic_reg regs[] = {
	{ .start = 0x000,
	  .end = 0x004,
	  .widths = VGIC_W32,
	  .read = read_ctlr,
	  .write = write_ctlr },
	{ .start = 0x004, .end = 0x008, .widths = VGIC_W32, .read = read_typer, .constant = true },
	{ .start = 0x008, .end = 0x00c, .widths = VGIC_W32, .read = vgic_read_iidr, .constant = true },
	{ .start = 0x080, .end = 0x100, .widths = VGIC_W32 }, /* IGROUPR */
	{ .start = 0x100,
	  .end = 0x180,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_enable,
	  .set = vgic_set_enable },
	{ .start = 0x180,
	  .end = 0x200,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_enable,
	  .set = vgic_clear_enable },
	{ .start = 0x200,
	  .end = 0x280,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_pending,
	  .set = vgic_set_pending },
	{ .start = 0x280,
	  .end = 0x300,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_pending,
	  .set = vgic_clear_pending },
	{ .start = 0x300,
	  .end = 0x380,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_active,
	  .set = vgic_set_active },
	{ .start = 0x380,
	  .end = 0x400,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_active,
	  .set = vgic_clear_active },
	{ .start = 0x400,
	  .end = 0x7fc,
	  .widths = VGIC_W8 | VGIC_W32,
	  .bits = 8,
	  .get = vgic_get_priority,
	  .set = vgic_set_priority },
	{ .start = 0x800, .end = 0x820, .widths = VGIC_W8 | VGIC_W32, .read = read_own_targets },
	{ .start = 0x820,
	  .end = 0xbfc,
	  .widths = VGIC_W8 | VGIC_W32,
	  .first = 32,
	  .bits = 8,
	  .get = get_targets,
	  .set = set_targets },
	{ .start = 0xc00,
	  .end = 0xd00,
	  .widths = VGIC_W32,
	  .bits = 2,
	  .get = vgic_get_config,
	  .set = vgic_set_config },
	{ .start = 0xe00, .end = 0xf00, .widths = VGIC_W32 }, /* NSACR */
	{ .start = 0xf00, .end = 0xf04, .widths = VGIC_W32, .write = write_sgir },
	{ .start = 0xf10,
	  .end = 0xf20,
	  .widths = VGIC_W8 | VGIC_W32,
	  .bits = 8,
	  .get = get_sgi_sources,
	  .set = clear_sgi_sources },
	{ .start = 0xf20,
	  .end = 0xf30,
	  .widths = VGIC_W8 | VGIC_W32,
	  .bits = 8,
	  .get = get_sgi_sources,
	  .set = set_sgi_sources },
	{ .start = 0xfe8, .end = 0xfec, .widths = VGIC_W8 | VGIC_W32, .read = read_pidr2, .constant = true },
	VGIC_LAST_ROW,
};

const struct vgic_regs vgic_v2_gicd = {
	.regs = regs,
	.count = ARRAY_SIZE(regs) - 1,
	.size = VGIC_GICD_V2_SIZE,
	.indexed = true,
};

/* No canaries below: nothing on the stack is indexed by what a guest says. */
static __no_canary bool gicd_read(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value)
{
	const struct vgic_mmio m = { .g = ctx, .vv = v->vgic };

	return vgic_mmio_read(&m, &vgic_v2_gicd, a, value);
}

static __no_canary bool gicd_write(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value)
{
	const struct vgic_mmio m = { .g = ctx, .vv = v->vgic };

	return vgic_mmio_write(&m, &vgic_v2_gicd, a, value);
}

static const struct vmmio_ops gicd_ops = { .read = gicd_read, .write = gicd_write };

int vgic_v2_register(struct domain *d, const struct vgic_config *cfg)
{
	const struct vmmio_region region = {
		.base = cfg->gicd,
		.size = VGIC_GICD_V2_SIZE,
		.ops = &gicd_ops,
		.ctx = d->vgic,
	};

	vgic_index_rows(d->vgic, &vgic_v2_gicd);
	return vmmio_register(d, &region);
}
