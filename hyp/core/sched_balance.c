/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPU a vCPU belongs to.
 *
 * A vCPU is moved by whoever holds its lock while it neither runs nor is loaded, that is: nothing of it is
 * in any CPU's registers. The CPU that unloads it says so with release (vcpu_unload()), the one that moves
 * it looks with acquire (is_loaded()), and the new CPU gets it through its queue's lock. Only its own CPU
 * can load it, and only after it took it off its queue under both locks (pick()), so it can't become
 * loaded under the mover's hands. One that is loaded stays where it is until its CPU runs another one or
 * finds that it must not run it (run(), put()).
 *
 * To move it from one queue to another takes v->lock and the queues' locks one after the other, never both.
 * Who finds it on a queue has the wrong one of them first, and only tries for v->lock.
 *
 * vruntime is the same clock on all CPUs as far as possible, so that shares are fair over all of them: one
 * that had less than others elsewhere is ahead of them where it comes to, but by no more than SCHED_LAG_MS.
 */
#include "arch/counter.h"
#include "core/sched_priv.h"
#include "lib/err.h"

#define BALANCE_MS 20
#define SHORT_MS   1 /* not worth a move */

static uint64_t online_cpus(void)
{
	uint64_t mask = 0;

	for_each_cpu(i)
		mask |= __atomic_load_n(&cpus[i]->online, __ATOMIC_RELAXED) ? BIT(i) : 0;
	return mask;
}

bool sched_may_run(const struct vcpu *v, const struct cpu *c)
{
	uint64_t mask = __atomic_load_n(&v->affinity, __ATOMIC_RELAXED);

	if (!__atomic_load_n(&c->online, __ATOMIC_RELAXED))
		return false;
	return mask & BIT(c->arch.id) || !(mask & online_cpus());
}

static bool is_loaded(const struct vcpu *v)
{
	return __atomic_load_n(&v->loaded, __ATOMIC_ACQUIRE); /* pairs with vcpu_unload() */
}

static unsigned int weight_of(const struct vcpu *v)
{
	return __atomic_load_n(&v->domain->weight, __ATOMIC_RELAXED);
}

/* v->lock is held; v neither runs nor waits nor is loaded. What it had too much elsewhere is forgotten but for a slice. */
static void move_locked(struct vcpu *v, struct cpu *to)
{
	uint64_t debt = counter_from_ms(SCHED_LAG_MS) * max_u64(1, SCHED_USUAL_WEIGHT / weight_of(v));

	if (v->cpu == to)
		return;
	v->vruntime = min_u64(v->vruntime, sched_clock(to) + debt);
	__atomic_store_n(&v->cpu, to, __ATOMIC_RELAXED);
}

/* The CPU with the fewest vCPUs of those that v may run on; its own rather than another like it. */
static struct cpu *shortest_queue(const struct vcpu *v)
{
	unsigned int least = ~0U;
	struct cpu *best = cpus[0];

	for_each_cpu(i) {
		unsigned int n = 2 * cpus[i]->sched->waiting;

		n += 2 * !sched_is_idle(cpus[i]) + (cpus[i] != v->cpu);
		if (n < least && sched_may_run(v, cpus[i])) {
			least = n;
			best = cpus[i];
		}
	}
	return best;
}

/*
 * Where it was last it has what it needs in the cache, and the one that it comes before may be short of nothing: what
 * wakes is often done in no time. Whoever has to wait after all is given away (sched_spread()).
 */
void sched_place_locked(struct vcpu *v)
{
	struct cpu *to;

	if (is_loaded(v))
		return;
	if (sched_may_run(v, v->cpu)) {
		if (sched_is_idle(v->cpu) || sched_is_due_locked(v))
			return;
		to = shortest_queue(v);
		if (!sched_is_idle(to))
			return;
	} else {
		to = shortest_queue(v);
	}
	move_locked(v, to);
}

struct cpu *sched_next_cpu(struct vcpu *v, struct cpu *c)
{
	const struct sched_cpu *s = c->sched;
	bool may_stay = sched_may_run(v, c);
	struct cpu *to;

	if (may_stay && (!s->waiting || counter_now() < s->slice_end))
		return c;
	to = shortest_queue(v);
	return may_stay && !sched_is_idle(to) ? c : to;
}

void sched_pass_on_locked(struct vcpu *v, struct cpu *to)
{
	if (sched_cap_stops_locked(v))
		return;
	move_locked(v, to);
	sched_add_locked(v, false);
}

static uint64_t load_locked(struct sched_cpu *s)
{
	uint64_t load = s->current ? weight_of(s->current) : 0;
	struct vcpu *v;

	list_for_each(v, &s->queue, run_link)
		load += weight_of(v);
	return load;
}

static uint64_t load_of(const struct cpu *c)
{
	uint64_t load;

	spin_lock(&c->sched->lock);
	load = load_locked(c->sched);
	spin_unlock(&c->sched->lock);
	return load;
}

