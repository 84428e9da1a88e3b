/* SPDX-License-Identifier: Apache-2.0 */
#include "core/irq.h"

#include "arch/spinlock.h"
#include "core/domain_power.h"
#include "dev/gic/gic.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "lib/log.h"
#include "mm/page.h"

struct irq_desc {
	const char *name;	/* NULL: nobody's */
	irq_handler_fn *fn;	/* Dormouse's own */
	void *ctx;
	struct domain *owner;	/* or a domain's */
	uint32_t vintid;
	bool forwarded;		/* the guest ends it, not dispatch() */
	bool enabled;		/* lock */
	bool wake;		/* lock */
	uint8_t target;		/* lock; CPU number */
};

static struct spinlock irq_lock;
static struct irq_desc *table; /* INTIDs 0 .. gic_limits.nr_spis_end - 1 */
static uint64_t claimed[IRQ_WAKE_WORDS]; /* lock; SPIs that are somebody's: to find the few among many */
static irq_guest_fn *guest_fn;
static bool routed_to_boot_cpu;

int irq_init(void)
{
	table = page_alloc(page_order(gic_limits.nr_spis_end * sizeof(*table)));
	return table ? 0 : -ENOMEM;
}

static struct irq_desc *desc(uint32_t intid)
{
	return intid < gic_limits.nr_spis_end ? &table[intid] : NULL;
}

static int claim(uint32_t intid, const char *name, struct irq_desc what)
{
	struct irq_desc *d = desc(intid);
	int err = 0;

	if (!d)
		return -EINVAL;
	spin_lock(&irq_lock);
	if (d->name) {
		err = -EBUSY;
	} else {
		*d = what;
		d->name = name;
		if (intid >= GIC_FIRST_SPI)
			bitmap_set(claimed, intid);
	}
	spin_unlock(&irq_lock);
	if (!err && intid >= GIC_FIRST_SPI)
		gic->set_target(intid, 0);
	return err;
}

int irq_request(uint32_t intid, const char *name, irq_handler_fn *fn, void *ctx)
{
	int err = claim(intid, name, (struct irq_desc){ .fn = fn, .ctx = ctx });

	if (!err && intid >= GIC_FIRST_SPI)
		gic->set_priority(intid, GIC_PRIO_HYP);
	return err;
}

int irq_request_forwarded(uint32_t intid, const char *name, irq_handler_fn *fn, void *ctx)
{
	return claim(intid, name, (struct irq_desc){ .fn = fn, .ctx = ctx, .forwarded = true });
}

int irq_assign(uint32_t intid, const char *name, struct domain *owner, uint32_t vintid)
{
	return claim(intid, name, (struct irq_desc){ .owner = owner, .vintid = vintid });
}

/*
 * dispatch() reads without the lock: on another CPU it may still hand one on that it has just taken, which does no harm as
 * long as the owner is there; then it ends nowhere but here.
 */
void irq_release_all(const struct domain *owner)
{
	spin_lock(&irq_lock);
	for (uint32_t i = GIC_FIRST_SPI; i < gic_limits.nr_spis_end; i++) {
		struct irq_desc *d = &table[i];

		if (d->owner != owner)
			continue;
		gic->set_enabled(i, false);
		gic->set_pending(i, false);
		gic->set_active(i, false);
		*d = (struct irq_desc){ 0 };
		bitmap_clear(claimed, i);
	}
	spin_unlock(&irq_lock);
}

static void set_enabled(uint32_t intid, bool on)
{
	struct irq_desc *d = desc(intid);

	if (!d)
		return;
	spin_lock(&irq_lock);
	d->enabled = on;
	/* A PPI before this CPU's part of the GIC is up: irq_init_cpu() will see to it. */
	if (intid >= GIC_FIRST_SPI || this_cpu()->online)
		gic->set_enabled(intid, on);
	spin_unlock(&irq_lock);
}

void irq_enable(uint32_t intid)
{
	set_enabled(intid, true);
}

void irq_disable(uint32_t intid)
{
	set_enabled(intid, false);
}

