/* SPDX-License-Identifier: Apache-2.0 */
/* The vCPU side: on and off a CPU, before it enters the guest, maintenance interrupts, reset. */
#include "core/cpu.h"
#include "core/irq.h"
#include "virt/vgic/vgic_priv.h"

/* What another CPU's vCPU asked of this one's physical PPIs. */
static void finish_hw_ppis(struct vgic *g, struct vgic_vcpu *vv)
{
	for (uint32_t ppis = g->hw_ppis; ppis; ppis &= ppis - 1) {
		uint32_t intid = (uint32_t)__builtin_ctz(ppis);

		if (vgic_has_requests(&vv->private[intid]))
			vgic_update(g, vv, &vv->private[intid], intid);
	}
}

void vgic_flush_here(struct vgic *g, struct vgic_vcpu *vv)
{
	/* Cleared first: what comes after is seen by the next look at it. */
	__atomic_store_n(&vv->v->vgic_dirty, false, __ATOMIC_RELAXED);
	vgic_refresh_all(g, vv);
	finish_hw_ppis(g, vv);
	vgic_fill(g, vv);
}

void vgic_flush(struct vcpu *v)
{
	struct vgic *g = v->domain->vgic;

	spin_lock(&g->lock);
	if (vgic_is_here(v->vgic))
		vgic_flush_here(g, v->vgic);
	vgic_unlock(g, v);
}

void vgic_sync(struct vcpu *v)
{
	struct vgic *g = v->domain->vgic;

	spin_lock(&g->lock);
	if (vgic_is_here(v->vgic))
		vgic_refresh_all(g, v->vgic);
	vgic_unlock(g, v);
}

void vgic_maintenance(uint32_t intid, void *ctx)
{
	struct vcpu *v = this_cpu()->loaded;

	(void)intid;
	(void)ctx;
	/* Without a vCPU the interface is off and cannot ask; make sure that the level drops. */
	if (v && v->domain->vgic)
		vgic_flush(v);
	else
		gic->set_hcr(0);
}

/* The active state of this vCPU's own physical interrupts, into or out of the CPU. */
static void hw_ppis_set_active(const struct vgic *g, struct vgic_vcpu *vv, bool on)
{
	for (uint32_t ppis = g->hw_ppis; ppis; ppis &= ppis - 1) {
		const struct vgic_irq *irq = &vv->private[__builtin_ctz(ppis)];

		if (irq->hw_active)
			gic->set_active(irq->pintid, on);
	}
}

/* After a move to another CPU the vCPU's physical SPIs follow it. */
static void follow_to_this_cpu(struct vgic *g, struct vgic_vcpu *vv)
{
	if (vv->last_cpu == this_cpu())
		return;
	vv->last_cpu = this_cpu();
	for (uint32_t intid = VGIC_NR_PRIVATE; intid < g->nr_intids; intid++) {
		const struct vgic_irq *irq = vgic_irq_of(g, vv, intid);

		/* static: analyzer-null-dereference: intid is below nr_intids */
		if (irq->hw && irq->target == vv->v->id)
			irq_set_target(irq->pintid, this_cpu()->arch.id);
	}
}

void vgic_vcpu_load(struct vcpu *v)
{
	struct vgic *g = v->domain->vgic;
	struct vgic_vcpu *vv = v->vgic;

	if (!g)
		return;
	spin_lock(&g->lock);
	vv->cpu = this_cpu();
	__atomic_store_n(&vv->v->vgic_dirty, false, __ATOMIC_RELAXED);
	hw_ppis_set_active(g, vv, true);
	gic->load_vcpu(&vv->cpuif);
	follow_to_this_cpu(g, vv);
	vv->hcr = 0;
	vgic_fill(g, vv);
	vgic_unlock(g, v);
}

void vgic_vcpu_save(struct vcpu *v)
{
	struct vgic *g = v->domain->vgic;
	struct vgic_vcpu *vv = v->vgic;

	if (!g)
		return;
	spin_lock(&g->lock);
	if (vgic_is_here(vv)) {
		finish_hw_ppis(g, vv);
		vgic_take_all_out(g, vv);
		hw_ppis_set_active(g, vv, false);
		gic->save_vcpu(&vv->cpuif);
		vgic_set_hcr(vv, 0);
		vv->cpu = NULL;
	}
	vgic_unlock(g, v);
}

/* Everything active on this vCPU ends; all of it is in the queue now. */
static void end_active(struct vgic *g, struct vgic_vcpu *vv)
{
	for (unsigned int w = 0; w < VGIC_QUEUE_WORDS; w++) {
		for (uint64_t bits = vv->queue[w]; bits; bits &= bits - 1) {
			uint32_t intid = w * 64 + (uint32_t)__builtin_ctzll(bits);
			struct vgic_irq *irq = vgic_irq_of(g, vv, intid);

			/* static: analyzer-null-dereference: queues hold INTIDs that exist */
			if (!irq->active)
				continue;
			irq->drop_active = true;
			vgic_update(g, vv, irq, intid);
		}
	}
}

void vgic_vcpu_reset(struct vcpu *v)
{
	struct vgic *g = v->domain->vgic;
	struct vgic_vcpu *vv = v->vgic;
	bool here;

	if (!g) {
		gic->reset_vcpu(&vv->cpuif);
		return;
	}
	spin_lock(&g->lock);
	here = vgic_is_here(vv);
	if (here)
		vgic_take_all_out(g, vv);
	gic->reset_vcpu(&vv->cpuif);
	end_active(g, vv);
	if (here) {
		gic->load_vcpu(&vv->cpuif);
		vgic_fill(g, vv);
	}
	vgic_unlock(g, v);
}
