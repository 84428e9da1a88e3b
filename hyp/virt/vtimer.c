/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/vtimer.h"

#include "arch/barrier.h"
#include "arch/counter.h"
#include "arch/spinlock.h"
#include "arch/sysreg.h"
#include "core/timer.h"
#include "dev/gic/gic.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/vgic/vgic.h"

/* CNTV_CTL_EL0 and CNTP_CTL_EL0 (Arm ARM D19.12.12, D19.12.16). */
#define CTL_ENABLE  BIT(0)
#define CTL_IMASK   BIT(1)
#define CTL_ISTATUS BIT(2)

struct vtimer {
	/* Virtual timer, valid while not loaded: that CPU alone. */
	uint64_t virt_ctl;
	uint64_t virt_cval;
	struct timer wake; /* runs while not loaded, on the CPU that it was last loaded on */

	/* Physical timer. The software timer may fire on another CPU than the one that v runs on.
	 */
	struct spinlock lock; /* before vgic.lock, vcpu.lock and core's timer lock */
	uint64_t phys_ctl;    /* ENABLE and IMASK; written under lock, by v's own traps and its reset */
	uint64_t phys_cval;   /* the same */
	struct timer phys;    /* lock: (re)armed and cancelled under it */
	struct vcpu *v;       /* constant */
};

static struct {
	uint32_t virt; /* constant after boot: INTIDs, the guests' as the host's */
	uint32_t phys;
} ppi;

void vtimer_setup(uint32_t virt_intid, uint32_t phys_intid)
{
	ppi.virt = virt_intid;
	ppi.phys = phys_intid;
}

int vtimer_create(struct domain *d)
{
	return vgic_assign_hw(d, ppi.virt, ppi.virt);
}

/* The soonest counter value at which a count of `now` has reached cval; the end of time if that's
 * beyond it. */
static uint64_t deadline_of(uint64_t cval, uint64_t offset)
{
	uint64_t now = counter_now();
	uint64_t seen = now - offset;

	if (seen >= cval)
		return now;
	return cval - seen > ~now ? ~0ULL : now + (cval - seen);
}

/* ---- virtual timer: the hardware's ---- */

/* Loading the vCPU makes the hardware raise the real interrupt at once: waking it is all there is
 * to do. */
static void wake_fn(struct timer *t)
{
	struct vtimer *vt = container_of(t, struct vtimer, wake);

	vcpu_unblock(vt->v, VCPU_BLOCK_WFI);
}

void vtimer_fired(uint32_t intid, void *ctx)
{
	struct vcpu *v = this_cpu()->loaded;

	(void)ctx;
	if (v) {
		vgic_hw_ppi_fired(v, ppi.virt, intid);
		return;
	}
	/* Nobody's: it was taken just before its vCPU left, whose timer goes on in software. */
	sysreg_write(cntv_ctl_el0, 0);
	isb(); /* the line is low before the interrupt may come again */
	gic->set_active(intid, false);
}

static void virt_load(struct vcpu *v)
{
	struct vtimer *vt = v->vtimer;

	timer_cancel(&vt->wake);
	sysreg_write(cntvoff_el2, __atomic_load_n(&v->domain->cntvoff, __ATOMIC_RELAXED));
	sysreg_write(cntv_cval_el0, vt->virt_cval);
	isb(); /* offset and compare value before the enable: or it fires for the last vCPU's */
	sysreg_write(cntv_ctl_el0, vt->virt_ctl);
}

static void virt_save(struct vcpu *v)
{
	struct vtimer *vt = v->vtimer;
	uint64_t ctl = sysreg_read(cntv_ctl_el0);

	vt->virt_cval = sysreg_read(cntv_cval_el0);
	vt->virt_ctl = ctl & (CTL_ENABLE | CTL_IMASK);
	sysreg_write(cntv_ctl_el0, 0);
	isb(); /* the line is low before another vCPU's timer or the idle loop looks at it */

	if (vt->virt_ctl != CTL_ENABLE)
		return;
	/* The guest has its interrupt already: nothing more to come until it has handled that. */
	if ((ctl & CTL_ISTATUS) && gic->is_active(ppi.virt))
		return;
	timer_set(&vt->wake, deadline_of(vt->virt_cval, sysreg_read(cntvoff_el2)));
}

