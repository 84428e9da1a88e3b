/* SPDX-License-Identifier: Apache-2.0 */
/* Register tables: lookup, arrays by INTID, and the fields that both versions have. */
#include "core/irq.h"
#include "lib/bitmap.h"
#include "virt/vgic/vgic_priv.h"

#define SLOT_BYTES 128

static inline unsigned int slot_of(uint64_t offset)
{
	return (unsigned int)min_u64(offset / SLOT_BYTES, VGIC_ROW_SLOTS - 1);
}

void vgic_index_rows(struct vgic *g, const struct vgic_regs *t)
{
	for (unsigned int slot = 0, row = 0; slot < VGIC_ROW_SLOTS; slot++) {
		while (t->regs[row].end <= slot * SLOT_BYTES)
			row++;
		g->first_row[slot] = (uint8_t)row;
	}
}

/* NULL: reserved. */
static inline const struct vgic_reg *find(const struct vgic *g, const struct vgic_regs *t, uint64_t offset)
{
	const struct vgic_reg *r = &t->regs[t->indexed ? g->first_row[slot_of(offset)] : 0];

	while (offset >= r->end)
		r++;
	return offset >= r->start ? r : NULL;
}

static uint64_t read_array(const struct vgic_mmio *m, const struct vgic_reg *r, uint32_t offset,
                           unsigned int size)
{
	uint32_t intid = r->first + offset * 8 / r->bits;
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < size * 8; shift += r->bits, intid++) {
		struct vgic_irq *irq = vgic_irq_of(m->g, m->vv, intid);

		if (irq)
			value |= (uint64_t)r->get(m, irq, intid) << shift;
	}
	return value;
}

static void write_array(const struct vgic_mmio *m, const struct vgic_reg *r, uint32_t offset,
                        unsigned int size, uint64_t value)
{
	uint32_t intid = r->first + offset * 8 / r->bits;

	for (unsigned int shift = 0; shift < size * 8; shift += r->bits, intid++) {
		uint32_t field = (uint32_t)FIELD(value, shift + r->bits - 1U, shift);
		struct vgic_irq *irq;

		if (r->bits == 1 && !field)
			continue;
		irq = vgic_irq_of(m->g, m->vv, intid);
		if (irq)
			r->set(m, irq, intid, field);
	}
}

static __noinline uint64_t read_locked(const struct vgic_mmio *m, const struct vgic_reg *r, uint32_t offset,
				       unsigned int size)
{
	uint64_t value;

	spin_lock(&m->g->lock);
	value = r->read ? r->read(m, offset, size) : read_array(m, r, offset, size);
	vgic_unlock(m->g, NULL);
	return value;
}

bool vgic_mmio_read(const struct vgic_mmio *m, const struct vgic_regs *t, struct vmmio_access a,
                    uint64_t *value)
{
	const struct vgic_reg *r = find(m->g, t, a.offset);

	*value = 0;
	if (!r)
		return true;
	if (unlikely(!(r->widths & a.size)))
		return false;
	if (r->constant)
		*value = r->read(m, (uint32_t)a.offset - r->start, a.size);
	else if (r->read || r->get)
		*value = read_locked(m, r, (uint32_t)a.offset - r->start, a.size);
	return true;
}

bool vgic_mmio_write(const struct vgic_mmio *m, const struct vgic_regs *t, struct vmmio_access a,
                     uint64_t value)
{
	const struct vgic_reg *r = find(m->g, t, a.offset);
	uint32_t offset;

	if (!r)
		return true;
	if (unlikely(!(r->widths & a.size)))
		return false;
	if (!r->write && !r->set)
		return true;

	offset = (uint32_t)a.offset - r->start;
	spin_lock(&m->g->lock);
	if (r->write)
		r->write(m, offset, a.size, value);
	else
		write_array(m, r, offset, a.size, value);
	vgic_unlock(m->g, NULL);
	return true;
}

uint32_t vgic_get_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	(void)m;
	(void)intid;
	return irq->enabled;
}

