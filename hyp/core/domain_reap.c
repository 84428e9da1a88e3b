/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a domain goes. The boot CPU does it in its main loop, in the order of enum phase, each a bounded piece of work; between
 * the pieces a timer lets others run.
 *
 * Nothing is freed that somebody may be looking at. A handler (of a trap, an interrupt, a timer) runs to its end, so
 * once every CPU has been in its main loop, nobody has a pointer left that was read from the table, or from a module,
 * before: a grace period. Three of them:
 *
 *   dying is set, the vCPUs are blocked
 *     grace: none of its vCPUs runs or is loaded, no handler of theirs is under way, no one finds it by domain_get()
 *   interrupts, alarms, timers and other domains' pointers to it go (stop)
 *     grace: no callback of these is under way
 *   the modules' things, its memory and stage 2 tables go; then it is taken out of the table
 *     grace: nobody has it from the table
 *   its structures go
 *
 * A CPU that is off has no handler under way and has unloaded (smp_die()).
 */
#include "core/domain_reap.h"

#include "arch/counter.h"
#include "core/alarm.h"
#include "core/irq.h"
#include "core/sched.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "core/watchdog.h"
#include "lib/err.h"
#include "lib/log.h"

#define PAUSE_US 200 /* between pieces of work */

enum phase {
	REAP_BLOCKED, /* waits for the first grace period */
	REAP_STOPPED, /* for the second */
	REAP_MEMORY,  /* in slices */
	REAP_TABLES,  /* and out of the table, unless somebody holds a reference */
	REAP_HELD,
	REAP_REMOVED, /* for the third */
};

static uint64_t requests;		   /* atomic: ids */
static struct domain *reaping[MAX_DOMAINS]; /* the boot CPU's alone */
static uint64_t grace;			   /* written by the boot CPU: the last period that has begun */

static void go_on(struct timer *t);
static struct timer timer = { .fn = go_on };

static void go_on(struct timer *t)
{
	(void)t;
	cpu_post(this_cpu(), CPU_WORK_REAP);
}

/* --- grace periods -------------------------------------------------------------------------- */

static void unload_dying(struct cpu *c)
{
	if (c->loaded && __atomic_load_n(&c->loaded->domain->dying, __ATOMIC_RELAXED))
		vcpu_unload();
}

void domain_quiesce(struct cpu *c)
{
	/* Acquire: whatever the boot CPU wrote before that period is seen by handlers to come. */
	uint64_t now = __atomic_load_n(&grace, __ATOMIC_ACQUIRE);

	unload_dying(c);
	/* Release: what handlers here have read and written is over when the boot CPU sees it. */
	__atomic_store_n(&c->quiesced, now, __ATOMIC_RELEASE);
	cpu_post(cpus[0], CPU_WORK_REAP);
}

/* Asks all, also those that come online later: who has not answered is asked again. */
static bool grace_over(uint64_t period)
{
	bool over = true;

	for_each_cpu(i) {
		struct cpu *c = cpus[i];

		if (c == this_cpu() || !__atomic_load_n(&c->online, __ATOMIC_ACQUIRE) ||
		    __atomic_load_n(&c->quiesced, __ATOMIC_ACQUIRE) >= period)
			continue;
		over = false;
		cpu_post(c, CPU_WORK_QUIESCE);
	}
	return over;
}

static void begin_grace(struct domain *d, enum phase next)
{
	/* Release: pairs with domain_quiesce(). */
	__atomic_store_n(&grace, grace + 1, __ATOMIC_RELEASE);
	d->reap.grace = grace;
	d->reap.phase = next;
}

/* --- the steps: each true if there is more to do at once -------------------------------------- */

static void wake_waiter(struct domain *d)
{
	struct vcpu *v;

	spin_lock(&d->lock);
	v = d->reap.waiter;
	d->reap.waiter = NULL;
	d->reap.freed = true;
	spin_unlock(&d->lock);
	if (v)
		vcpu_unblock(v, VCPU_BLOCK_DESTROY);
}

static void stop(struct domain *d)
{
	irq_release_all(d);
	alarm_cancel_all(d);
	watchdog_stop(d);
	sched_forget_domain(d);
	domain_stop_modules(d);
	begin_grace(d, REAP_STOPPED);
}

