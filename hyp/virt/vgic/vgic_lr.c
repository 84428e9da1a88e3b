/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List registers: who is in them, who waits. They hold something only while their vCPU is loaded.
 *
 * A list register is not read on every exit. The guest empties it unseen; that is noticed when its
 * interrupt is wanted again, when room is needed, when the vCPU waits, or by a maintenance
 * interrupt where something depends on it (a level that is still high: LR.EOI; others waiting:
 * GICH_HCR.UIE, IHI 0048 5.3.1).
 */
#include "core/cpu.h"
#include "virt/vgic/vgic_priv.h"

#define VMCR_EOIMODE                                                                 \
	BIT(9) /* GICH_VMCR.VEM (IHI 0048 5.3.3), ICH_VMCR_EL2.VEOIM (IHI 0069 12.4) \
	        */

void vgic_set_hcr(struct vgic_vcpu *vv, uint32_t bits)
{
	if (vv->hcr == bits)
		return;
	vv->hcr = bits;
	gic->set_hcr(bits);
}

static void enqueue(struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	vv->queue[intid / 64] |= BIT(intid % 64);
	vv->queue_words |= BIT(intid / 64);
	irq->queued = true;
	irq->home = (uint8_t)vv->v->id;
}

static void dequeue(struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	vv->queue[intid / 64] &= ~BIT(intid % 64);
	if (!vv->queue[intid / 64])
		vv->queue_words &= ~BIT(intid / 64);
	irq->queued = false;
}

/* Does the guest's deactivation end the physical interrupt, too? */
static bool is_tied(const struct vgic_irq *irq)
{
	return irq->hw && !irq->by_hand;
}

/* Can what is pending be added to the list register of the active interrupt (state 3)? Not with HW
 * (IHI 0048 5.3.8). */
static bool can_add_pending(const struct vgic *g, const struct vgic_irq *irq)
{
	if (is_tied(irq) || !irq->enabled || !g->enabled)
		return false;
	return irq->latch || (irq->sources & BIT(irq->source));
}

/* Must its end be seen: because it then is pending again, or to end the physical one? */
static bool wants_eoi(const struct vgic_irq *irq)
{
	return !is_tied(irq) && ((irq->line && !irq->edge) || irq->sources || irq->hw_active);
}

/* What is pending goes into the list register. */
static void take_pending(struct vgic_irq *irq, struct gic_lr *lr)
{
	lr->state |= GIC_LR_PENDING;
	irq->lr_pending = true;
	if (irq->sources) {
		if (!irq->active)
			irq->source = (uint8_t)__builtin_ctz(irq->sources);
		irq->sources &= (uint8_t)~BIT(irq->source);
		irq->lr_latch = true;
	} else {
		irq->lr_latch = irq->latch;
	}
	irq->latch = false;
	lr->source = irq->source;
}

/*
 * The end of a physical SPI that is active for us is done by hand, unless its list register is one of the CPU that took it.
 * An SPI's active state is one for all CPUs (IHI 0048 3.2.4), and a tied list register may end it from anywhere; but QEMU's
 * GICv2 has one for each CPU: it sets that of the CPU which acknowledges, ends that of the CPU whose list register it is, and
 * an SPI that is still active for its target never comes again. Writes of GICD_ISACTIVER and GICD_ICACTIVER are for all CPUs
 * there, too.
 */
static void untie_elsewhere(const struct vgic *g, struct vgic_irq *irq, uint32_t intid)
{
	if (g->version == 2 && irq->hw && irq->hw_active && intid >= VGIC_NR_PRIVATE &&
	    irq->acked_by != this_cpu()->arch.id)
		irq->by_hand = true;
}

