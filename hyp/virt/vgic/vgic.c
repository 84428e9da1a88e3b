/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GIC's front: creation, and interrupts that come in from devices, timers and other
 * vCPUs. */
#include "core/domain_power.h"
#include "core/irq.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic_priv.h"

void vgic_unlock_and_tell(struct vgic *g, const struct vcpu *quiet)
{
	uint64_t kicks = g->kicks;
	uint32_t wake = g->wake_vintid;

	g->kicks = 0;
	g->wake_vintid = 0;
	spin_unlock(&g->lock);

	/* Asked after the lock was had: core/domain_power.c says why. */
	if (unlikely(wake && domain_is_suspended(g->domain)))
		domain_wake(g->domain, wake, true);

	if (quiet)
		kicks &= ~BIT(quiet->id);
	for (; kicks; kicks &= kicks - 1) {
		struct vcpu *v = g->domain->vcpus[__builtin_ctzll(kicks)];

		/* The vCPU whose trap this is sees its list registers anyway, unless it waits
		 * already. */
		if (v != this_cpu()->loaded || __atomic_load_n(&v->blocked, __ATOMIC_RELAXED))
			vcpu_kick(v);
	}
}

/* To be done with d's lock taken; NULL (and no lock) if there is no such interrupt. */
static struct vgic_irq *find_and_lock(struct domain *d, unsigned int vcpu, uint32_t vintid)
{
	struct vgic *g = d->vgic;
	struct vgic_irq *irq;

	if (!g || vcpu >= d->nr_vcpus)
		return NULL;
	irq = vgic_irq_of(g, vgic_vcpu_of(g, vcpu), vintid);
	if (irq)
		spin_lock(&g->lock);
	return irq;
}

void vgic_edge(struct domain *d, unsigned int vcpu, uint32_t vintid)
{
	struct vgic_irq *irq = find_and_lock(d, vcpu, vintid);

	if (!irq)
		return;
	vgic_latch(d->vgic, irq, vintid, vcpu);
	vgic_update(d->vgic, vgic_vcpu_of(d->vgic, vcpu), irq, vintid);
	vgic_unlock(d->vgic, NULL);
}

void vgic_line(struct domain *d, unsigned int vcpu, uint32_t vintid, bool high)
{
	struct vgic_irq *irq = find_and_lock(d, vcpu, vintid);

	if (!irq)
		return;
	if (irq->line != high) {
		irq->line = high;
		if (high && irq->edge)
			vgic_latch(d->vgic, irq, vintid, vcpu);
		vgic_update(d->vgic, vgic_vcpu_of(d->vgic, vcpu), irq, vintid);
	}
	vgic_unlock(d->vgic, NULL);
}

void vgic_hw_fired(struct domain *d, uint32_t vintid, uint32_t intid)
{
	struct vgic_irq *irq = vintid < VGIC_NR_PRIVATE ? NULL : find_and_lock(d, 0, vintid);

	if (!irq)
		return;
	if (irq->hw && irq->pintid == intid) {
		irq->latch = true;
		irq->hw_active = true;
		irq->acked_by = (uint8_t)this_cpu()->arch.id;
		vgic_update(d->vgic, NULL, irq, vintid);
	}
	vgic_unlock(d->vgic, NULL);
}

bool vgic_pending(struct vcpu *v)
{
	struct vgic *g = v->domain->vgic;
	struct vgic_vcpu *vv = v->vgic;
	bool pending = false;

	if (!g)
		return false;
	spin_lock(&g->lock);
	/*
	 * What is nearly always so: the guest has ended all that it had. Not so if another CPU has changed something: one that
	 * came again before its list register was read back is neither in that nor in the queue (vgic_refresh()).
	 */
	if (vgic_is_here(vv) && !v->vgic_dirty && !vv->queue_words &&
	    !(vv->used && (vv->used & ~gic->empty_lrs()))) {
		spin_unlock(&g->lock);
		return false;
	}
	if (vgic_is_here(vv)) {
		vgic_flush_here(g, vv);
		for (uint32_t used = vv->used; used && !pending; used &= used - 1) {
			uint32_t intid = vv->lr_vintid[__builtin_ctz(used)];
			const struct vgic_irq *irq = vgic_irq_of(g, vv, intid);

			pending = irq->lr_pending && !irq->active;
		}
	} else if (vv->cpu) {
		pending = vv->v->vgic_dirty;
	}
	for (uint64_t words = vv->queue_words; words && !pending; words &= words - 1) {
		unsigned int w = (unsigned int)__builtin_ctzll(words);

		for (uint64_t bits = vv->queue[w]; bits && !pending; bits &= bits - 1) {
			uint32_t intid = w * 64 + (uint32_t)__builtin_ctzll(bits);

			pending = vgic_irq_deliverable(g, vgic_irq_of(g, vv, intid));
		}
	}
	vgic_unlock(g, v);
	return pending;
}

