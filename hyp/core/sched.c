/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/barrier.h"
#include "arch/counter.h"
#include "core/domain_reap.h"
#include "core/irq.h"
#include "core/sched_priv.h"
#include "core/smp.h"
#include "core/vcpu.h"
#include "dev/gic/gic.h"
#include "lib/err.h"
#include "lib/panic.h"
#include "mm/page.h"

#define SLICE_MS	 10
#define SHORT_SLICE_MS	 1   /* of who is boosted, and after somebody gave way */
#define WAKE_BONUS_MS	 2   /* how far behind the queue a sleeper may start: it runs at once, but can't hoard */
#define NUDGE_MS	 10

static void slice_over(struct timer *t)
{
	struct sched_cpu *s = container_of(t, struct sched_cpu, slice);

	spin_lock(&s->lock);
	s->slice_armed = false;
	spin_unlock(&s->lock);
	cpu_post(this_cpu(), CPU_WORK_RESCHED);
}

/* Its own interrupt is the event that the controller needs; so it only has to come again while a guest runs. */
static void nudge_again(struct timer *t)
{
	if (this_cpu()->sched->current)
		timer_set(t, counter_now() + counter_from_ms(NUDGE_MS));
}

static void keep_nudging(struct cpu *c)
{
	if (gic_limits.misses_guest_eoi && !c->sched->nudge.cpu)
		nudge_again(&c->sched->nudge);
}

int sched_init_cpu(struct cpu *c)
{
	struct sched_cpu *s = page_alloc(0);

	if (!s)
		return -ENOMEM;
	list_init(&s->queue);
	timer_init(&s->slice, slice_over);
	timer_init(&s->nudge, nudge_again);
	c->sched = s;
	return 0;
}

/* Weighted time of a running vCPU. */
static uint64_t vruntime_at(const struct vcpu *v, uint64_t now)
{
	uint64_t weight = __atomic_load_n(&v->domain->weight, __ATOMIC_RELAXED);
	uint64_t ran = max_u64(now, v->run_since) - v->run_since;

	return v->vruntime + ran * SCHED_USUAL_WEIGHT / weight;
}

static uint64_t vruntime_now(const struct vcpu *v)
{
	return vruntime_at(v, counter_now());
}

/* The least that anybody here has had; it never goes back. The queue's lock is held. */
static uint64_t clock_locked(const struct sched_cpu *s)
{
	uint64_t least = s->current ? vruntime_now(s->current) : ~0ULL;
	const struct list *pos = s->queue.next;

	for (bool more = true; more && pos != &s->queue; pos = pos->next) {
		const struct vcpu *v = list_entry(pos, const struct vcpu, run_link);

		least = min_u64(least, v->vruntime);
		more = v->boosted;
	}
	return least == ~0ULL ? s->min_vruntime : max_u64(s->min_vruntime, least);
}

uint64_t sched_clock(struct cpu *c)
{
	uint64_t clock;

	spin_lock(&c->sched->lock);
	clock = clock_locked(c->sched);
	spin_unlock(&c->sched->lock);
	return clock;
}

static bool before(const struct vcpu *v, const struct vcpu *other, uint64_t vruntime)
{
	return v->boosted == other->boosted ? v->vruntime < vruntime : v->boosted;
}

void sched_insert_locked(struct sched_cpu *s, struct vcpu *v)
{
	struct vcpu *pos;

	list_for_each(pos, &s->queue, run_link) {
		if (before(v, pos, pos->vruntime))
			break;
	}
	list_insert_before(list_node(pos, run_link), &v->run_link);
	v->queued = true;
	if (!s->waiting++)
		s->crowded_since = counter_now();
}

void sched_remove_locked(struct sched_cpu *s, struct vcpu *v)
{
	if (s->last == v)
		s->last = NULL;
	list_remove(&v->run_link);
	v->queued = false;
	s->waiting--;
}

