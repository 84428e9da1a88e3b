/* SPDX-License-Identifier: Apache-2.0 */
/* platform_op: Dom0 says what time it is (public/platform.h), and every domain's shared_info tells it. */
#include "arch/barrier.h"
#include "arch/counter.h"
#include "core/alarm.h"
#include "lib/err.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"

#define NS 1000000000ULL

static struct {
	struct spinlock lock;
	bool told;	 /* lock; by Dom0. Before, the RTC's seconds have to do */
	uint64_t at_zero; /* lock; UTC in ns when the counter was 0 */
} wall;

/* The version is odd while the rest changes, as Linux reads it. */
static void put_wallclock(struct domain *d, uint64_t sec, uint32_t nsec)
{
	struct xen_domain *x = d->xen;
	struct shared_info *s = x->shared_info;

	spin_lock(&x->lock);
	s->wc_version++;
	dmb(ishst); /* with the reader's between the version and the time */
	s->wc_sec = (uint32_t)sec;
	s->wc_sec_hi = (uint32_t)(sec >> 32);
	s->wc_nsec = nsec;
	dmb(ishst); /* with the reader's between the time and the version */
	s->wc_version++;
	spin_unlock(&x->lock);
}

void xen_wallclock_update(struct domain *d)
{
	uint64_t by_rtc = alarm_now() * NS - counter_to_ns(counter_now());
	uint64_t at_zero;

	spin_lock(&wall.lock);
	if (!wall.told)
		wall.at_zero = by_rtc;
	at_zero = wall.at_zero;
	spin_unlock(&wall.lock);
	at_zero += counter_to_ns(d->xen->clock_start);
	put_wallclock(d, at_zero / NS, (uint32_t)(at_zero % NS));
}

void xen_wallclock_start(struct domain *d)
{
	uint64_t none = 0;

	(void)__atomic_compare_exchange_n(&d->xen->clock_start, &none, counter_now(), false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	xen_wallclock_update(d);
}

static int settime(const struct xenpf_settime64 *t)
{
	uint64_t now = counter_to_ns(counter_now());

	if (t->mbz || t->nsecs >= NS || t->secs > UINT64_MAX / NS - 1)
		return -EINVAL;
	spin_lock(&wall.lock);
	/*
	 * system_time is Dom0's own clock, which doesn't count what it slept: what it says is the time now, to within a
	 * tick of its.
	 */
	wall.told = true;
	wall.at_zero = t->secs * NS + t->nsecs - now;
	spin_unlock(&wall.lock);
	for (uint16_t id = 0; id < MAX_DOMAINS; id++) {
		struct domain *d = domain_get(id);

		if (!d)
			continue;
		if (d->xen->clock_start)
			xen_wallclock_update(d);
		domain_put(d);
	}
	return 0;
}

int64_t hypercall_platform_op(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	struct {
		uint32_t cmd;
		uint32_t interface_version;
		struct xenpf_settime64 settime64;
	} op;

	XEN_ASSERT_AT(struct xen_platform_op, u, offsetof(__typeof__(op), settime64));
	if (guest_copy_from(v, &op, a[0], sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	return op.cmd == XENPF_settime64 ? settime(&op.settime64) : -ENOSYS;
}