/* irq is in no queue. It is deliverable or active. */
static void attach(struct vgic *g, struct vgic_vcpu *vv, unsigned int n, struct vgic_irq *irq,
                   uint32_t intid)
{
	struct gic_lr lr = { .raw = intid | vgic_lr_group(g) };

	lr.priority = irq->priority;
	lr.source = irq->source;
	untie_elsewhere(g, irq, intid);
	if (is_tied(irq)) {
		lr.hw = 1;
		lr.pintid = irq->pintid;
	}
	irq->home = (uint8_t)vv->v->id;
	irq->lr = (uint8_t)n;
	if (irq->active)
		lr.state = GIC_LR_ACTIVE;
	if (!irq->active || can_add_pending(g, irq)) {
		take_pending(irq, &lr);
		vv->v->vgic_raised = true;
	}
	lr.eoi = wants_eoi(irq);

	vv->used |= (uint32_t)BIT(n);
	vv->lr_vintid[n] = (uint16_t)intid;
	gic->write_lr(n, lr);
}

/* Takes the state out of what was read from the list register, which the caller then clears or
 * fills. */
static void detach(struct vgic *g, struct vgic_vcpu *vv, unsigned int n, struct vgic_irq *irq,
                   uint32_t intid, const struct gic_lr *lr)
{
	/* static: analyzer-null-dereference: its INTID was in a list register */
	irq->active = lr->state & GIC_LR_ACTIVE;
	if ((lr->state & GIC_LR_PENDING) && irq->lr_latch) {
		if (vgic_is_v2_sgi(g, intid))
			irq->sources |= (uint8_t)BIT(lr->source);
		else
			irq->latch = true;
	}
	/* The guest ended it, and with that the physical one, unless that has fired again since. */
	if (lr->state == GIC_LR_INVALID && irq->hw && !irq->latch) {
		if (irq->by_hand && irq->hw_active)
			gic->set_active(irq->pintid, false);
		irq->by_hand = false;
		irq->hw_active = false;
	}
	irq->lr_pending = false;
	irq->lr_latch = false;
	irq->lr = VGIC_NO_LR;
	vv->used &= (uint32_t)~BIT(n);
}

/* The physical interrupt's active state follows, where it can be reached: SPIs everywhere, PPIs on
 * vv's CPU. */
static void hw_follow_active(struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid, bool on)
{
	if (!irq->hw || irq->hw_active == on)
		return;
	irq->hw_active = on;
	if (intid >= VGIC_NR_PRIVATE || vgic_is_here(vv))
		gic->set_active(irq->pintid, on);
	irq->acked_by = VGIC_NO_CPU;
}

/* What the guest asked for by ICPENDR, ICACTIVER and ISACTIVER; irq is in no list register. */
static void apply_requests(struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	if (!vgic_has_requests(irq))
		return;
	if (irq->drop_pending)
		irq->latch = false;
	if (irq->drop_active)
		irq->active = false;
	if (irq->raise_active)
		irq->active = true;
	if (irq->raise_active || (!irq->active && !irq->latch))
		hw_follow_active(vv, irq, intid, irq->active);
	irq->by_hand &= irq->active || irq->latch;
	irq->drop_pending = false;
	irq->drop_active = false;
	irq->raise_active = false;
}

/* The vCPU it belongs to now. An active one stays where it was taken. */
static unsigned int home_of(const struct vgic_irq *irq)
{
	return irq->active && irq->home != VGIC_NO_VCPU ? irq->home : irq->target;
}

/* May what is pending in its list register stay there as it is? */
static bool lr_is_good(const struct vgic *g, const struct vgic_irq *irq, const struct gic_lr *lr)
{
	if (!(lr->state & GIC_LR_PENDING))
		return true;
	if (!irq->enabled || !g->enabled || (!irq->lr_latch && (irq->edge || !irq->line)))
		return false;
	return (lr->state & GIC_LR_ACTIVE) ||
	       (irq->home == irq->target && lr->priority == irq->priority);
}

/* Into the queue of a vCPU that isn't loaded here: the list registers are filled where it is. */
static void send_away(struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	if (!irq->queued)
		enqueue(vv, irq, intid);
	__atomic_store_n(&vv->v->vgic_dirty, true, __ATOMIC_RELAXED);
	g->kicks |= BIT(vv->v->id);
}