void irq_set_wake(uint32_t intid, bool on)
{
	struct irq_desc *d = desc(intid);

	if (d)
		d->wake = on;
}

static unsigned int online_target(unsigned int cpu)
{
	return cpu < nr_cpus && cpus[cpu]->online ? cpu : 0;
}

void irq_set_target(uint32_t intid, unsigned int cpu)
{
	struct irq_desc *d = desc(intid);

	if (!d || intid < GIC_FIRST_SPI || cpu >= nr_cpus)
		return;
	spin_lock(&irq_lock);
	d->target = (uint8_t)cpu;
	gic->set_target(intid, routed_to_boot_cpu ? 0 : online_target(cpu));
	spin_unlock(&irq_lock);
}

static void route_all(bool to_boot_cpu)
{
	unsigned int i;

	spin_lock(&irq_lock);
	routed_to_boot_cpu = to_boot_cpu;
	bitmap_for_each(i, claimed, gic_limits.nr_spis_end) {
		if (table[i].target)
			gic->set_target(i, to_boot_cpu ? 0 : online_target(table[i].target));
	}
	spin_unlock(&irq_lock);
}

void irq_route_to_boot_cpu(void)
{
	route_all(true);
}

void irq_route_restore(void)
{
	route_all(false);
}

void irq_init_cpu(void)
{
	for (uint32_t i = GIC_NR_SGIS; i < GIC_FIRST_SPI; i++) {
		if (table[i].enabled) {
			gic->set_priority(i, table[i].forwarded ? GIC_PRIO_GUEST : GIC_PRIO_HYP);
			gic->set_enabled(i, true);
		}
	}
}

void irq_lookup(uint32_t intid, struct irq_info *out)
{
	const struct irq_desc *d = desc(intid);

	*out = (struct irq_info){ .name = "" };
	if (!d || !d->name)
		return;
	out->name = d->name;
	out->owner = d->owner;
	out->vintid = d->vintid;
	out->hyp = d->fn;
	out->wake = d->wake;
}

const char *irq_name_of(const struct domain *owner, uint32_t vintid)
{
	for (uint32_t i = GIC_FIRST_SPI; i < gic_limits.nr_spis_end; i++) {
		if (table[i].owner == owner && table[i].vintid == vintid)
			return table[i].name;
	}
	return "";
}

void irq_wake_mask(uint64_t mask[IRQ_WAKE_WORDS])
{
	unsigned int i;

	for (i = 0; i < IRQ_WAKE_WORDS; i++)
		mask[i] = 0;
	bitmap_for_each(i, claimed, gic_limits.nr_spis_end) {
		const struct irq_desc *d = &table[i];

		if (d->enabled &&
		    (d->owner ? domain_source_on(d->owner, WAKE_DEVICE) : d->wake))
			bitmap_set(mask, i);
	}
}

void irq_set_guest_fn(irq_guest_fn *fn)
{
	guest_fn = fn;
}

static void dispatch(uint32_t iar, uint32_t intid)
{
	struct irq_desc *d = desc(intid);

	gic->eoi(iar);
	if (d && d->owner && guest_fn) {
		/* Stays active until the guest ends it. */
		guest_fn(d->owner, d->vintid, intid);
		return;
	}
	if (d && d->fn) {
		d->fn(intid, d->ctx);
		if (d->forwarded)
			return;
	} else if (intid >= GIC_NR_SGIS) {
		log_warn("interrupt %u is nobody's: disabled", intid);
		gic->set_enabled(intid, false);
	}
	/* SMP_SGI_KICK only asks for this CPU's attention; see cpu_post(). */
	gic->deactivate(iar);
}

bool irq_take_one(void)
{
	uint32_t iar = gic->ack();
	uint32_t intid = gic_iar_intid(iar);

	/* 1020 to 1023: nothing (more) to take. LPIs are not used. */
	if (intid >= GIC_SPURIOUS - 3)
		return false;
	dispatch(iar, intid);
	return true;
}

void irq_dispatch(void)
{
	while (irq_take_one())
		;
}