/*
 * Of those that wait for `from`, may run on `to`, which has that load, and are not all that `from` has: the one that evens
 * out the two best; one that changes places with the difference is fine, so that three on two CPUs take turns.
 * Off the queue and with its lock held; NULL: none.
 */
static struct vcpu *take_from(struct cpu *from, const struct cpu *to, uint64_t load)
{
	struct sched_cpu *s = from->sched;
	struct vcpu *best = NULL, *v;
	uint64_t least = ~0ULL, own;

	spin_lock(&s->lock);
	own = load_locked(s);
	list_for_each(v, &s->queue, run_link) {
		uint64_t here = own - weight_of(v), there = load + weight_of(v);
		uint64_t rest = max_u64(here, there) - min_u64(here, there);

		if (!here || there > own || rest >= least || is_loaded(v) || !sched_may_run(v, to))
			continue;
		best = v;
		least = rest;
	}
	if (best && spin_trylock(&best->lock))
		sched_remove_locked(s, best);
	else
		best = NULL; /* somebody is busy with it: next time */
	spin_unlock(&s->lock);
	return best;
}

static bool give(struct cpu *from, struct cpu *to, uint64_t load)
{
	struct vcpu *v = take_from(from, to, load);

	if (!v)
		return false;
	move_locked(v, to);
	sched_add_locked(v, false);
	spin_unlock(&v->lock);
	return true;
}

bool sched_steal(struct cpu *c)
{
	for (unsigned int i = 1; i < nr_cpus; i++) {
		struct cpu *from = cpus[(c->arch.id + i) % nr_cpus];

		if (__atomic_load_n(&from->sched->waiting, __ATOMIC_RELAXED) && give(from, c, 0))
			return true;
	}
	return false;
}

bool sched_others_crowded(const struct cpu *c)
{
	for_each_cpu(i) {
		if (cpus[i] != c && load_once(cpus[i]->sched->waiting))
			return true;
	}
	return false;
}

/* The other looks again after a while, too, lest it give back at once what it gets. */
static bool put_off(struct cpu *c)
{
	struct sched_cpu *s = c->sched;
	uint64_t now = counter_now();
	bool due;

	spin_lock(&s->lock);
	due = now >= s->balance_at;
	if (due)
		s->balance_at = now + counter_from_ms(BALANCE_MS);
	spin_unlock(&s->lock);
	return due;
}

void sched_spread(struct cpu *c)
{
	const struct sched_cpu *s = c->sched;
	bool due, crowded;

	if (!s->waiting || nr_cpus == 1)
		return;
	due = put_off(c);
	crowded = counter_now() - s->crowded_since >= counter_from_ms(SHORT_MS);
	for (unsigned int i = 1; i < nr_cpus && s->waiting; i++) {
		struct cpu *to = cpus[(c->arch.id + i) % nr_cpus];

		if (!to->online || !(due || (crowded && sched_is_idle(to))))
			continue;
		if (give(c, to, load_of(to)))
			(void)put_off(to);
	}
}

int sched_set_affinity(struct vcpu *v, uint64_t cpu_mask)
{
	if (!(cpu_mask & online_cpus()))
		return -EINVAL;
	spin_lock(&v->lock);
	__atomic_store_n(&v->affinity, cpu_mask, __ATOMIC_RELAXED);
	if (!sched_may_run(v, v->cpu)) {
		if (v->running) {
			cpu_post(v->cpu, CPU_WORK_RESCHED); /* put() lets go of it */
		} else if (v->queued && !is_loaded(v)) {
			sched_dequeue_locked(v);
			sched_enqueue_locked(v);
		}
		/* Else: when it wakes, or when its CPU takes it off its queue. */
	}
	spin_unlock(&v->lock);
	return 0;
}

uint64_t sched_affinity(struct vcpu *v)
{
	return __atomic_load_n(&v->affinity, __ATOMIC_RELAXED);
}

void sched_pin_domain(struct domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++)
		(void)sched_set_affinity(d->vcpus[i], BIT(i % nr_cpus));
}

static void evacuate_vcpu(struct vcpu *v, const struct cpu *from, struct cpu *to)
{
	spin_lock(&v->lock);
	if (v->cpu == from) {
		bool queued = v->queued;

		sched_dequeue_locked(v);
		move_locked(v, to);
		if (queued)
			sched_add_locked(v, false);
	}
	spin_unlock(&v->lock);
}

void sched_evacuate(struct cpu *from, struct cpu *to)
{
	timer_cancel(&from->sched->slice);
	timer_cancel(&from->sched->nudge);
	timer_adopt(from);
	for (unsigned int d = 0; d < MAX_DOMAINS; d++) {
		const struct domain *dom = domain_by_id((uint16_t)d);

		for (unsigned int i = 0; dom && i < dom->nr_vcpus; i++)
			evacuate_vcpu(dom->vcpus[i], from, to);
	}
}
