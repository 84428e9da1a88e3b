/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alarm.h"

#include "arch/counter.h"
#include "arch/spinlock.h"
#include "core/domain_power.h"
#include "core/irq.h"
#include "dev/gic/gic.h"
#include "dev/rtc/pl031.h"
#include "lib/err.h"

static struct {
	struct spinlock lock;
	struct list queue; /* lock; soonest first */
	uint32_t intid;    /* constant; 0: no RTC */
} alarms = {
	.lock = SPINLOCK_INIT,
	.queue = { &alarms.queue, &alarms.queue },
};

/* From a to b, the nearer way round (the counter wraps, DDI 0224 2.2). */
static int32_t ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a);
}

uint32_t alarm_intid(void)
{
	return alarms.intid;
}

bool alarm_raised(void)
{
	return alarms.intid && pl031_raised();
}

uint32_t alarm_now(void)
{
	if (alarms.intid)
		return pl031_seconds();
	return (uint32_t)(counter_now() / counter_hz());
}

static struct alarm *first(void)
{
	return list_empty(&alarms.queue) ? NULL : list_entry(alarms.queue.next, struct alarm, link);
}

/*
 * Puts the earliest alarm into the hardware. The comparator sees equality only, so a moment that
 * has passed by the time it is written would never come: then the interrupt is set pending by hand
 * and the handler finds what is due.
 */
static void program(void)
{
	struct alarm *a = first();

	if (!alarms.intid)
		return;
	irq_set_wake(alarms.intid, a);
	if (!a) {
		pl031_disarm();
		return;
	}
	pl031_arm(a->when);
	if (ahead(pl031_seconds(), a->when) <= 0)
		gic->set_pending(alarms.intid, true);
}

static void insert(struct alarm *a)
{
	struct alarm *pos;
	uint32_t now = alarm_now();

	/* Distances from now, not the values: they keep their order over the wrap. */
	list_for_each(pos, &alarms.queue, link) {
		if (ahead(now, pos->when) > ahead(now, a->when))
			break;
	}
	list_insert_before(list_node(pos, link), &a->link);
	a->armed = true;
}

static void drop(struct alarm *a)
{
	list_remove(&a->link);
	a->armed = false;
}

/* The earliest alarm if it is due, taken off the queue. */
static struct alarm *take_due(void)
{
	struct alarm *a;

	spin_lock(&alarms.lock);
	a = first();
	if (a && ahead(alarm_now(), a->when) <= 0)
		drop(a);
	else
		a = NULL;
	spin_unlock(&alarms.lock);
	return a;
}

static void fired(uint32_t intid, void *ctx)
{
	struct alarm *a;

	(void)intid;
	(void)ctx;
	pl031_ack();
	/* Each sets itself again at the earliest for a second from now: this ends. */
	while ((a = take_due()))
		a->fn(a);
	spin_lock(&alarms.lock);
	program();
	spin_unlock(&alarms.lock);
}

int alarm_init(uint32_t intid)
{
	int error;

	if (!pl031_present())
		return 0;
	error = irq_request(intid, "rtc", fired, NULL);
	if (error)
		return error;
	alarms.intid = intid;
	irq_enable(intid);
	return 0;
}

void alarm_setup(struct alarm *a, struct domain *owner, alarm_fn *fn)
{
	list_init(&a->link);
	a->owner = owner;
	a->fn = fn;
	a->armed = false;
}

void alarm_set(struct alarm *a, uint32_t when)
{
	spin_lock(&alarms.lock);
	drop(a);
	a->when = when;
	insert(a);
	program();
	spin_unlock(&alarms.lock);
}

void alarm_cancel(struct alarm *a)
{
	spin_lock(&alarms.lock);
	if (a->armed) {
		drop(a);
		program();
	}
	spin_unlock(&alarms.lock);
}

void alarm_cancel_all(const struct domain *owner)
{
	struct alarm *a, *next;

	spin_lock(&alarms.lock);
	list_for_each_safe(a, next, &alarms.queue, link) {
		if (a->owner == owner)
			drop(a);
	}
	program();
	spin_unlock(&alarms.lock);
}

/* The earliest that may wake the machine. */
static struct alarm *first_to_wake(void)
{
	struct alarm *a;

	list_for_each(a, &alarms.queue, link) {
		if (domain_source_on(a->owner, WAKE_ALARM))
			return a;
	}
	return NULL;
}

struct domain *alarm_next_owner(void)
{
	struct domain *owner = NULL;
	const struct alarm *a;

	spin_lock(&alarms.lock);
	a = first_to_wake();
	if (a)
		owner = a->owner;
	spin_unlock(&alarms.lock);
	return owner;
}

/*
 * An alarm that is due but was missed by the comparator has its interrupt pending by hand, which a
 * reset would lose: aim at the next second instead, so that the RTC itself raises it. Tried a
 * second time should the second just turn.
 */
static void aim_ahead(void)
{
	for (unsigned int tries = 0; tries < 2; tries++) {
		uint32_t next = pl031_seconds() + 1;

		pl031_arm(next);
		if (ahead(pl031_seconds(), next) > 0 || pl031_raised())
			return;
	}
}

int alarm_suspend(void)
{
	struct alarm *a;

	if (!alarms.intid)
		return 0;
	spin_lock(&alarms.lock);
	a = first_to_wake();
	/* One that may not wake stays out of the hardware; alarm_resume() finds it due. */
	if (a != first()) {
		pl031_disarm();
		gic->set_pending(alarms.intid, false);
		irq_set_wake(alarms.intid, a);
		if (a)
			pl031_arm(a->when);
	}
	if (a && ahead(pl031_seconds(), a->when) <= 0 && !pl031_raised())
		aim_ahead();
	spin_unlock(&alarms.lock);
	return pl031_suspend();
}

int alarm_resume(void)
{
	int error;

	if (!alarms.intid)
		return 0;
	error = pl031_resume();
	spin_lock(&alarms.lock);
	program();
	spin_unlock(&alarms.lock);
	return error;
}