/* Where v stands among those of a queue that it comes to. The queue's lock is held. */
static void rank_locked(const struct sched_cpu *s, struct vcpu *v, bool woken)
{
	uint64_t ahead = counter_from_ms(woken ? WAKE_BONUS_MS : SCHED_LAG_MS);
	uint64_t clock = clock_locked(s);

	if (v->vruntime + ahead < clock)
		v->vruntime = clock - ahead;
	/* Those that it competes with are apart by a slice, too. */
	v->boosted |= woken && v->vruntime <= clock + counter_from_ms(SLICE_MS);
}

static bool is_due_locked(const struct sched_cpu *s, const struct vcpu *v)
{
	return !s->current || before(v, s->current, vruntime_now(s->current));
}

bool sched_is_due_locked(struct vcpu *v)
{
	struct sched_cpu *s = v->cpu->sched;
	bool due;

	spin_lock(&s->lock);
	rank_locked(s, v, true);
	due = is_due_locked(s, v);
	spin_unlock(&s->lock);
	return due;
}

void sched_add_locked(struct vcpu *v, bool woken)
{
	struct sched_cpu *s = v->cpu->sched;
	bool due;

	spin_lock(&s->lock);
	rank_locked(s, v, woken);
	/* Somebody runs there: interrupt it if the newcomer is due, or to start its time slice. */
	due = is_due_locked(s, v);
	if (!s->current)
		s->last = NULL; /* pick() compares */
	s->preempt |= due;
	due |= !s->slice_armed;
	sched_insert_locked(s, v);
	spin_unlock(&s->lock);
	if (due)
		cpu_post(v->cpu, CPU_WORK_RESCHED);
}

void sched_enqueue_locked(struct vcpu *v)
{
	if (v->running || v->queued)
		return; /* running: put back by the loop when it leaves the guest */
	if (sched_cap_stops_locked(v))
		return;
	sched_place_locked(v);
	sched_add_locked(v, true);
}

void sched_dequeue_locked(struct vcpu *v)
{
	struct sched_cpu *s = v->cpu->sched;

	spin_lock(&s->lock);
	if (v->queued)
		sched_remove_locked(s, v);
	spin_unlock(&s->lock);
}

/* Who is next off the queue, with its lock held, still on it; NULL: nobody. The queue's lock is held. */
static struct vcpu *next_locked(struct sched_cpu *s)
{
	for (;;) {
		struct vcpu *v = s->last;

		if (list_empty(&s->queue))
			return NULL;
		if (!v)
			v = list_entry(s->queue.next, struct vcpu, run_link);
		/* It comes before the queue's: who has it may be waiting for us. */
		if (spin_trylock(&v->lock))
			return v;
		spin_unlock(&s->lock);
		cpu_relax();
		spin_lock(&s->lock);
	}
}

static void start_locked(struct sched_cpu *s, struct vcpu *v, uint64_t now)
{
	bool is_short = v->boosted || s->gave_way;

	if (v != s->last)
		s->slice_end = now + counter_from_ms(is_short ? SHORT_SLICE_MS : SLICE_MS);
	s->min_vruntime = clock_locked(s);
	sched_remove_locked(s, v);
	v->running = true;
	v->run_since = now;
	s->preempt = false;
	s->gave_way = false;
	s->current = v;
}

/* Takes the next vCPU off the queue; it is running from here on. NULL: idle. */
static struct vcpu *pick(struct cpu *c)
{
	struct sched_cpu *s = c->sched;
	struct vcpu *v;
	bool stopped = true;

	while (stopped) {
		spin_lock(&s->lock);
		v = next_locked(s);
		stopped = v && sched_cap_stops_locked(v);
		if (stopped)
			sched_remove_locked(s, v);
		else if (v)
			start_locked(s, v, counter_now());
		spin_unlock(&s->lock);
		if (v)
			spin_unlock(&v->lock);
	}
	return v;
}

/* v has left the guest, at `now`: nobody runs. It goes on with its slice if it wants and may. */
static void stop_locked(struct sched_cpu *s, struct vcpu *v, uint64_t now, bool goes_on)
{
	s->current = NULL;
	v->boosted = false;
	if (goes_on)
		sched_insert_locked(s, v);
	s->last = goes_on && !s->preempt && now < s->slice_end ? v : NULL;
	/* It may be far ahead of who has slept here. */
	if (!goes_on && list_empty(&s->queue))
		s->min_vruntime = max_u64(s->min_vruntime, v->vruntime);
}

