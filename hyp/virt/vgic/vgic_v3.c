/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GICv3 distributor and redistributors as a guest sees them (IHI 0069 12.9, 12.11): the
 * Non-secure view of two security states (GICD_CTLR.DS = 0), affinity routing always on, no LPIs,
 * no extended ranges. vCPU n is Aff1 = n / 16, Aff0 = n % 16, so that SGI target lists need no
 * range selector.
 */
#include "virt/vgic/vgic_priv.h"

#define PIDR2_ARCH_V3 0x3b /* GICD_PIDR2.ArchRev = 3 */

#define CTLR_ENABLE_G1A BIT(1)
#define CTLR_ARE_NS     BIT(4)

#define TYPER_SECURITY_EXTN BIT(10)
#define TYPER_ID_BITS(n)    ((uint64_t)((n)-1) << 19)
#define TYPER_NO_1N         BIT(25)

#define RD_TYPER_LAST BIT(4)

#define AFF0_PER_CLUSTER 16

/* ICC_SGI1R_EL1: Aff3, RS, Aff2, which no vCPU of ours has other than 0; IRM. */
#define SGI1R_BEYOND (MASK(55, 48) | MASK(47, 44) | MASK(39, 32))
#define SGI1R_IRM    BIT(40)

static uint32_t vcpu_affinity(unsigned int vcpu)
{
	return vcpu % AFF0_PER_CLUSTER | vcpu / AFF0_PER_CLUSTER << 8;
}

/* Aff3.Aff2.Aff1.Aff0 in 32 bits; VGIC_NO_VCPU if nobody has it. */
static unsigned int vcpu_by_affinity(const struct vgic *g, uint32_t affinity)
{
	uint32_t n = (affinity & 0xff) + FIELD(affinity, 15, 8) * AFF0_PER_CLUSTER;

	if (affinity >> 16 || (affinity & 0xff) >= AFF0_PER_CLUSTER || n >= g->domain->nr_vcpus)
		return VGIC_NO_VCPU;
	return n;
}

/* RWP (bit 31) is always 0: a write has taken effect, or will before the other vCPU runs on. */
static uint64_t read_ctlr(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)offset;
	(void)size;
	return CTLR_ARE_NS | (m->g->enabled ? CTLR_ENABLE_G1A : 0);
}

static void write_ctlr(const struct vgic_mmio *m, uint32_t offset, unsigned int size,
                       uint64_t value)
{
	(void)offset;
	(void)size;
	vgic_write_ctlr_enable(m, value & CTLR_ENABLE_G1A);
}

static uint64_t read_typer(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)offset;
	(void)size;
	return m->g->nr_spis / 32 | TYPER_SECURITY_EXTN | TYPER_ID_BITS(10) | TYPER_NO_1N;
}

static uint64_t read_pidr2(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)m;
	(void)offset;
	(void)size;
	return PIDR2_ARCH_V3;
}

/* GICD_IROUTER<n>, 8 bytes each: Aff2.Aff1.Aff0 in the low word, Aff3 in the high one; IRM is RES0
 * (No1N). */
static uint64_t read_irouter(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	const struct vgic_irq *irq = vgic_irq_of(m->g, NULL, VGIC_NR_PRIVATE + offset / 8);
	uint64_t value;

	if (!irq)
		return 0;
	value = (irq->route & 0xffffff) | (uint64_t)(irq->route >> 24) << 32;
	return size == 8 ? value : (uint32_t)(value >> offset % 8 * 8);
}

static void write_irouter(const struct vgic_mmio *m, uint32_t offset, unsigned int size,
                          uint64_t value)
{
	uint32_t intid = VGIC_NR_PRIVATE + offset / 8;
	struct vgic_irq *irq = vgic_irq_of(m->g, NULL, intid);
	uint32_t route;

	if (!irq)
		return;
	route = irq->route;
	if (offset % 8 == 0)
		route = (route & 0xff000000) | (value & 0xffffff);
	if (size == 8)
		value >>= 32;
	if (size == 8 || offset % 8 == 4)
		route = (route & 0xffffff) | (uint32_t)(value & 0xff) << 24;
	if (route == irq->route)
		return;
	irq->route = route;
	irq->target = (uint8_t)vcpu_by_affinity(m->g, route);
	vgic_follow_target(m->g, irq, intid);
	vgic_update(m->g, NULL, irq, intid);
}