static void destroy_modules(struct domain *d)
{
	domain_destroy_modules(d);
	d->reap.phase = REAP_MEMORY;
}

static void reap_memory(struct domain *d)
{
	if (p2m_reap(d))
		d->reap.phase = REAP_TABLES;
}

static void take_out(struct domain *d)
{
	if (d->reap.phase == REAP_TABLES)
		p2m_destroy(d);
	d->reap.phase = REAP_HELD;
	/* Acquire: pairs with domain_put(). */
	if (__atomic_load_n(&d->refs, __ATOMIC_ACQUIRE)) {
		wake_waiter(d);
		return;
	}
	domain_unpublish(d);
	domain_state_changed(d);
	begin_grace(d, REAP_REMOVED);
}

/* Somebody may have found it in the table a moment before. True: it is gone. */
static bool finish(struct domain *d)
{
	struct vcpu *v;
	unsigned int again;

	if (__atomic_load_n(&d->refs, __ATOMIC_ACQUIRE))
		return false;
	v = d->reap.waiter;
	again = d->reap.again ? d->boot_number : 0;
	if (!again)
		log_info("%s: destroyed", d->name);
	domain_free(d);
	if (v)
		vcpu_unblock(v, VCPU_BLOCK_DESTROY);
	if (again)
		domain_rebuild(again);
	return true;
}

/* Nothing to do until domain_put() says so. */
static bool is_held(const struct domain *d)
{
	return d->reap.phase >= REAP_HELD && __atomic_load_n(&d->refs, __ATOMIC_RELAXED);
}

/* True: it has come to its end. */
static bool step(struct domain *d)
{
	if (!grace_over(d->reap.grace))
		return false;
	switch ((enum phase)d->reap.phase) {
	case REAP_BLOCKED:
		stop(d);
		break;
	case REAP_STOPPED:
		destroy_modules(d);
		break;
	case REAP_MEMORY:
		reap_memory(d);
		break;
	case REAP_TABLES:
	case REAP_HELD:
		take_out(d);
		break;
	case REAP_REMOVED:
		return finish(d);
	}
	return false;
}

/* Its number may have been given to another one already, which waits until the slot is free. */
static void take_requests(void)
{
	uint64_t ids = __atomic_load_n(&requests, __ATOMIC_ACQUIRE);

	for (; ids; ids &= ids - 1) {
		unsigned int id = (unsigned int)__builtin_ctzll(ids);

		if (reaping[id])
			continue;
		__atomic_fetch_and(&requests, ~BIT(id), __ATOMIC_RELAXED);
		reaping[id] = domains[id];
		begin_grace(reaping[id], REAP_BLOCKED);
	}
}

void domain_reap(struct cpu *c)
{
	bool more = false;

	unload_dying(c);
	take_requests();
	for (unsigned int id = 0; id < MAX_DOMAINS; id++) {
		if (!reaping[id])
			continue;
		if (step(reaping[id]))
			reaping[id] = NULL;
		else
			more |= !is_held(reaping[id]);
	}
	more |= domain_rebuild_some();
	if (more || __atomic_load_n(&requests, __ATOMIC_RELAXED))
		timer_set(&timer, counter_now() + counter_from_ns(PAUSE_US * 1000));
}

/* --- asking for it -------------------------------------------------------------------------- */

int domain_destroy(struct domain *d)
{
	bool was;

	if (d->privileged)
		return -EINVAL;
	spin_lock(&d->lock);
	was = d->dying;
	__atomic_store_n(&d->dying, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < d->nr_vcpus && !was; i++)
		vcpu_block(d->vcpus[i], VCPU_BLOCK_DYING);
	spin_unlock(&d->lock);
	if (was)
		return -EBUSY;
	__atomic_fetch_or(&requests, BIT(d->id), __ATOMIC_RELEASE);
	cpu_post(cpus[0], CPU_WORK_REAP);
	return 0;
}

bool domain_destroy_wait(struct domain *d, struct vcpu *v)
{
	bool wait;

	spin_lock(&d->lock);
	wait = d->dying && !d->reap.freed && !d->reap.waiter;
	if (wait) {
		d->reap.waiter = v;
		vcpu_block(v, VCPU_BLOCK_DESTROY);
	}
	spin_unlock(&d->lock);
	return wait;
}