/* v has left the guest: back on a queue if it can go on. */
static void put(struct cpu *c, struct vcpu *v)
{
	uint64_t now = counter_now();
	uint64_t ran = now - v->run_since;
	struct cpu *to = sched_next_cpu(v, c);
	struct sched_cpu *s = c->sched;
	bool goes_on;

	if (to != c)
		vcpu_unload(); /* while it still counts as running: nobody moves it meanwhile */
	sched_cap_charge(v->domain, ran);
	spin_lock(&v->lock);
	v->cpu_time += ran;
	v->vruntime = vruntime_at(v, now);
	v->running = false;
	goes_on = vcpu_runnable_locked(v);
	spin_lock(&s->lock);
	stop_locked(s, v, now, goes_on && to == c);
	spin_unlock(&s->lock);
	if (goes_on && to != c)
		sched_pass_on_locked(v, to);
	spin_unlock(&v->lock);
}

/*
 * The look at the queue and slice_armed change together: sched_enqueue_locked() leaves the running vCPU
 * alone if a slice is armed. Were it disarmed after that, for a queue that was empty before, the newcomer
 * would wait for as long as the other one computes.
 */
static void arm_slice(struct cpu *c, struct vcpu *v)
{
	uint64_t now = counter_now(), left = sched_cap_left(v->domain);
	uint64_t end = left > ~now ? ~0ULL : now + left;
	struct sched_cpu *s = c->sched;

	spin_lock(&s->lock);
	s->slice_armed = !list_empty(&s->queue);
	if (s->slice_armed)
		end = min_u64(end, s->slice_end);
	if (end != ~0ULL)
		timer_set(&s->slice, end);
	else
		timer_cancel(&s->slice);
	spin_unlock(&s->lock);
}

static void run(struct cpu *c, struct vcpu *v)
{
	if (sched_may_run(v, c)) {
		vcpu_load(v);
		sched_spread(c);
		arm_slice(c, v);
		keep_nudging(c);
		vcpu_enter_guest(v);
	}
	put(c, v);
}

/* v waits, or goes on: meanwhile nobody runs here, so this CPU is as good as idle to whoever looks for one. */
static void wait_begins(struct cpu *c, struct vcpu *v)
{
	uint64_t now = counter_now();
	uint64_t ran = now - v->run_since;

	sched_cap_charge(v->domain, ran);
	spin_lock(&v->lock);
	v->cpu_time += ran;
	v->vruntime = vruntime_at(v, now);
	v->waits = true;
	spin_lock(&c->sched->lock);
	c->sched->current = NULL;
	spin_unlock(&c->sched->lock);
	spin_unlock(&v->lock);
}

static void wait_ends(struct cpu *c, struct vcpu *v)
{
	spin_lock(&v->lock);
	v->waits = false;
	v->wakeups++;
	spin_lock(&c->sched->lock);
	v->run_since = counter_now();
	c->sched->current = v;
	spin_unlock(&c->sched->lock);
	spin_unlock(&v->lock);
	keep_nudging(c);
}

/*
 * An interrupt for v that another CPU raises comes with an IPI (vcpu_kick()), as does all that closes v's gate and all that is
 * asked of this CPU; so nothing is missed between the looks and the WFI, which a pending interrupt ends although it is masked
 * (Arm ARM D1.6.2).
 */
bool sched_wait_here(struct vcpu *v)
{
	struct cpu *c = this_cpu();
	struct sched_cpu *s = c->sched;

	if (s->waiting || load_once(c->work) || sched_others_crowded(c))
		return false;
	wait_begins(c, v);
	v->vgic_raised = false;
	while (load_once(v->gate) == VCPU_GATE_OPEN && !load_once(c->work) && !load_once(s->waiting) &&
	       !v->vgic_raised) {
		if (gic_limits.misses_guest_eoi)
			gic->nudge();
		dsb(sy); /* our stores are out before the CPU stops */
		wfi();
		(void)irq_take_one(); /* what else is pending ends the next WFI at once, or traps when the guest runs */
	}
	wait_ends(c, v);
	return v->vgic_raised || load_once(v->vgic_dirty);
}