/*
 * What has come out of a list register and isn't for the vCPU that is loaded here. Never fills list registers,
 * unlike place(): it is a part of that.
 */
static void let_go(struct vgic *g, struct vgic_irq *irq, uint32_t intid)
{
	unsigned int home = home_of(irq);

	if ((irq->active || vgic_irq_deliverable(g, irq)) && home != VGIC_NO_VCPU)
		send_away(g, vgic_vcpu_of(g, home), irq, intid);
}

/* Puts an interrupt that is in no list register where it belongs. */
static void place(struct vgic *g, struct vgic_irq *irq, uint32_t intid)
{
	bool deliverable = vgic_irq_deliverable(g, irq);
	bool want = irq->active || deliverable;
	unsigned int home = home_of(irq);
	struct vgic_vcpu *vv;
	uint32_t room;

	if (irq->queued && (!want || home != irq->home))
		dequeue(vgic_vcpu_of(g, irq->home), irq, intid);
	if (!want || home == VGIC_NO_VCPU)
		return;

	vv = vgic_vcpu_of(g, home);
	if (!vgic_is_here(vv)) {
		send_away(g, vv, irq, intid);
		return;
	}
	if (deliverable)
		g->kicks |= BIT(home);
	room = g->lr_mask & ~vv->used;
	if (room && !irq->queued) {
		attach(g, vv, (unsigned int)__builtin_ctz(room), irq, intid);
		return;
	}
	if (!irq->queued)
		enqueue(vv, irq, intid);
	vgic_fill(g, vv);
}

/*
 * Brings list register n of the vCPU that is loaded here and the state of its interrupt together.
 * Bit n of `empty` set: it is known to hold nothing.
 */
static void refresh(struct vgic *g, struct vgic_vcpu *vv, unsigned int n, uint64_t empty)
{
	uint32_t intid = vv->lr_vintid[n];
	struct vgic_irq *irq = vgic_irq_of(g, vv, intid);
	struct gic_lr lr = { .state = GIC_LR_INVALID };
	bool change = false;

	if (!(empty & BIT(n)))
		lr = gic->read_lr(n);

	if (lr.state == GIC_LR_PENDING && vgic_level_is_gone(vv, irq, intid))
		irq->drop_pending = true;
	if (lr.state == GIC_LR_INVALID || vgic_has_requests(irq) || !lr_is_good(g, irq, &lr)) {
		detach(g, vv, n, irq, intid, &lr);
		apply_requests(vv, irq, intid);
		if ((irq->active || vgic_irq_deliverable(g, irq)) && home_of(irq) == vv->v->id) {
			attach(g, vv, n, irq, intid);
			return;
		}
		gic->clear_lr(n);
		let_go(g, irq, intid);
		return;
	}

	/* Pending again while the physical one is still active on its behalf: nothing would tell us
	 * its end. */
	irq->by_hand |= irq->hw && irq->latch;
	if (lr.hw != is_tied(irq)) {
		lr.hw = !lr.hw;
		lr.pintid = lr.hw ? irq->pintid : 0;
		change = true;
	}
	irq->active = lr.state & GIC_LR_ACTIVE;
	irq->lr_pending = lr.state & GIC_LR_PENDING;
	if (irq->lr_pending) {
		/* One more of the same: they merge, as in a real latch. */
		irq->lr_latch |= irq->latch;
		irq->latch = false;
		irq->sources &= vgic_is_v2_sgi(g, intid) ? (uint8_t)~BIT(irq->source) : 0;
	} else {
		irq->lr_latch = false;
		if (can_add_pending(g, irq)) {
			take_pending(irq, &lr);
			change = true;
		}
	}
	if (lr.eoi != wants_eoi(irq)) {
		lr.eoi = !lr.eoi;
		change = true;
	}
	if (change)
		gic->write_lr(n, lr);
}

