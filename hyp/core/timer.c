/* SPDX-License-Identifier: Apache-2.0 */
#include "core/timer.h"

#include "arch/barrier.h"
#include "arch/counter.h"
#include "arch/spinlock.h"
#include "arch/sysreg.h"
#include "core/irq.h"

/* CNTHP_CTL_EL2 (Arm ARM D19.12.6) */
#define CTL_ENABLE BIT(0)

/* Sets the hardware for the soonest timer, or off. The CPU's timer lock is held. */
static void program_locked(const struct cpu *c)
{
	if (list_empty(&c->timers)) {
		sysreg_write(cnthp_ctl_el2, 0);
	} else {
		const struct timer *t = list_entry(c->timers.next, const struct timer, link);

		sysreg_write(cnthp_cval_el2, t->deadline);
		sysreg_write(cnthp_ctl_el2, CTL_ENABLE);
	}
	isb(); /* the line follows before the interrupt is ended or the guest entered */
}

void timer_init(struct timer *t, timer_fn *fn)
{
	list_init(&t->link);
	t->fn = fn;
	t->cpu = NULL;
}

void timer_cancel(struct timer *t)
{
	struct cpu *c = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);

	if (!c)
		return;
	spin_lock(&c->timer_lock);
	if (t->cpu == c) {
		list_remove(&t->link);
		t->cpu = NULL;
		/* Another CPU's hardware may fire for it once more, and finds nothing due. */
		if (c == this_cpu())
			program_locked(c);
	}
	spin_unlock(&c->timer_lock);
}

void timer_set(struct timer *t, uint64_t deadline)
{
	struct cpu *c = this_cpu();
	struct timer *pos;

	timer_cancel(t);
	spin_lock(&c->timer_lock);
	t->deadline = deadline;
	t->cpu = c;
	list_for_each(pos, &c->timers, link) {
		if (pos->deadline > deadline)
			break;
	}
	list_insert_before(list_node(pos, link), &t->link);
	if (c->timers.next == &t->link)
		program_locked(c);
	spin_unlock(&c->timer_lock);
}

void timer_adopt(struct cpu *from)
{
	for (;;) {
		struct timer *t = NULL;

		spin_lock(&from->timer_lock);
		if (!list_empty(&from->timers))
			t = list_entry(from->timers.next, struct timer, link);
		spin_unlock(&from->timer_lock);
		if (!t)
			return;
		timer_set(t, t->deadline);
	}
}

/* Takes one due timer off the list, or sets the hardware for the next one. */
static struct timer *take_due(struct cpu *c)
{
	struct timer *t = NULL;

	spin_lock(&c->timer_lock);
	if (!list_empty(&c->timers))
		t = list_entry(c->timers.next, struct timer, link);
	if (t && t->deadline <= counter_now()) {
		list_remove(&t->link);
		t->cpu = NULL;
	} else {
		t = NULL;
		program_locked(c);
	}
	spin_unlock(&c->timer_lock);
	return t;
}

static void timer_interrupt(uint32_t intid, void *ctx)
{
	struct cpu *c = this_cpu();
	struct timer *t;

	(void)intid;
	(void)ctx;
	while ((t = take_due(c)))
		t->fn(t);
}

int timer_setup(uint32_t intid)
{
	int err = irq_request(intid, "timer", timer_interrupt, NULL);

	if (!err)
		irq_enable(intid);
	return err;
}

int timer_cpu_init(void)
{
	struct cpu *c = this_cpu();

	spin_lock(&c->timer_lock);
	program_locked(c);
	spin_unlock(&c->timer_lock);
	return 0;
}

int timer_suspend(void)
{
	/* Off: a deadline during the sleep is no wake-up. The list stays; what is overdue fires after the resume. */
	sysreg_write(cnthp_ctl_el2, 0);
	isb();
	return 0;
}

int timer_resume(void)
{
	return timer_cpu_init();
}