/* ---- physical timer: emulated ---- */

static bool phys_met(const struct vtimer *vt)
{
	return (vt->phys_ctl & CTL_ENABLE) && counter_now() >= vt->phys_cval;
}

/* After any change, and when the time has come: line and software timer as the registers say. */
static void phys_update_locked(struct vtimer *vt)
{
	bool met = phys_met(vt);

	if ((vt->phys_ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE && !met)
		timer_set(&vt->phys, deadline_of(vt->phys_cval, 0));
	else
		timer_cancel(&vt->phys);
	vgic_line(vt->v->domain, vt->v->id, ppi.phys, met && !(vt->phys_ctl & CTL_IMASK));
}

static void phys_fn(struct timer *t)
{
	struct vtimer *vt = container_of(t, struct vtimer, phys);

	spin_lock(&vt->lock);
	phys_update_locked(vt);
	spin_unlock(&vt->lock);
}

uint64_t vtimer_read(struct vcpu *v, enum vtimer_reg reg)
{
	/* No lock: nobody else writes what is read here. */
	const struct vtimer *vt = v->vtimer;

	switch (reg) {
	case VTIMER_CNTP_TVAL:
		return (vt->phys_cval - counter_now()) & MASK(31, 0);
	case VTIMER_CNTP_CTL:
		return vt->phys_ctl | (phys_met(vt) ? CTL_ISTATUS : 0);
	default:
		return vt->phys_cval;
	}
}

void vtimer_write(struct vcpu *v, enum vtimer_reg reg, uint64_t value)
{
	struct vtimer *vt = v->vtimer;

	spin_lock(&vt->lock);
	switch (reg) {
	case VTIMER_CNTP_TVAL: /* signed, from now on (Arm ARM D11.2.4) */
		vt->phys_cval = counter_now() + (uint64_t)(int64_t)(int32_t)(uint32_t)value;
		break;
	case VTIMER_CNTP_CTL:
		vt->phys_ctl = value & (CTL_ENABLE | CTL_IMASK);
		break;
	case VTIMER_CNTP_CVAL:
		vt->phys_cval = value;
		break;
	}
	phys_update_locked(vt);
	spin_unlock(&vt->lock);
}

/* ---- the vCPU's life ---- */

static int init(struct vcpu *v)
{
	struct vtimer *vt = page_alloc(page_order(sizeof(*vt)));

	if (!vt)
		return -ENOMEM;
	vt->v = v;
	timer_init(&vt->wake, wake_fn);
	timer_init(&vt->phys, phys_fn);
	v->vtimer = vt;
	return 0;
}

static void stop(struct vcpu *v)
{
	if (!v->vtimer)
		return;
	timer_cancel(&v->vtimer->wake);
	timer_cancel(&v->vtimer->phys);
}

static void destroy(struct vcpu *v)
{
	if (v->vtimer)
		page_free(v->vtimer, page_order(sizeof(*v->vtimer)));
	v->vtimer = NULL;
}

/* Both off, as a CPU comes out of reset: a power-down takes them along. v is not loaded. */
static void reset(struct vcpu *v)
{
	struct vtimer *vt = v->vtimer;

	timer_cancel(&vt->wake);
	vt->virt_ctl = 0;
	vt->virt_cval = 0;

	spin_lock(&vt->lock);
	timer_cancel(&vt->phys);
	vt->phys_ctl = 0;
	vt->phys_cval = 0;
	/* A domain without a vGIC has no lines. */
	if (v->domain->vgic)
		vgic_line(v->domain, v->id, ppi.phys, false);
	spin_unlock(&vt->lock);
}

const struct vcpu_module vtimer_vcpu_module = {
	.name = "vtimer",
	.init = init,
	.reset = reset,
	.load = virt_load,
	.save = virt_save,
	.stop = stop,
	.destroy = destroy,
};