/* One interrupt out of its list register into memory, for something more urgent or because the vCPU
 * leaves. */
static void evict(struct vgic *g, struct vgic_vcpu *vv, unsigned int n, uint64_t empty)
{
	uint32_t intid = vv->lr_vintid[n];
	struct vgic_irq *irq = vgic_irq_of(g, vv, intid);
	struct gic_lr lr = { .state = GIC_LR_INVALID };

	if (!(empty & BIT(n)))
		lr = gic->read_lr(n);
	detach(g, vv, n, irq, intid, &lr);
	apply_requests(vv, irq, intid);
	gic->clear_lr(n);
	if ((irq->active || vgic_irq_deliverable(g, irq)) && home_of(irq) == vv->v->id)
		enqueue(vv, irq, intid);
	else
		let_go(g, irq, intid);
}

/* What is chosen first: the more urgent, of equals the active one (its end comes first), then the
 * lower INTID. */
static unsigned int rank(const struct vgic_irq *irq)
{
	/* static: analyzer-null-dereference: list registers and queues hold INTIDs that exist */
	return (unsigned int)irq->priority << 1 | (irq->active ? 0U : 1U);
}

static uint32_t most_urgent(const struct vgic *g, struct vgic_vcpu *vv)
{
	unsigned int best_rank = ~0U;
	uint32_t best = 0;

	for (uint64_t words = vv->queue_words; words; words &= words - 1) {
		unsigned int w = (unsigned int)__builtin_ctzll(words);

		for (uint64_t bits = vv->queue[w]; bits; bits &= bits - 1) {
			uint32_t intid = w * 64 + (uint32_t)__builtin_ctzll(bits);
			unsigned int r = rank(vgic_irq_of(g, vv, intid));

			if (r < best_rank) {
				best_rank = r;
				best = intid;
			}
		}
	}
	return best;
}

/* The list register with the least urgent interrupt among those that are active or not; VGIC_NO_LR
 * if none. */
static unsigned int least_urgent(const struct vgic *g, struct vgic_vcpu *vv, bool active)
{
	unsigned int worst = VGIC_NO_LR, worst_rank = 0;

	for (uint32_t used = vv->used; used; used &= used - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(used);
		const struct vgic_irq *irq = vgic_irq_of(g, vv, vv->lr_vintid[n]);

		if (irq->active == active && rank(irq) >= worst_rank) {
			worst_rank = rank(irq);
			worst = n;
		}
	}
	return worst;
}

/*
 * With EOImode = 0 active interrupts end in the order of their priority, so the least urgent can
 * wait in memory until the underflow interrupt brings it back. With EOImode = 1 they end in any
 * order: an end without a list register would be lost, so they stay.
 */
static bool active_may_leave(void)
{
	struct gic_vcpu_state s;

	gic->save_vcpu(&s);
	return !(s.vmcr & VMCR_EOIMODE);
}

/* A list register for irq, by eviction if need be; VGIC_NO_LR if all hold more urgent ones. */
static unsigned int make_room(struct vgic *g, struct vgic_vcpu *vv, const struct vgic_irq *irq)
{
	unsigned int n;

	if (vv->used == g->lr_mask)
		vgic_refresh_all(g, vv);
	if (vv->used != g->lr_mask)
		return (unsigned int)__builtin_ctz(g->lr_mask & ~vv->used);

	n = least_urgent(g, vv, false);
	if (n != VGIC_NO_LR && rank(vgic_irq_of(g, vv, vv->lr_vintid[n])) > rank(irq)) {
		evict(g, vv, n, 0);
		return n;
	}
	n = least_urgent(g, vv, true);
	if (n != VGIC_NO_LR && vgic_irq_of(g, vv, vv->lr_vintid[n])->priority > irq->priority &&
	    active_may_leave()) {
		evict(g, vv, n, 0);
		return n;
	}
	return VGIC_NO_LR;
}