static const struct vgic_reg gicd_regs[] = {
	{ .start = 0x0000,
	  .end = 0x0004,
	  .widths = VGIC_W32,
	  .read = read_ctlr,
	  .write = write_ctlr },
	{ .start = 0x0004, .end = 0x0008, .widths = VGIC_W32, .read = read_typer, .constant = true },
	{ .start = 0x0008, .end = 0x000c, .widths = VGIC_W32, .read = vgic_read_iidr, .constant = true },
	{ .start = 0x0080, .end = 0x0100, .widths = VGIC_W32 }, /* IGROUPR: RAZ/WI for Non-secure */
	{ .start = 0x0100,
	  .end = 0x0180,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_enable,
	  .set = vgic_set_enable },
	{ .start = 0x0180,
	  .end = 0x0200,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_enable,
	  .set = vgic_clear_enable },
	{ .start = 0x0200,
	  .end = 0x0280,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_pending,
	  .set = vgic_set_pending },
	{ .start = 0x0280,
	  .end = 0x0300,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_pending,
	  .set = vgic_clear_pending },
	{ .start = 0x0300,
	  .end = 0x0380,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_active,
	  .set = vgic_set_active },
	{ .start = 0x0380,
	  .end = 0x0400,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_active,
	  .set = vgic_clear_active },
	{ .start = 0x0400,
	  .end = 0x07fc,
	  .widths = VGIC_W8 | VGIC_W32,
	  .bits = 8,
	  .get = vgic_get_priority,
	  .set = vgic_set_priority },
	{ .start = 0x0800,
	  .end = 0x0bfc,
	  .widths = VGIC_W8 | VGIC_W32 }, /* ITARGETSR: RES0 with ARE */
	{ .start = 0x0c00,
	  .end = 0x0d00,
	  .widths = VGIC_W32,
	  .bits = 2,
	  .get = vgic_get_config,
	  .set = vgic_set_config },
	{ .start = 0x0d00, .end = 0x0d80, .widths = VGIC_W32 },           /* IGRPMODR */
	{ .start = 0x0e00, .end = 0x0f00, .widths = VGIC_W32 },           /* NSACR */
	{ .start = 0x0f00, .end = 0x0f04, .widths = VGIC_W32 },           /* SGIR: RES0 with ARE */
	{ .start = 0x0f10, .end = 0x0f30, .widths = VGIC_W8 | VGIC_W32 }, /* xPENDSGIR: the same */
	{ .start = 0x6100,
	  .end = 0x7fe0,
	  .widths = VGIC_W32 | VGIC_W64,
	  .read = read_irouter,
	  .write = write_irouter },
	{ .start = 0xffe8, .end = 0xffec, .widths = VGIC_W32, .read = read_pidr2, .constant = true },
	VGIC_LAST_ROW,
};

const struct vgic_regs vgic_v3_gicd = {
	.regs = gicd_regs,
	.count = ARRAY_SIZE(gicd_regs) - 1,
	.size = VGIC_GICD_V3_SIZE,
	.indexed = true,
};

/* GICR_TYPER (IHI 0069 12.11): whose it is, and whether the list of frames ends here. No LPIs. */
static uint64_t read_rd_typer(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	unsigned int id = m->vv->v->id;
	bool last = id == m->g->domain->nr_vcpus - 1;
	uint64_t value =
	        (uint64_t)vcpu_affinity(id) << 32 | (uint64_t)id << 8 | (last ? RD_TYPER_LAST : 0);

	return size == 8 ? value : (uint32_t)(value >> offset * 8);
}

/*
 * GICR_WAKER (0x14) is RAZ/WI for Non-secure with DS = 0 (IHI 0069 12.11): awake at all times, so
 * the handshake of a driver ends at once. GICR_CTLR: no LPIs to enable, RWP always 0.
 */
static const struct vgic_reg rd_regs[] = {
	{ .start = 0x0000, .end = 0x0004, .widths = VGIC_W32 }, /* CTLR */
	{ .start = 0x0004, .end = 0x0008, .widths = VGIC_W32, .read = vgic_read_iidr, .constant = true },
	{ .start = 0x0008, .end = 0x0010, .widths = VGIC_W32 | VGIC_W64, .read = read_rd_typer, .constant = true },
	{ .start = 0x0010, .end = 0x0018, .widths = VGIC_W32 }, /* STATUSR, WAKER */
	{ .start = 0xffe8, .end = 0xffec, .widths = VGIC_W32, .read = read_pidr2, .constant = true },
	VGIC_LAST_ROW,
};

const struct vgic_regs vgic_v3_rd = {
	.regs = rd_regs,
	.count = ARRAY_SIZE(rd_regs) - 1,
	.size = VGIC_GICR_FRAME,
};

