/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two that come most: an SGI, and the virtual timer's PPI. Either becomes pending where nothing else has to be done nearly
 * always: its vCPU is loaded on this CPU, and its list register is free, or the guest has emptied it since. Then it is written,
 * whole; all other cases are vgic_update()'s.
 */
#include "core/cpu.h"
#include "virt/vgic/vgic_priv.h"

/*
 * A list register for a private interrupt that isn't pending or active in one. VGIC_NO_LR: it isn't that simple.
 * It is the caller's: irq and vv say so.
 */
static inline unsigned int free_lr(const struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	unsigned int n = irq->lr;

	if (!vgic_is_here(vv) || !irq->enabled || !g->enabled || irq->queued || irq->by_hand || vgic_has_requests(irq) ||
	    load_once(vv->v->blocked))
		return VGIC_NO_LR;
	if (n == VGIC_NO_LR) {
		uint32_t room = g->lr_mask & ~vv->used;

		if (!room || irq->active)
			return VGIC_NO_LR;
		n = (unsigned int)__builtin_ctz(room);
		irq->home = (uint8_t)vv->v->id;
		irq->lr = (uint8_t)n;
		vv->used |= (uint32_t)BIT(n);
		vv->lr_vintid[n] = (uint16_t)intid;
	} else if (!(gic->empty_lrs() & BIT(n))) {
		return VGIC_NO_LR;
	}
	return n;
}

/* Pending in list register n, by a latch. lr: what the caller's kind of interrupt has of its own. */
static inline void write_pending(const struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, unsigned int n, struct gic_lr lr)
{
	lr.state = GIC_LR_PENDING;
	lr.priority = irq->priority;
	lr.raw |= vgic_lr_group(g);
	irq->active = false;
	irq->latch = false;
	irq->lr_pending = true;
	irq->lr_latch = true;
	vv->v->vgic_raised = true;
	gic->write_lr(n, lr);
}

void vgic_hw_ppi_fired(struct vcpu *v, uint32_t vintid, uint32_t intid)
{
	struct vgic *g = v->domain->vgic;
	struct vgic_vcpu *vv = v->vgic;
	struct vgic_irq *irq;
	unsigned int n;

	if (!g || vintid >= VGIC_NR_PRIVATE)
		return;
	irq = &vv->private[vintid];
	if (unlikely(!irq->hw || irq->pintid != intid)) /* constant */
		return;
	spin_lock(&g->lock);
	irq->hw_active = true;
	n = free_lr(g, vv, irq, vintid);
	if (likely(n != VGIC_NO_LR)) {
		write_pending(g, vv, irq, n, (struct gic_lr){ .hw = 1, .pintid = irq->pintid, .vintid = vintid });
		spin_unlock(&g->lock); /* nobody else is to know */
		return;
	}
	irq->latch = true;
	vgic_update(g, vv, irq, vintid);
	vgic_unlock(g, NULL);
}

void vgic_send_sgi(struct vgic *g, const struct vcpu *from, unsigned int to, uint32_t intid)
{
	struct vgic_vcpu *vv = vgic_vcpu_of(g, to);
	struct vgic_irq *irq = &vv->private[intid];

	/* On v2 each sender's is one of its own. */
	if (likely(!irq->sources)) {
		unsigned int n = free_lr(g, vv, irq, intid);

		if (likely(n != VGIC_NO_LR)) {
			irq->source = g->version == 2 ? (uint8_t)from->id : 0;
			write_pending(g, vv, irq, n, (struct gic_lr){ .source = irq->source, .vintid = intid });
			return;
		}
	}
	vgic_latch(g, irq, intid, from->id);
	vgic_update(g, vv, irq, intid);
}
