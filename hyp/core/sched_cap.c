/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights, caps, and what is told of vCPUs.
 *
 * A capped domain has a budget for each period. What its vCPUs run is charged when they leave the CPU;
 * their time slice ends when the budget does. Several that run at once may use more than is left: that
 * is owed, and the next periods pay for it. A vCPU of a domain that has nothing left is blocked
 * (VCPU_BLOCK_CAP) when it would get a CPU or wait for one, and the domain's timer lets all of them go on.
 *
 * No unblocking is lost: that the budget is used up is seen, and the bit set, in one hold of vcpu.lock; the
 * timer renews the budget first and takes each vcpu.lock then.
 */
#include "arch/counter.h"
#include "core/sched_priv.h"
#include "lib/err.h"

#define PERIOD_MS 30 /* Xen's */
#define CRUMB_US  20 /* less than this isn't worth a switch */

static uint64_t budget_locked(const struct domain_cap *cap)
{
	return counter_from_ms(PERIOD_MS) * cap->percent / 100;
}

static void renew_locked(struct domain_cap *cap)
{
	uint64_t period = counter_from_ms(PERIOD_MS);
	uint64_t periods = (counter_now() - cap->since) / period;
	uint64_t paid = periods * budget_locked(cap);

	cap->since += periods * period;
	cap->used = cap->used > paid ? cap->used - paid : 0;
}

static uint64_t left_locked(struct domain_cap *cap)
{
	uint64_t budget;

	if (!cap->percent)
		return ~0ULL;
	renew_locked(cap);
	budget = budget_locked(cap);
	return cap->used < budget ? budget - cap->used : 0;
}

static bool is_up_locked(struct domain_cap *cap)
{
	return left_locked(cap) < counter_from_ns(CRUMB_US * 1000);
}

static bool capped(const struct domain *d)
{
	return __atomic_load_n(&d->cap.percent, __ATOMIC_RELAXED);
}

uint64_t sched_cap_left(struct domain *d)
{
	uint64_t left;

	if (!capped(d))
		return ~0ULL;
	spin_lock(&d->cap.lock);
	left = left_locked(&d->cap);
	spin_unlock(&d->cap.lock);
	return left;
}

void sched_cap_charge(struct domain *d, uint64_t ticks)
{
	if (!capped(d))
		return;
	spin_lock(&d->cap.lock);
	d->cap.used += min_u64(ticks, counter_now() - d->cap.set);
	spin_unlock(&d->cap.lock);
}

static void arm_locked(struct domain_cap *cap)
{
	timer_set(&cap->timer, cap->since + counter_from_ms(PERIOD_MS));
}

bool sched_cap_stops_locked(struct vcpu *v)
{
	struct domain_cap *cap = &v->domain->cap;
	bool stops;

	if (!capped(v->domain))
		return false;
	spin_lock(&cap->lock);
	stops = is_up_locked(cap);
	if (stops && !cap->timer.cpu)
		arm_locked(cap);
	spin_unlock(&cap->lock);
	if (stops)
		v->blocked |= BIT(VCPU_BLOCK_CAP);
	return stops;
}

static void go_on(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		vcpu_unblock(d->vcpus[i], VCPU_BLOCK_CAP);
}

static void period_over(struct timer *t)
{
	struct domain *d = container_of(t, struct domain, cap.timer);
	bool up;

	spin_lock(&d->cap.lock);
	up = is_up_locked(&d->cap);
	if (up)
		arm_locked(&d->cap);
	spin_unlock(&d->cap.lock);
	if (!up)
		go_on(d);
}

/* Those that run have a time slice by the old parameters. */
static void interrupt(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *v = d->vcpus[i];

		spin_lock(&v->lock);
		if (v->running)
			cpu_post(v->cpu, CPU_WORK_RESCHED);
		spin_unlock(&v->lock);
	}
}

int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap_percent)
{
	struct domain_cap *cap = &d->cap;

	if (!weight || weight > SCHED_MAX_WEIGHT || cap_percent > 100 * d->nr_vcpus)
		return -EINVAL;
	__atomic_store_n(&d->weight, weight, __ATOMIC_RELAXED);
	spin_lock(&cap->lock);
	if (cap_percent != cap->percent) {
		if (!cap->timer.fn)
			timer_init(&cap->timer, period_over);
		__atomic_store_n(&cap->percent, cap_percent, __ATOMIC_RELAXED);
		cap->used = 0;
		cap->set = counter_now();
		cap->since = cap->set;
	}
	spin_unlock(&cap->lock);
	go_on(d);
	interrupt(d);
	return 0;
}

void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap_percent)
{
	*weight = __atomic_load_n(&d->weight, __ATOMIC_RELAXED);
	*cap_percent = __atomic_load_n(&d->cap.percent, __ATOMIC_RELAXED);
}

void sched_forget_domain(struct domain *d)
{
	spin_lock(&d->cap.lock);
	__atomic_store_n(&d->cap.percent, 0, __ATOMIC_RELAXED);
	timer_cancel(&d->cap.timer);
	spin_unlock(&d->cap.lock);
}

void sched_vcpu_info(struct vcpu *v, struct sched_info *out)
{
	uint64_t ticks;

	spin_lock(&v->lock);
	ticks = v->cpu_time + (v->running && !v->waits ? counter_now() - v->run_since : 0);
	*out = (struct sched_info) {
		.cpu = v->cpu->arch.id,
		.online = v->power != VCPU_OFF,
		.running = v->running && !v->waits,
		.blocked = v->waits || (v->blocked & BIT(VCPU_BLOCK_WFI)),
		.cpu_time_ns = counter_to_ns(ticks),
	};
	spin_unlock(&v->lock);
}