bool sched_others_wait(struct vcpu *v)
{
	struct sched_cpu *s = v->cpu->sched;
	bool wait;

	spin_lock(&s->lock);
	wait = !list_empty(&s->queue);
	if (wait) {
		const struct vcpu *next = list_entry(s->queue.next, const struct vcpu, run_link);

		v->vruntime = max_u64(v->vruntime, next->vruntime);
		s->preempt = true;
		s->gave_way = true;
	}
	spin_unlock(&s->lock);
	return wait;
}

void sched_unload(void)
{
	vcpu_unload();
}

static void do_unload(struct cpu *c)
{
	(void)c;
	vcpu_unload();
}

static void do_nothing(struct cpu *c)
{
	(void)c;
}

static cpu_suspend_fn *suspend_fn;

void sched_set_suspend(cpu_suspend_fn *fn)
{
	suspend_fn = fn;
}

static void do_suspend(struct cpu *c)
{
	(void)c;
	if (suspend_fn)
		suspend_fn();
}

static cpu_dump_fn *dump_fn;

void sched_set_dump(cpu_dump_fn *fn)
{
	dump_fn = fn;
}

static void do_dump(struct cpu *c)
{
	(void)c;
	if (dump_fn)
		dump_fn();
}

static void (*const work_fn[])(struct cpu *c) = {
	[CPU_WORK_RESCHED] = do_nothing, /* being here is what it asks for */
	[CPU_WORK_UNLOAD] = do_unload,
	[CPU_WORK_OFFLINE] = smp_die,
	[CPU_WORK_SUSPEND] = do_suspend,
	[CPU_WORK_QUIESCE] = domain_quiesce,
	[CPU_WORK_REAP] = domain_reap,
	[CPU_WORK_DUMP] = do_dump,
};

static void do_work(struct cpu *c)
{
	/* Acquire: what the poster wrote before its release in cpu_post() is seen by the work. */
	uint32_t work = __atomic_exchange_n(&c->work, 0, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < ARRAY_SIZE(work_fn); i++) {
		if (work & BIT(i))
			work_fn[i](c);
	}
}

/*
 * WFI wakes on a pending interrupt although PSTATE masks it (Arm ARM D1.6.2), and one that came just before
 * stays pending; so nothing posted with an IPI is missed between the look and the WFI.
 */
static void idle(struct cpu *c)
{
	struct sched_cpu *s = c->sched;

	if (!__atomic_load_n(&c->work, __ATOMIC_RELAXED) && list_empty(&s->queue)) {
		if (gic_limits.misses_guest_eoi)
			gic->nudge();
		dsb(sy); /* our stores are out before the CPU stops */
		wfi();
	}
	irq_dispatch();
}

__noreturn void cpu_loop(void)
{
	struct cpu *c = this_cpu();

	for (;;) {
		struct vcpu *v;

		if (__atomic_load_n(&c->work, __ATOMIC_RELAXED))
			do_work(c);
		v = pick(c);
		if (!v && sched_steal(c))
			continue;
		if (v)
			run(c, v);
		else
			idle(c);
	}
}

static bool unloaded(struct cpu *c)
{
	return !__atomic_load_n(&c->loaded, __ATOMIC_ACQUIRE);
}

int sched_unload_all(void)
{
	uint64_t limit = counter_now() + counter_from_ms(CPU_ANSWER_MS);

	vcpu_unload();
	for_each_cpu(i) {
		if (cpus[i] == this_cpu() || !cpus[i]->online)
			continue;
		cpu_post(cpus[i], CPU_WORK_UNLOAD);
		while (!unloaded(cpus[i])) {
			if (counter_now() > limit)
				return -ETIMEDOUT;
			cpu_relax();
		}
	}
	return 0;
}