static void change_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, bool on)
{
	bool phys = irq->hw && intid >= VGIC_NR_PRIVATE;

	if (irq->enabled == on)
		return;
	irq->enabled = on;
	if (intid >= VGIC_NR_PRIVATE)
		bitmap_assign(m->g->spis_on, intid, on);
	if (phys && !on)
		irq_disable(irq->pintid);
	vgic_update(m->g, m->vv, irq, intid);
	if (phys && on)
		irq_enable(irq->pintid);
}

void vgic_set_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	(void)v;
	change_enable(m, irq, intid, true);
}

void vgic_clear_enable(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	(void)v;
	change_enable(m, irq, intid, false);
}

static bool is_hw_spi(const struct vgic_irq *irq, uint32_t intid)
{
	return irq->hw && intid >= VGIC_NR_PRIVATE;
}

uint32_t vgic_get_pending(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	vgic_refresh(m->g, irq);
	if (irq->lr == VGIC_NO_LR && irq->latch && vgic_level_is_gone(m->vv, irq, intid)) {
		irq->drop_pending = true;
		vgic_update(m->g, m->vv, irq, intid);
	}
	if (vgic_irq_pending(irq) || (irq->lr != VGIC_NO_LR && irq->lr_pending))
		return 1;
	return is_hw_spi(irq, intid) && gic->is_pending(irq->pintid);
}

/* ISPENDR, ICPENDR: GICv2's SGIs have registers of their own (IHI 0048 4.3.7). */
void vgic_set_pending(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	(void)v;
	if (vgic_is_v2_sgi(m->g, intid))
		return;
	irq->latch = true;
	irq->by_hand = irq->hw;
	vgic_update(m->g, m->vv, irq, intid);
}

void vgic_clear_pending(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	(void)v;
	if (vgic_is_v2_sgi(m->g, intid))
		return;
	if (is_hw_spi(irq, intid))
		gic->set_pending(irq->pintid, false);
	irq->drop_pending = true;
	vgic_update(m->g, m->vv, irq, intid);
}

uint32_t vgic_get_active(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	(void)intid;
	vgic_refresh(m->g, irq);
	return irq->active;
}

void vgic_set_active(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	(void)v;
	irq->raise_active = true;
	irq->drop_active = false;
	vgic_update(m->g, m->vv, irq, intid);
}

void vgic_clear_active(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	(void)v;
	irq->drop_active = true;
	irq->raise_active = false;
	vgic_update(m->g, m->vv, irq, intid);
}

uint32_t vgic_get_priority(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	(void)m;
	(void)intid;
	return irq->priority;
}

void vgic_set_priority(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	uint8_t priority = (uint8_t)v & m->g->prio_mask;

	if (irq->priority == priority)
		return;
	irq->priority = priority;
	vgic_update(m->g, m->vv, irq, intid);
}

/* ICFGR: bit 1 of the field says edge, bit 0 is reserved. */
uint32_t vgic_get_config(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid)
{
	(void)m;
	(void)intid;
	return irq->edge ? 2 : 0;
}

/* SGIs are edges for good, and so is what a hardware-backed PPI is. */
void vgic_set_config(const struct vgic_mmio *m, struct vgic_irq *irq, uint32_t intid, uint32_t v)
{
	bool edge = v & 2;

	if (irq->edge == edge || intid < VGIC_NR_SGIS ||
	    (irq->hw && (intid < VGIC_NR_PRIVATE || irq->enabled)))
		return;
	irq->edge = edge;
	if (is_hw_spi(irq, intid))
		gic->set_edge(irq->pintid, edge);
	vgic_update(m->g, m->vv, irq, intid);
}

uint64_t vgic_read_iidr(const struct vgic_mmio *m, uint32_t offset, unsigned int size)
{
	(void)m;
	(void)offset;
	(void)size;
	return VGIC_IIDR;
}

void vgic_write_ctlr_enable(const struct vgic_mmio *m, bool on)
{
	if (m->g->enabled == on)
		return;
	m->g->enabled = on;
	vgic_update_all(m->g);
}