/*
 * The most urgent of the queue into list registers. Each round fills one with something more urgent
 * than what was there, so that nr_lrs rounds put the most urgent ones in, and as many more the
 * equals.
 */
void vgic_fill(struct vgic *g, struct vgic_vcpu *vv)
{
	for (unsigned int round = 0; vv->queue_words && round < 2 * GIC_MAX_LRS; round++) {
		uint32_t intid = most_urgent(g, vv);
		struct vgic_irq *irq = vgic_irq_of(g, vv, intid);
		unsigned int n = make_room(g, vv, irq);

		if (n == VGIC_NO_LR)
			break;
		if (!irq->queued) /* making room may have moved it */
			continue;
		dequeue(vv, irq, intid);
		attach(g, vv, n, irq, intid);
	}
	vgic_set_hcr(vv, GIC_HCR_EN | (vv->queue_words ? GIC_HCR_UIE : 0));
}

void vgic_refresh_all(struct vgic *g, struct vgic_vcpu *vv)
{
	uint64_t empty = vv->used ? gic->empty_lrs() : 0;

	for (uint32_t used = vv->used; used; used &= used - 1)
		refresh(g, vv, (unsigned int)__builtin_ctz(used), empty);
}

bool vgic_level_is_gone(const struct vgic_vcpu *vv, const struct vgic_irq *irq, uint32_t intid)
{
	if (!is_tied(irq) || irq->edge || !irq->hw_active || irq->active)
		return false;
	/* A level that is active, too, still reads as pending while it is high (IHI 0048 4.3.7). */
	return (intid >= VGIC_NR_PRIVATE || vgic_is_here(vv)) && !gic->is_pending(irq->pintid);
}

void vgic_refresh(struct vgic *g, struct vgic_irq *irq)
{
	struct vgic_vcpu *vv;

	if (irq->lr == VGIC_NO_LR)
		return;
	vv = vgic_vcpu_of(g, irq->home);
	if (vgic_is_here(vv)) {
		refresh(g, vv, irq->lr, 0);
		return;
	}
	/* The next look will see what that CPU then reads back. */
	__atomic_store_n(&vv->v->vgic_dirty, true, __ATOMIC_RELAXED);
	g->kicks |= BIT(irq->home);
}

/* Does a request need the physical PPI of another CPU? */
static bool is_out_of_reach(const struct vgic_vcpu *vv, const struct vgic_irq *irq, uint32_t intid)
{
	return irq->hw && intid < VGIC_NR_PRIVATE && vgic_has_requests(irq) && vv->cpu &&
	       !vgic_is_here(vv);
}

void vgic_pull(struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	unsigned int n = irq->lr;
	struct gic_lr lr;

	if (n == VGIC_NO_LR || !vgic_is_here(vv))
		return;
	lr = gic->read_lr(n);
	detach(g, vv, n, irq, intid, &lr);
	gic->clear_lr(n);
}

static void find_place(struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	if (irq->lr == VGIC_NO_LR) {
		if (is_out_of_reach(vv, irq, intid)) {
			__atomic_store_n(&vv->v->vgic_dirty, true, __ATOMIC_RELAXED);
			g->kicks |= BIT(vv->v->id);
			return;
		}
		apply_requests(vv, irq, intid);
		place(g, irq, intid);
		return;
	}
	vgic_refresh(g, irq);
	if (irq->lr_pending && !irq->active)
		g->kicks |= BIT(irq->home);
}

void vgic_update(struct vgic *g, struct vgic_vcpu *vv, struct vgic_irq *irq, uint32_t intid)
{
	find_place(g, vv, irq, intid);
	if (vgic_irq_wakes(g, vv, irq, intid))
		g->wake_vintid = intid;
}

void vgic_take_all_out(struct vgic *g, struct vgic_vcpu *vv)
{
	uint64_t empty = vv->used ? gic->empty_lrs() : 0;

	for (uint32_t used = vv->used; used; used &= used - 1)
		evict(g, vv, (unsigned int)__builtin_ctz(used), empty);
}
