/* SPDX-License-Identifier: Apache-2.0 */
#include "core/watchdog.h"

#include "arch/counter.h"
#include "core/timer.h"
#include "lib/err.h"

static void ran_out(struct timer *t);

/* One that has been armed stays on the list until it is down: there are few. */
static struct {
	struct spinlock lock;
	struct list domains; /* lock */
	struct timer timer;  /* lock */
} dogs = {
	.lock = SPINLOCK_INIT,
	.domains = { &dogs.domains, &dogs.domains },
	.timer = { .fn = ran_out },
};

/* At the time when the next one runs out. dogs.lock is held. */
static void program(void)
{
	uint64_t next = ~(uint64_t)0;
	struct domain *d;

	list_for_each(d, &dogs.domains, watchdog_link) {
		for (unsigned int i = 0; i < DOMAIN_WATCHDOGS && !d->watchdog_holds; i++)
			if (d->watchdogs[i].armed)
				next = min_u64(next, d->watchdogs[i].due);
	}
	if (next == ~(uint64_t)0) {
		timer_cancel(&dogs.timer);
		return;
	}
	timer_set(&dogs.timer, next);
}

/* A domain that let one run out, whose are off then; its number, or -1. */
static int take_due(void)
{
	uint64_t now = counter_now();
	struct domain *d;
	int id = -1;

	spin_lock(&dogs.lock);
	list_for_each(d, &dogs.domains, watchdog_link) {
		for (unsigned int i = 0; i < DOMAIN_WATCHDOGS && !d->watchdog_holds; i++)
			if (d->watchdogs[i].armed && d->watchdogs[i].due <= now) {
				d->watchdogs[i].armed = false;
				id = d->id;
			}
		if (id >= 0)
			break;
	}
	if (id < 0)
		program();
	spin_unlock(&dogs.lock);
	return id;
}

static void ran_out(struct timer *t)
{
	int id;

	(void)t;
	while ((id = take_due()) >= 0) {
		struct domain *d = domain_by_id((uint16_t)id);

		if (d)
			domain_shutdown(d, DOMAIN_WATCHDOG);
	}
}

static void arm(struct domain *d, struct domain_watchdog *w, uint32_t seconds)
{
	uint64_t ticks = (uint64_t)seconds * counter_hz();

	if (!d->watchdog_link.next || list_empty(&d->watchdog_link)) {
		list_init(&d->watchdog_link);
		list_insert_before(&dogs.domains, &d->watchdog_link);
	}
	w->armed = seconds;
	w->due = d->watchdog_holds ? ticks : counter_now() + ticks;
	program();
}

/* dogs.lock is held. */
static int find_free(const struct domain *d)
{
	for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++)
		if (!d->watchdogs[i].armed)
			return (int)i;
	return -ENOSPC;
}

int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds)
{
	int result = -EINVAL;

	if (id > DOMAIN_WATCHDOGS)
		return -EINVAL;
	spin_lock(&dogs.lock);
	if (id) {
		if (d->watchdogs[id - 1].armed) {
			arm(d, &d->watchdogs[id - 1], seconds);
			result = 0;
		}
	} else if (seconds) {
		result = find_free(d);
		if (result >= 0)
			arm(d, &d->watchdogs[result++], seconds);
	}
	spin_unlock(&dogs.lock);
	return result;
}

void watchdog_hold(struct domain *d)
{
	uint64_t now;

	spin_lock(&dogs.lock);
	now = counter_now();
	if (!d->watchdog_holds++) {
		for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++) {
			struct domain_watchdog *w = &d->watchdogs[i];

			/* One that is due just now still is, as soon as it may. */
			w->due = w->due > now ? w->due - now : 0;
		}
		program();
	}
	spin_unlock(&dogs.lock);
}

void watchdog_release(struct domain *d)
{
	uint64_t now;

	spin_lock(&dogs.lock);
	now = counter_now();
	if (!--d->watchdog_holds) {
		for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++)
			d->watchdogs[i].due += now;
		program();
	}
	spin_unlock(&dogs.lock);
}

void watchdog_stop(struct domain *d)
{
	spin_lock(&dogs.lock);
	for (unsigned int i = 0; i < DOMAIN_WATCHDOGS; i++)
		d->watchdogs[i].armed = false;
	if (d->watchdog_link.next)
		list_remove(&d->watchdog_link);
	program();
	spin_unlock(&dogs.lock);
}