static const struct vgic_reg sgi_regs[] = {
	{ .start = 0x0080, .end = 0x0084, .widths = VGIC_W32 }, /* IGROUPR0 */
	{ .start = 0x0100,
	  .end = 0x0104,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_enable,
	  .set = vgic_set_enable },
	{ .start = 0x0180,
	  .end = 0x0184,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_enable,
	  .set = vgic_clear_enable },
	{ .start = 0x0200,
	  .end = 0x0204,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_pending,
	  .set = vgic_set_pending },
	{ .start = 0x0280,
	  .end = 0x0284,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_pending,
	  .set = vgic_clear_pending },
	{ .start = 0x0300,
	  .end = 0x0304,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_active,
	  .set = vgic_set_active },
	{ .start = 0x0380,
	  .end = 0x0384,
	  .widths = VGIC_W32,
	  .bits = 1,
	  .get = vgic_get_active,
	  .set = vgic_clear_active },
	{ .start = 0x0400,
	  .end = 0x0420,
	  .widths = VGIC_W8 | VGIC_W32,
	  .bits = 8,
	  .get = vgic_get_priority,
	  .set = vgic_set_priority },
	{ .start = 0x0c00,
	  .end = 0x0c08,
	  .widths = VGIC_W32,
	  .bits = 2,
	  .get = vgic_get_config,
	  .set = vgic_set_config },
	{ .start = 0x0d00, .end = 0x0d04, .widths = VGIC_W32 }, /* IGRPMODR0 */
	{ .start = 0x0e00, .end = 0x0e04, .widths = VGIC_W32 }, /* NSACR */
	VGIC_LAST_ROW,
};

const struct vgic_regs vgic_v3_sgi = {
	.regs = sgi_regs,
	.count = ARRAY_SIZE(sgi_regs) - 1,
	.size = VGIC_GICR_FRAME,
};

/* No canaries below: nothing on the stack is indexed by what a guest says. */
static __no_canary bool gicd_read(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value)
{
	/* With affinity routing, INTIDs below 32 are the redistributors' (RES0 here). */
	const struct vgic_mmio m = { .g = ctx };

	(void)v;
	return vgic_mmio_read(&m, &vgic_v3_gicd, a, value);
}

static __no_canary bool gicd_write(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value)
{
	const struct vgic_mmio m = { .g = ctx };

	(void)v;
	return vgic_mmio_write(&m, &vgic_v3_gicd, a, value);
}

/* Which vCPU's redistributor, which frame of it; a->offset becomes the frame's. */
static const struct vgic_regs *gicr_frame(struct vgic *g, struct vmmio_access *a,
                                          struct vgic_mmio *m)
{
	unsigned int frame = (unsigned int)(a->offset / VGIC_GICR_FRAME);

	a->offset %= VGIC_GICR_FRAME;
	m->g = g;
	m->vv = vgic_vcpu_of(g, frame / 2);
	return frame % 2 ? &vgic_v3_sgi : &vgic_v3_rd;
}

static __no_canary bool gicr_read(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t *value)
{
	struct vgic_mmio m;
	const struct vgic_regs *t = gicr_frame(ctx, &a, &m);

	(void)v;
	return vgic_mmio_read(&m, t, a, value);
}

static __no_canary bool gicr_write(struct vcpu *v, void *ctx, struct vmmio_access a, uint64_t value)
{
	struct vgic_mmio m;
	const struct vgic_regs *t = gicr_frame(ctx, &a, &m);

	(void)v;
	return vgic_mmio_write(&m, t, a, value);
}

static const struct vmmio_ops gicd_ops = { .read = gicd_read, .write = gicd_write };
static const struct vmmio_ops gicr_ops = { .read = gicr_read, .write = gicr_write };

int vgic_v3_register(struct domain *d, const struct vgic_config *cfg)
{
	const struct vmmio_region gicd = {
		.base = cfg->gicd,
		.size = VGIC_GICD_V3_SIZE,
		.ops = &gicd_ops,
		.ctx = d->vgic,
	};
	const struct vmmio_region gicr = {
		.base = cfg->gicr,
		.size = d->nr_vcpus * VGIC_GICR_STRIDE,
		.ops = &gicr_ops,
		.ctx = d->vgic,
	};
	int ret = vmmio_register(d, &gicd);

	vgic_index_rows(d->vgic, &vgic_v3_gicd);
	return ret ? ret : vmmio_register(d, &gicr);
}

/* ICC_SGI1R_EL1 (IHI 0069 12.2). No range selector: GICD_TYPER.RSS is 0. */
void vgic_sgi_sysreg(struct vcpu *v, uint64_t value)
{
	struct vgic *g = v->domain->vgic;
	uint32_t intid = (uint32_t)FIELD(value, 27, 24);
	uint32_t aff1 = (uint32_t)FIELD(value, 23, 16);

	if (!g)
		return;
	spin_lock(&g->lock);
	if (value & SGI1R_IRM) { /* all but self */
		for (unsigned int i = 0; i < g->domain->nr_vcpus; i++) {
			if (i != v->id)
				vgic_send_sgi(g, v, i, intid);
		}
	} else if (!(value & SGI1R_BEYOND)) {
		for (uint32_t list = value & 0xffff; list; list &= list - 1) {
			uint32_t to = aff1 * AFF0_PER_CLUSTER + (uint32_t)__builtin_ctz(list);

			if (to < g->domain->nr_vcpus)
				vgic_send_sgi(g, v, to, intid);
		}
	}
	vgic_unlock(g, NULL);
}