static bool ppi_wakes(struct vgic *g, uint32_t *vintid)
{
	for (uint32_t intid = VGIC_NR_SGIS; intid < VGIC_NR_PRIVATE; intid++) {
		for (unsigned int i = 0; i < g->domain->nr_vcpus; i++) {
			struct vgic_vcpu *vv = vgic_vcpu_of(g, i);
			struct vgic_irq *irq = &vv->private[intid];

			vgic_refresh(g, irq);
			if (vgic_irq_wakes(g, vv, irq, intid)) {
				*vintid = intid;
				return true;
			}
		}
	}
	return false;
}

static bool spi_wakes(struct vgic *g, uint32_t except, uint32_t *vintid)
{
	unsigned int intid;

	bitmap_for_each(intid, g->spis_on, g->nr_intids) {
		struct vgic_irq *irq = vgic_irq_of(g, NULL, intid);

		if (intid == except)
			continue;
		vgic_refresh(g, irq);
		if (vgic_irq_wakes(g, NULL, irq, intid)) {
			*vintid = intid;
			return true;
		}
	}
	return false;
}

bool vgic_wake_pending(struct domain *d, bool ppis, uint32_t except, uint32_t *vintid)
{
	struct vgic *g = d->vgic;
	bool found;

	if (!g)
		return false;
	spin_lock(&g->lock);
	found = (ppis && ppi_wakes(g, vintid)) || spi_wakes(g, except, vintid);
	/* What the look itself stirred up is the caller's to tell. */
	g->wake_vintid = 0;
	vgic_unlock(g, NULL);
	return found;
}

void vgic_update_all(struct vgic *g)
{
	for (unsigned int i = 0; i < g->domain->nr_vcpus; i++) {
		struct vgic_vcpu *vv = vgic_vcpu_of(g, i);

		for (uint32_t intid = 0; intid < VGIC_NR_PRIVATE; intid++)
			vgic_update(g, vv, &vv->private[intid], intid);
	}
	for (uint32_t intid = VGIC_NR_PRIVATE; intid < g->nr_intids; intid++)
		vgic_update(g, NULL, vgic_irq_of(g, NULL, intid), intid);
}

void vgic_follow_target(struct vgic *g, const struct vgic_irq *irq, uint32_t intid)
{
	const struct cpu *c;

	if (!irq->hw || intid < VGIC_NR_PRIVATE || irq->target == VGIC_NO_VCPU)
		return;
	/* Without vcpu.lock: if it moves just now, its next load() routes the interrupt again. */
	c = __atomic_load_n(&g->domain->vcpus[irq->target]->cpu, __ATOMIC_RELAXED);
	if (c)
		irq_set_target(irq->pintid, c->arch.id);
}

static int assign_ppi(struct vgic *g, uint32_t vintid, uint32_t intid)
{
	if (vintid < VGIC_NR_SGIS || intid < GIC_NR_SGIS ||
	    (intid >= GIC_FIRST_SPI && (intid < GIC_FIRST_EPPI || intid > GIC_LAST_EPPI)))
		return -EINVAL;
	if (g->hw_ppis & BIT(vintid))
		return -EBUSY;
	g->hw_ppis |= (uint32_t)BIT(vintid);
	for (unsigned int i = 0; i < g->domain->nr_vcpus; i++) {
		struct vgic_irq *irq = &vgic_vcpu_of(g, i)->private[vintid];

		irq->hw = true;
		irq->pintid = (uint16_t)intid;
	}
	return 0;
}

static int assign_spi(struct vgic *g, uint32_t vintid, uint32_t intid)
{
	struct vgic_irq *irq = vgic_irq_of(g, NULL, vintid);
	bool spi = intid >= GIC_FIRST_SPI && intid <= GIC_MAX_SPI;
	bool espi = intid >= GIC_FIRST_ESPI && intid <= GIC_LAST_ESPI;

	if (!irq || !(spi || espi))
		return -EINVAL;
	if (irq->hw)
		return -EBUSY;
	irq->hw = true;
	irq->pintid = (uint16_t)intid;
	vgic_follow_target(g, irq, vintid);
	return 0;
}

int vgic_assign_hw(struct domain *d, uint32_t vintid, uint32_t intid)
{
	struct vgic *g = d->vgic;
	int ret;

	if (!g)
		return -EINVAL;
	spin_lock(&g->lock);
	ret = (vintid < VGIC_NR_PRIVATE ? assign_ppi : assign_spi)(g, vintid, intid);
	vgic_unlock(g, NULL);
	return ret;
}

static void init_irq(struct vgic_irq *irq, unsigned int target)
{
	*irq = (struct vgic_irq) {
		.target = (uint8_t)target,
		.targets = 1, /* v2 SPIs: vCPU 0, as IROUTER's 0 says on v3 */
		.home = VGIC_NO_VCPU,
		.lr = VGIC_NO_LR,
		.acked_by = VGIC_NO_CPU,
	};
}

static void init_private(const struct vgic *g, struct vgic_vcpu *vv)
{
	for (uint32_t intid = 0; intid < VGIC_NR_PRIVATE; intid++) {
		struct vgic_irq *irq = &vv->private[intid];

		init_irq(irq, vv->v->id);
		irq->edge = intid < VGIC_NR_SGIS;
		/* As GIC-400 and others do: IHI 0048 4.3.5 leaves it to the implementation. */
		irq->enabled = vgic_is_v2_sgi(g, intid);
	}
}

static bool config_is_good(const struct domain *d, const struct vgic_config *cfg)
{
	if (cfg->version != 2 && cfg->version != 3)
		return false;
	if (cfg->version == 2 && d->nr_vcpus > VGIC_V2_VCPUS)
		return false;
	/* With one list register the underflow interrupt would never fall silent. */
	return cfg->nr_spis % 32 == 0 && cfg->nr_spis <= VGIC_MAX_SPIS && gic_limits.nr_lrs >= 2 &&
	       gic_limits.nr_lrs <= GIC_MAX_LRS && !d->vgic;
}

int vgic_create(struct domain *d, const struct vgic_config *cfg)
{
	unsigned int order = page_order(cfg->nr_spis * sizeof(struct vgic_irq));
	struct vgic *g;
	int ret;

	if (!config_is_good(d, cfg))
		return -EINVAL;
	g = page_alloc(page_order(sizeof(*g)));
	if (!g)
		return -ENOMEM;
	g->spis = page_alloc(order);
	if (!g->spis) {
		page_free(g, page_order(sizeof(*g)));
		return -ENOMEM;
	}
	g->domain = d;
	g->version = cfg->version;
	g->nr_spis = cfg->nr_spis;
	g->nr_intids = (unsigned int)min_u64(VGIC_NR_PRIVATE + cfg->nr_spis, VGIC_END_INTIDS);
	g->prio_mask = (uint8_t)(0xff00 >> (gic_limits.nr_prio_bits ? gic_limits.nr_prio_bits : 5));
	g->lr_mask = (uint32_t)MASK(gic_limits.nr_lrs - 1, 0);
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		init_private(g, vgic_vcpu_of(g, i));
	for (uint32_t i = 0; i < cfg->nr_spis; i++)
		init_irq(&g->spis[i], 0);

	d->vgic = g;
	ret = (cfg->version == 2 ? vgic_v2_register : vgic_v3_register)(d, cfg);
	if (ret) {
		d->vgic = NULL;
		page_free(g->spis, order);
		page_free(g, page_order(sizeof(*g)));
	}
	return ret;
}

void vgic_destroy(struct domain *d)
{
	struct vgic *g = d->vgic;

	if (!g)
		return;
	d->vgic = NULL;
	page_free(g->spis, page_order(g->nr_spis * sizeof(struct vgic_irq)));
	page_free(g, page_order(sizeof(*g)));
}

static void vgic_vcpu_destroy(struct vcpu *v)
{
	if (v->vgic)
		page_free(v->vgic, page_order(sizeof(*v->vgic)));
	v->vgic = NULL;
}

static int vgic_vcpu_init(struct vcpu *v)
{
	v->vgic = page_alloc(page_order(sizeof(struct vgic_vcpu)));
	if (!v->vgic)
		return -ENOMEM;
	v->vgic->v = v;
	gic->reset_vcpu(&v->vgic->cpuif);
	return 0;
}

static void vgic_vcpu_enter(struct vcpu *v)
{
	if (vgic_needs_flush(v))
		vgic_flush(v);
}

const struct vcpu_module vgic_vcpu_module = {
	.name = "vgic",
	.init = vgic_vcpu_init,
	.reset = vgic_vcpu_reset,
	.load = vgic_vcpu_load,
	.save = vgic_vcpu_save,
	.enter = vgic_vcpu_enter,
	.destroy = vgic_vcpu_destroy,
};
